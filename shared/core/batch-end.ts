import { batchFiles } from './batch.ts';
import { callTime } from './call-id.ts';
import { isObject, type JsonObject } from './json.ts';
import type { CallEntry } from './ledger.ts';
import { count } from './usage-reader.ts';

const HOUR_MS = 3_600_000;

/**
 * For how long an end that does not add up is none, from that end on. OpenAI may report a batch as ended before it names its
 * files, or counts its answers, and names them minutes later. Answers that are counted and never shown may have cost the
 * whole hold, so they are waited for longest; a batch that is cancelled before anything was run may show nothing for good.
 */
const PATIENCE_MS = { answers: 24 * HOUR_MS, nothing: HOUR_MS } as const;

/** What a batch that is reported to have ended says of its answers, beside its files. */
export interface BatchEnd {
  /** How many answers its files have, at least; absent where it does not say. */
  readonly answers?: number;
  /** Whether it accounts for each of its requests. */
  readonly addsUp: boolean;
  /** When it ended, milliseconds since the epoch; absent where it does not say. */
  readonly at?: number;
}

/** Reads the end of a batch. One whose file was refused has not begun. */
export function batchEnd(batch: JsonObject): BatchEnd {
  const { status, request_counts: counts } = batch;
  const [total, completed, failed] = ['total', 'completed', 'failed'].map((name) =>
    isObject(counts) ? count(counts[name]) : undefined,
  );
  const at = endedAt(batch);
  const end = at === undefined ? {} : { at };
  const countsNothing = status === 'completed' && total === 0;
  if (completed === undefined || countsNothing) {
    const hasNotBegun = status === 'failed' && batchFiles(batch).length === 0;
    return hasNotBegun ? { ...end, answers: 0, addsUp: true } : { ...end, addsUp: false };
  }
  // A completed batch has done all its requests, whatever it counts; another one may have left some of them.
  const due = status === 'completed' && total !== undefined ? total - (failed ?? 0) : completed;
  const wasRefused = status === 'failed' && total === 0;
  const addsUp = wasRefused || (total !== undefined && total > 0 && completed + (failed ?? 0) === total);
  return { ...end, answers: Math.max(completed, due), addsUp };
}

/**
 * Whether the end of a batch is to be asked for again: it does not show, or not yet, all that came of it.
 *
 * @param shown how many answers its files have; `undefined` where one of them cannot be read, as it is not there
 * @param now milliseconds since the epoch
 */
export function isNoEnd(
  { answers, addsUp, at }: BatchEnd,
  shown: number | undefined,
  { id }: Pick<CallEntry, 'id'>,
  now: number,
): boolean {
  const waited = now - (at ?? callTime(id));
  // Where they are not counted, one answer is taken for all, and none for a sign that they are still to come.
  if (shown === undefined || shown < (answers ?? 1)) return waited < PATIENCE_MS.answers;
  return shown === 0 && !addsUp && waited < PATIENCE_MS.nothing;
}

/** The last of the instants at which it says that it ended. */
function endedAt(batch: JsonObject): number | undefined {
  const seconds = ['completed_at', 'failed_at', 'expired_at', 'cancelled_at'].flatMap(
    (name) => count(batch[name]) ?? [],
  );
  return seconds.length === 0 ? undefined : Math.max(...seconds) * 1_000;
}
