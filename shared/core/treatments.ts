import { invalidRequest, type Refusal } from './refusal.ts';
import type { Content, ObjectUse, Row, Treatment } from './treatments/row.ts';
import { TREATMENTS } from './treatments/table.ts';

/** What OpenAI's SDKs and servers take a path segment for; anything else could mean one path here and another there. */
const PLAIN_PATH = /^(\/[A-Za-z0-9._:~@-]+)+$/;

/** How much of a path an error repeats, in characters. */
const MOST_SHOWN = 200;

export interface Route {
  /** The path below `/v1`, as it is sent upstream. */
  readonly path: string;
  readonly treatment: Exclude<Treatment, { kind: 'refused' }>;
  readonly objects: ObjectUse;
  readonly takes: readonly Content[];
  /** The id in its path of what OpenAI keeps. */
  readonly objectId?: string;
}

interface Pattern {
  readonly row: Row;
  /** Of the row's path; `undefined` stands for any. */
  readonly segments: readonly (string | undefined)[];
}

/** Rows by how many segments their paths have, those with fewer in braces first: `/videos/characters` is no video. */
const PATTERNS = Map.groupBy(
  TREATMENTS.map(patternOf).toSorted((a, b) => parameters(a) - parameters(b)),
  ({ segments }) => segments.length,
);

/**
 * Finds the treatment of a request.
 *
 * @param method upper-case
 * @param pathname as it came, with or without `/v1`
 * @returns a 404 refusal that says why, for all that has no treatment: nothing passes unmetered
 */
export function route(method: string, pathname: string): Route | Refusal {
  const path = pathname.replace(/^\/v1(?=\/)/, '');
  if (!PLAIN_PATH.test(path) || /\/\.\.?(\/|$)/.test(path)) {
    return refused(method, pathname, 'this is no path of the OpenAI API');
  }
  const segments = path.split('/');
  const found = (PATTERNS.get(segments.length) ?? []).filter((pattern) => matches(pattern, segments));
  const pattern = found.find(({ row }) => row.method === method);
  if (pattern === undefined) return refused(method, pathname, otherwise(found.map(({ row }) => row)));
  const { treatment, objects, takes } = pattern.row;
  if (treatment.kind === 'refused') return refused(method, pathname, treatment.reason);
  const objectId = segments[pattern.segments.indexOf(undefined)];
  return { path, treatment, objects, takes, ...(objectId === undefined ? {} : { objectId }) };
}

function patternOf(row: Row): Pattern {
  return { row, segments: row.path.split('/').map((part) => (part.startsWith('{') ? undefined : part)) };
}

function parameters({ segments }: Pattern): number {
  return segments.filter((segment) => segment === undefined).length;
}

function matches({ segments }: Pattern, asked: readonly string[]): boolean {
  return segments.every((segment, i) => segment === undefined || segment === asked[i]);
}

/** What to say of a method that no row of a path has. */
function otherwise(rows: readonly Row[]): string {
  const served = rows.filter(({ treatment }) => treatment.kind !== 'refused').map(({ method }) => method);
  if (served.length > 0) return `use ${served.join(' or ')}`;
  const [first] = rows;
  return first?.treatment.kind === 'refused' ? first.treatment.reason : 'Farebox does not know it';
}

function refused(method: string, pathname: string, reason: string): Refusal {
  const shown = pathname.length > MOST_SHOWN ? `${pathname.slice(0, MOST_SHOWN)}…` : pathname;
  return invalidRequest('path_refused', `${method} ${shown} is not served by this proxy: ${reason}.`, {
    status: 404,
  });
}
