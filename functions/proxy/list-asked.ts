import type { JsonObject } from '../../shared/core/json.ts';
import { parseJsonBody } from '../../shared/core/json-body.ts';
import { listingFacts } from '../../shared/core/listed-objects.ts';
import { isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import type { ListedObject } from '../../shared/ports/objects.ts';
import type { UpstreamFailure } from '../../shared/ports/upstream.ts';
import { refusalReply } from './reply.ts';

/** What OpenAI says of objects that it was asked for one by one. */
export interface Told {
  readonly data: readonly JsonObject[];
  /** Those that it has no more. */
  readonly gone: readonly ListedObject[];
  /** How many requests that took, and how many objects were not asked for. */
  readonly asked: number;
  readonly left: number;
}

export interface Asking {
  /** Asks OpenAI for one object. */
  readonly ask: (id: string) => Promise<Response | UpstreamFailure>;
  /** Why so many requests may not be made now; `undefined` where they may. */
  readonly mayAsk: (count: number) => Promise<Refusal | undefined>;
  /** As many objects are wanted. */
  readonly room: number;
  /** As many requests may be made. */
  readonly asks: number;
  /** Objects without these are left out: what was written down without its tags is known only now. */
  readonly tags: readonly string[];
}

/** Asks OpenAI for objects by their ids, at once; an answer that is neither one of them nor a 404 is handed back. */
export async function askEach(
  objects: readonly ListedObject[],
  { ask, mayAsk, room, asks, tags }: Asking,
): Promise<Told | Response | UpstreamFailure> {
  const data: JsonObject[] = [];
  const gone: ListedObject[] = [];
  let asked = 0;
  for (;;) {
    const next = objects.slice(asked, asked + Math.min(room - data.length, asks - asked));
    if (next.length === 0) return { data, gone, asked, left: objects.length - asked };
    const refused = await mayAsk(next.length);
    if (refused !== undefined) return refusalReply(refused, {});
    asked += next.length;
    const answers = await Promise.all(next.map(({ id }) => ask(id).then(read)));
    for (const [index, object] of next.entries()) {
      const answer = answers[index];
      if (answer === undefined || answer === 'gone') gone.push(object);
      else if (answer instanceof Response || !('shown' in answer)) return answer;
      else if (hasAll(object, answer.shown, tags)) data.push(answer.shown);
    }
  }
}

async function read(
  response: Response | UpstreamFailure,
): Promise<{ readonly shown: JsonObject } | 'gone' | Response | UpstreamFailure> {
  if (!(response instanceof Response)) return response;
  if (response.status === 404) {
    await response.body?.cancel();
    return 'gone';
  }
  if (!response.ok) return response;
  const parsed = parseJsonBody(new Uint8Array(await response.arrayBuffer()));
  return isRefusal(parsed)
    ? { kind: 'unreachable', sent: true, detail: 'its object is no JSON' }
    : { shown: parsed.json };
}

function hasAll({ kind }: ListedObject, shown: JsonObject, tags: readonly string[]): boolean {
  const { tags: found = [] } = listingFacts(kind, shown);
  return tags.every((tag) => found.includes(tag));
}
