import { callTime } from '../core/call-id.ts';
import { LONGEST_ANSWER_MINUTES } from '../core/containers.ts';
import type { CallEntry } from '../core/ledger.ts';
import type { Served } from '../core/usage.ts';
import { withContainerTime } from '../ledger/container-time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Objects } from '../ports/objects.ts';

const MINUTE_MS = 60_000;

/** What it takes to book the time of containers for a call that has been answered. */
export interface LaterTimeParts {
  readonly objects: Pick<Objects, 'own' | 'owners' | 'bookContainer'>;
  readonly clock: Clock;
}

/**
 * What an answer served of which OpenAI tells later, with the time of its containers: as long as an answer can take, as
 * nobody saw when it ended.
 *
 * @param object that OpenAI made for it, which is written down with the largest container that it can have run in
 */
export async function withLaterTime(
  call: CallEntry,
  object: string,
  served: Served,
  { objects, clock }: LaterTimeParts,
): Promise<Served> {
  if (served.containers === undefined) return served;
  const { id, project, user } = call;
  const from = callTime(id);
  const until = Math.min(clock.now(), from + LONGEST_ANSWER_MINUTES * MINUTE_MS);
  const largest = (await objects.owners([object])).get(object)?.size;
  return withContainerTime(served, { id, project, user, from, until, largest }, objects);
}
