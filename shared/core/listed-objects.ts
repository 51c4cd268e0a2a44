import { createHash } from 'node:crypto';
import { isObject, type JsonObject } from './json.ts';
import type { ListingFacts, ObjectKind } from './objects.ts';

/** The kinds that OpenAI lists for a whole account, and Farebox for a project. */
export const LISTED_KINDS = ['batch', 'chat_completion', 'container', 'file', 'vector_store'] as const;
export type ListedKind = (typeof LISTED_KINDS)[number];

export function isListed(kind: ObjectKind): kind is ListedKind {
  return (LISTED_KINDS as readonly string[]).includes(kind);
}

const TAG_BYTES = 12;
const SECOND_DIGITS = 12;
const MILLISECOND_DIGITS = 16;

/**
 * A name and a value that objects can be found by, as a short text: what callers write into metadata is not kept.
 *
 * @param name as a list's query has it, such as `purpose` or `metadata[topic]`
 */
export function tagOf(name: string, value: string): string {
  const hash = createHash('sha256').update(JSON.stringify([name, value]));
  return hash.digest().subarray(0, TAG_BYTES).toString('base64url');
}

/** Reads the facts of an object, as OpenAI shows it. */
export function listingFacts(kind: ObjectKind, object: JsonObject): ListingFacts {
  if (!isListed(kind)) return {};
  const createdAt = createdAtOf(object);
  const tags = tagsOf(kind, object);
  return { ...(createdAt === undefined ? {} : { createdAt }), ...(tags.length === 0 ? {} : { tags }) };
}

/** When OpenAI made an object, in seconds since the epoch. */
export function createdAtOf({ created_at, created }: JsonObject): number | undefined {
  return [created_at, created].find((at): at is number => Number.isSafeInteger(at) && Number(at) >= 0);
}

function tagsOf(kind: ListedKind, object: JsonObject): readonly string[] {
  const found = FILTERS[kind].flatMap((name) => {
    const value = object[name];
    return typeof value === 'string' ? [tagOf(name, value)] : [];
  });
  return kind === 'chat_completion' ? [...found, ...metadataTags(object)] : found;
}

/** The tags of what a caller noted on an object. */
export function metadataTags({ metadata }: JsonObject): readonly string[] {
  if (!isObject(metadata)) return [];
  return Object.entries(metadata).flatMap(([name, value]) =>
    typeof value === 'string' ? [tagOf(`metadata[${name}]`, value)] : [],
  );
}

/** The members of an object that OpenAI's lists can be filtered by (its API reference); metadata comes on top. */
export const FILTERS: Readonly<Record<ListedKind, readonly string[]>> = {
  batch: [],
  chat_completion: ['model'],
  container: ['name'],
  file: ['purpose'],
  vector_store: [],
};

/**
 * Where an object stands among others of its kind: a text that sorts as they were made.
 *
 * @param now milliseconds since the epoch: tells those of one second apart, and stands in where that is not known
 */
export function placeOf(id: string, createdAt: number | undefined, now: number): string {
  const second = String(createdAt ?? Math.floor(now / 1_000)).padStart(SECOND_DIGITS, '0');
  return `${second}#${String(now).padStart(MILLISECOND_DIGITS, '0')}#${id}`;
}

/** When an object was made, by where it stands; in seconds since the epoch. */
export function secondOf(place: string): number {
  return Number(place.slice(0, SECOND_DIGITS));
}
