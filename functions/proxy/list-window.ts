import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { parseJsonBody } from '../../shared/core/json-body.ts';
import { listOf, textOf } from '../../shared/core/json-members.ts';
import { createdAtOf, secondOf } from '../../shared/core/listed-objects.ts';
import { isRefusal } from '../../shared/core/refusal.ts';
import type { ListedObject } from '../../shared/ports/objects.ts';
import type { UpstreamFailure } from '../../shared/ports/upstream.ts';
import type { AskedList } from './list-query.ts';

/** OpenAI's list takes a moment to show what was just made: younger objects that it leaves out are not given up. */
const SETTLED_SECONDS = 3_600;

/** `beyond`: the page ends before it · `gone`: OpenAI has it no more · `left_out`: by a filter, or as it is too young. */
export type Unseen = 'beyond' | 'gone' | 'left_out';

/** One page of OpenAI's list, which is of the whole account. */
export interface ListWindow {
  readonly response: Response;
  readonly answer: JsonObject;
  /** By their ids, in OpenAI's order. */
  readonly shown: ReadonlyMap<string, JsonObject>;
  /**
   * Why it does not show an object.
   *
   * @param now milliseconds since the epoch
   */
  unseen(object: ListedObject, now: number): Unseen;
}

/** Reads a page of OpenAI's list; what is no list is handed back as it is. */
export async function readWindow(
  { order, before, tags, isPlain }: AskedList,
  response: Response | UpstreamFailure,
): Promise<ListWindow | Response | UpstreamFailure> {
  if (!(response instanceof Response) || !response.ok) return response;
  const parsed = parseJsonBody(new Uint8Array(await response.arrayBuffer()));
  if (isRefusal(parsed)) return { kind: 'unreachable', sent: true, detail: 'its list is no JSON' };
  const answer = parsed.json;
  const objects = listOf(answer['data']).filter(isObject);
  const last = objects.at(-1);
  const end = last && createdAtOf(last);
  const reaches = (second: number) =>
    answer['has_more'] !== true || (end !== undefined && (order === 'asc' ? second < end : second > end));
  return {
    response,
    answer,
    shown: new Map(objects.map((object) => [textOf(object['id']) ?? '', object])),
    unseen({ place }, now) {
      // A page that ends before an object is the last one before it: what it leaves out could be anywhere.
      if (before !== undefined) return 'left_out';
      const second = secondOf(place);
      if (!reaches(second)) return 'beyond';
      const isSettled = now / 1_000 - second > SETTLED_SECONDS;
      return isSettled && isPlain && tags.length === 0 ? 'gone' : 'left_out';
    },
  };
}
