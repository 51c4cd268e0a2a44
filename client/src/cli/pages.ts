import type { JsonObject, Payload } from '../admin.ts';
import type { Context } from './context.ts';
import { objectsOf } from './replies.ts';

const PAGE = 1000;

/** Asks for a list to its end, page by page. */
export async function allPages(context: Context, payload: Payload, list: string): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  let after: string | undefined;
  do {
    const reply = await context.ask({ ...payload, page_size: PAGE, after });
    found.push(...objectsOf(reply, list));
    after = typeof reply['next'] === 'string' ? reply['next'] : undefined;
  } while (after !== undefined);
  return found;
}
