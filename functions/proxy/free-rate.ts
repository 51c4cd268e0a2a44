import { REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import type { Admitted, Identified } from './call.ts';
import type { ProxyDeps } from './deps.ts';

/**
 * Refuses a call that costs nothing where its project has made as many in this minute as it may: the account at OpenAI,
 * and what it takes of requests, is shared by all projects. A call that is answered from the cache counts as well.
 */
export async function refuseFlood(
  call: Admitted,
  deps: Pick<ProxyDeps, 'freeCalls'>,
): Promise<Refusal | undefined> {
  return call.work.kind === 'free' ? takeFree(call, 1, deps) : undefined;
}

/** The same for so many requests to OpenAI that are free, whatever they are made for. */
export async function takeFree(
  { projectName }: Pick<Identified, 'projectName'>,
  count: number,
  { freeCalls }: Pick<ProxyDeps, 'freeCalls'>,
): Promise<Refusal | undefined> {
  const wait = count === 0 ? undefined : await freeCalls.take(projectName, count);
  if (wait === undefined) return undefined;
  const seconds = Math.max(1, Math.ceil(wait / 1_000));
  return {
    kind: REFUSAL,
    status: 429,
    type: 'rate_limit_exceeded',
    code: 'rate_limit_exceeded',
    message:
      `Project ${projectName} has made the ${freeCalls.perMinute} free requests that it may make in a minute: ` +
      `what is read, listed, counted, moderated or uploaded. Try again in ${seconds} s, poll less often, or ask an ` +
      'admin to raise FREE_CALLS_PER_MINUTE.',
    headers: { 'retry-after': String(seconds), 'retry-after-ms': String(Math.max(1, Math.ceil(wait))) },
  };
}
