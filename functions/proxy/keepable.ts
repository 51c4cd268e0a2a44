import type { EventJudge, StreamMeter } from '../../shared/core/endpoint.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import type { Served } from '../../shared/core/usage.ts';
import type { AnswerHead } from './answer-form.ts';
import { isEventStream, jsonOf } from './answer-kind.ts';
import type { CacheSlot, Keepable } from './cached.ts';
import type { HeldCall, Work } from './call.ts';
import type { BodyEnd } from './metered-body.ts';

type Kept = Omit<Keepable, 'cost'>;

/** An answer that has come to its end. */
export interface Ended extends Pick<BodyEnd, 'how' | 'failed' | 'served' | 'bytes'> {
  /** What its bytes say, if that was read already. */
  readonly json?: JsonObject | undefined;
}

/**
 * What of an answer may be given again: all of it, if it is complete and good. One that was cut to what a limit
 * afforded is not the answer to this request.
 *
 * @param events what read its events, if it came in some
 */
export function keepable(
  { work, outputCap }: HeldCall,
  slot: CacheSlot,
  { status, headers }: AnswerHead,
  { how, failed, served, bytes, json }: Ended,
  events: EventJudge | undefined,
): Kept | undefined {
  const known: Served | undefined = work.kind === 'free' ? { counts: {} } : served;
  if (!slot.store || outputCap !== undefined || status !== 200 || how !== 'complete' || failed)
    return undefined;
  if (known === undefined || bytes === undefined) return undefined;
  const isGood = isEventStream({ headers }) ? events?.isGood() : isGoodBody(work, headers, bytes, json);
  return isGood === true ? { headers, body: bytes, served: known } : undefined;
}

function isGoodBody(work: Work, headers: Headers, bytes: Uint8Array, read?: JsonObject): boolean {
  const judge = work.kind === 'free' ? work.good : work.rules.good;
  const asked = (work.kind === 'free' ? work.json : work.body) ?? {};
  const isPlain = !/^application\/json\b/i.test(headers.get('content-type') ?? '');
  if (isPlain && judge?.bytes !== undefined) return judge.bytes(bytes, asked);
  const answer = read ?? jsonOf(bytes);
  return answer !== undefined && judge?.json?.(answer, asked) === true;
}

/** A meter, and a judge that sees the same events. */
export interface JudgingMeter {
  readonly meter: StreamMeter;
  readonly judge: EventJudge | undefined;
}

/** Lets the endpoint's judge see every event that its meter sees. */
export function judgingMeter(work: Work, slot: CacheSlot, meter: StreamMeter): JudgingMeter {
  const judge = work.kind === 'metered' && slot.store ? work.rules.good?.events?.(work.body) : undefined;
  if (judge === undefined) return { meter, judge };
  const see = (data: JsonObject) => {
    judge.see(data);
    return meter.see(data);
  };
  return { meter: { ...meter, see }, judge };
}
