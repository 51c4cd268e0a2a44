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

/** Rows by how many segments their paths have, those with fewer in braces first: `/videos/characters` is no video. */
const ROWS = Map.groupBy(
  TREATMENTS.toSorted((a, b) => parameters(a) - parameters(b)),
  ({ path }) => path.split('/').length,
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
  const rows = (ROWS.get(segments.length) ?? []).filter((row) => matches(row, segments));
  const row = rows.find((each) => each.method === method);
  if (row === undefined) {
    const served = rows.filter(({ treatment }) => treatment.kind !== 'refused').map((each) => each.method);
    const known = served.length > 0 ? `use ${served.join(' or ')}` : refusalOf(rows[0]);
    return refused(method, pathname, known ?? 'Tollgate does not know it');
  }
  const { treatment, objects, takes } = row;
  if (treatment.kind === 'refused') return refused(method, pathname, treatment.reason);
  const objectId = segments[row.path.split('/').findIndex(isParameter)];
  return { path, treatment, objects, takes, ...(objectId === undefined ? {} : { objectId }) };
}

function parameters({ path }: Row): number {
  return path.split('/').filter(isParameter).length;
}

function matches({ path }: Row, segments: readonly string[]): boolean {
  return path.split('/').every((part, i) => isParameter(part) || part === segments[i]);
}

function isParameter(part: string): boolean {
  return part.startsWith('{');
}

function refusalOf(row: Row | undefined): string | undefined {
  return row?.treatment.kind === 'refused' ? row.treatment.reason : undefined;
}

function refused(method: string, pathname: string, reason: string): Refusal {
  const shown = pathname.length > MOST_SHOWN ? `${pathname.slice(0, MOST_SHOWN)}…` : pathname;
  return invalidRequest('path_refused', `${method} ${shown} is not served by this proxy: ${reason}.`, {
    status: 404,
  });
}
