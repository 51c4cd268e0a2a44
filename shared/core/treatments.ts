import type { MeteredEndpoint } from './endpoint.ts';
import { chatCompletions } from './endpoints/chat-completions.ts';
import { completions } from './endpoints/completions.ts';
import { embeddings } from './endpoints/embeddings.ts';
import { responses } from './endpoints/responses.ts';
import { invalidRequest, type Refusal } from './refusal.ts';

/** How one method and path of the OpenAI API is charged. */
export type Treatment =
  | { readonly kind: 'metered'; readonly endpoint: string; readonly rules: MeteredEndpoint }
  /** Forwarded and booked at 0 on purpose. */
  | { readonly kind: 'free'; readonly endpoint: string; readonly cacheable: boolean };

interface Row {
  readonly method: string;
  /** Below `/v1`; `{…}` stands for one segment. */
  readonly path: string;
  readonly treatment: Treatment;
}

const TABLE: readonly Row[] = [
  metered('/chat/completions', 'chat.completions', chatCompletions),
  metered('/responses', 'responses', responses),
  metered('/completions', 'completions', completions),
  metered('/embeddings', 'embeddings', embeddings),
  free('POST', '/moderations', 'moderations', true),
  free('GET', '/models', 'models.list', false),
  free('GET', '/models/{model}', 'models.retrieve', false),
];

/** Why whole families of paths are refused; the first that fits is told. */
const REFUSED_FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^\/organization(\/|$)/, 'organization administration is not for callers of a proxy'],
  [/^\/(realtime|live)(\/|$)/, 'it would let a client reach OpenAI around the limits'],
  [/^\/chatkit(\/|$)/, 'it would let a client reach OpenAI around the limits'],
  [
    /^\/(responses|chat\/completions|conversations|files|batches|vector_stores)(\/|$)/,
    "stored objects lie in the stage's one OpenAI account, and nothing says yet which project may see them",
  ],
];

/** What OpenAI's SDKs and servers take a path segment for; anything else could mean one path here and another there. */
const PLAIN_PATH = /^(\/[A-Za-z0-9._:~@-]+)+$/;

/** How much of a path an error repeats, in characters. */
const MOST_SHOWN = 200;

export interface Route {
  /** The path below `/v1`, as it is sent upstream. */
  readonly path: string;
  readonly treatment: Treatment;
}

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
  const row = TABLE.find((each) => each.method === method && pathMatches(each.path, path));
  if (row !== undefined) return { path, treatment: row.treatment };
  const methods = TABLE.filter((each) => pathMatches(each.path, path)).map((each) => each.method);
  if (methods.length > 0) return refused(method, pathname, `use ${methods.join(' or ')}`);
  const family = REFUSED_FAMILIES.find(([pattern]) => pattern.test(path));
  return refused(method, pathname, family?.[1] ?? 'Tollgate does not meter it');
}

function pathMatches(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length && wanted.every((part, i) => part.startsWith('{') || part === given[i])
  );
}

function metered(path: string, endpoint: string, rules: MeteredEndpoint): Row {
  return { method: 'POST', path, treatment: { kind: 'metered', endpoint, rules } };
}

function free(method: string, path: string, endpoint: string, cacheable: boolean): Row {
  return { method, path, treatment: { kind: 'free', endpoint, cacheable } };
}

function refused(method: string, pathname: string, reason: string): Refusal {
  const shown = pathname.length > MOST_SHOWN ? `${pathname.slice(0, MOST_SHOWN)}…` : pathname;
  return invalidRequest('path_refused', `${method} ${shown} is not served by this proxy: ${reason}.`, {
    status: 404,
  });
}
