import type { Refusal } from './faults.ts';
import { DONE, frame, type Reply } from './reply.ts';
import type { Endpoint } from './simulation.ts';

/**
 * An endpoint that can turn a request down in its answer: as an error in the place of a chunk (`chunk`), or as an event of
 * the name `error` (`event`); where it does not stream, as an error in the place of the answer.
 */
export function refusable(endpoint: Endpoint, form: 'chunk' | 'event'): Endpoint {
  return (request, simulation) => {
    const refusal = simulation.faults.takeRefusal();
    if (refusal === undefined) return endpoint(request, simulation);
    const reply = endpoint(request, { ...simulation, bill: () => undefined });
    return turnedDown(reply, refusal, form);
  };
}

function turnedDown(reply: Reply, { code, type, message, after }: Refusal, form: 'chunk' | 'event'): Reply {
  const error = { message, type, param: null, code };
  if (reply.kind === 'json') return reply.status === 200 ? { ...reply, body: { error } } : reply;
  if (reply.kind === 'bytes') return { kind: 'json', status: 200, body: { error } };
  const last = form === 'event' ? frame({ type: 'error', error }, 'error') : frame({ error });
  return { kind: 'stream', frames: first(reply.frames, after, last) };
}

/** So many frames, but for the mark of a stream's end, and then a last one. */
function* first(frames: Iterable<string>, count: number, last: string): Generator<string> {
  let sent = 0;
  for (const each of frames) {
    if (sent === count || each === DONE) break;
    yield each;
    sent += 1;
  }
  yield last;
}
