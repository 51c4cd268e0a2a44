import { started } from './response-object.ts';
import type { ResponseJob, StoredResponse } from './response-store.ts';
import type { WireResponse } from './wire-response.ts';

/** A job that waits for half of its time, and is at work for the other half. */
export function newJob(
  now: number,
  jobMs: number,
  frames?: (after: number) => Iterable<string>,
): ResponseJob {
  const times = { startsAt: now + jobMs / 2, endsAt: now + jobMs };
  return { ...times, isCancelled: false, ...(frames === undefined ? {} : { frames }) };
}

/** A stored response as it is at an instant. */
export function responseAt({ response, job }: StoredResponse, now: number): WireResponse {
  if (job === undefined) return response;
  if (job.isCancelled) return started(response, 'cancelled');
  if (now >= job.endsAt) return response;
  return started(response, now >= job.startsAt ? 'in_progress' : 'queued');
}

/** Whether OpenAI would still be at work on it. */
export function isRunning({ job }: StoredResponse, now: number): boolean {
  return job !== undefined && !job.isCancelled && now < job.endsAt;
}
