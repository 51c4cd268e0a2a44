import { isObject } from '../../shared/core/json.ts';
import type { Outcome } from '../../shared/core/ledger.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import type { Refusal } from '../../shared/core/refusal.ts';
import type { Exchange } from '../../shared/ports/app.ts';
import type { CacheSlot, Keepable } from './cached.ts';
import type { HeldCall } from './call.ts';
import { asksForCost, costComment } from './cost-comment.ts';
import type { ProxyDeps } from './deps.ts';
import { type Ending, outcomeOf } from './ending.ts';
import { meteredStream, type StreamEnd } from './metered-stream.ts';
import { type Additions, refusalReply, replyHeaders } from './reply.ts';
import { settle } from './settle.ts';

/** Turns OpenAI's answer into the caller's, metered on the way, and sees it onto the books and into the cache. */
export async function answer(
  call: HeldCall,
  upstream: Response,
  slot: CacheSlot,
  deps: ProxyDeps,
): Promise<Exchange> {
  if (call.work.kind === 'free' || upstream.status !== 200) return uncharged(call, upstream, slot, deps);
  const contentType = upstream.headers.get('content-type') ?? '';
  return contentType.startsWith('text/event-stream')
    ? streamed(call, call.work, upstream, slot, deps)
    : whole(call, call.work, upstream, slot, deps);
}

type MeteredWork = Extract<HeldCall['work'], { kind: 'metered' }>;

/** OpenAI charges nothing for its errors, nor for free endpoints: they pass untouched. */
async function uncharged(
  call: HeldCall,
  upstream: Response,
  slot: CacheSlot,
  deps: ProxyDeps,
): Promise<Exchange> {
  if (upstream.status === 401) deps.log.event('error', 'openai_key_refused', { call: call.id });
  const bytes = await readAll(upstream);
  const outcome = decide(call, { kind: 'uncharged', status: upstream.status }, deps);
  if (bytes === undefined) return lost(call, slot, outcome, deps);
  const headers = replyHeaders(upstream.headers, additions(call, slot, outcome.cost));
  // `Response` takes no body with these statuses, not even an empty one.
  const body = upstream.body === null ? null : bytes;
  const response = new Response(body, { status: upstream.status, headers });
  const { headers: kept } = upstream;
  const complete =
    upstream.status === 200 ? { headers: kept, body: bytes, served: { counts: {} } } : undefined;
  return { response, done: finish(call, slot, outcome, deps, complete) };
}

async function whole(
  call: HeldCall,
  work: MeteredWork,
  upstream: Response,
  slot: CacheSlot,
  deps: ProxyDeps,
): Promise<Exchange> {
  const bytes = await readAll(upstream);
  if (bytes === undefined) {
    return lost(call, slot, decide(call, { kind: 'unknown', status: 502, flag: 'broken' }, deps), deps);
  }
  const json = parsed(bytes);
  const served = json && work.rules.served(json);
  const status = upstream.status;
  const outcome = decide(
    call,
    served === undefined ? { kind: 'unknown', status, flag: 'no_usage' } : { kind: 'served', status, served },
    deps,
  );
  const response = new Response(bytes, {
    status,
    headers: replyHeaders(upstream.headers, additions(call, slot, outcome.cost)),
  });
  const complete =
    served !== undefined && json?.['status'] !== 'failed'
      ? { headers: upstream.headers, body: bytes, served }
      : undefined;
  return { response, done: finish(call, slot, outcome, deps, complete) };
}

function streamed(
  call: HeldCall,
  work: MeteredWork,
  upstream: Response,
  slot: CacheSlot,
  deps: ProxyDeps,
): Exchange {
  const source = upstream.body ?? new Blob([]).stream();
  const done = Promise.withResolvers<void>();
  const onEnd = (end: StreamEnd) => {
    const outcome = decide(call, endingOf(end, upstream.status), deps);
    finish(call, slot, outcome, deps, keepableStream(end, upstream.headers)).then(done.resolve, done.reject);
    return asksForCost(call.request) ? costComment(outcome.cost) : undefined;
  };
  const body = meteredStream(source, {
    meter: work.rules.streamMeter(work.body),
    onDisconnect: call.project.onDisconnect,
    keepBytes: slot.store ? deps.settings.maxCachedBytes : 0,
    onEnd,
  });
  const headers = replyHeaders(upstream.headers, additions(call, slot));
  return { response: new Response(body, { status: upstream.status, headers }), done: done.promise };
}

function keepableStream(end: StreamEnd, headers: Headers): Omit<Keepable, 'cost'> | undefined {
  if (end.how !== 'complete' || end.failed || end.served === undefined || end.bytes === undefined)
    return undefined;
  return { headers, body: end.bytes, served: end.served };
}

function endingOf(end: StreamEnd, status: number): Ending {
  if (end.served !== undefined) return { kind: 'served', status, served: end.served };
  if (end.how === 'left') return { kind: 'cancelled', status, seenOutputBytes: end.seenOutputBytes };
  return { kind: 'unknown', status, flag: end.how === 'broken' ? 'broken' : 'no_usage' };
}

/** OpenAI's answer broke off before there was anything to send on. */
function lost(call: HeldCall, slot: CacheSlot, outcome: Outcome, deps: ProxyDeps): Exchange {
  const refusal: Refusal = {
    kind: 'refusal',
    status: 502,
    type: 'server_error',
    code: 'upstream_broken',
    message: 'OpenAI ended its answer before its end. Its cost is on the books as far as it can be known.',
  };
  const response = refusalReply(refusal, additions(call, slot, outcome.cost));
  return { response, done: finish(call, slot, outcome, deps) };
}

function decide(call: HeldCall, ending: Ending, deps: ProxyDeps): Outcome {
  return outcomeOf(call, ending, deps.prices, deps.clock.now());
}

/** Books the outcome and keeps the answer; whoever waits for the same answer is let go in any case. */
async function finish(
  call: HeldCall,
  slot: CacheSlot,
  outcome: Outcome,
  deps: ProxyDeps,
  complete?: Omit<Keepable, 'cost'>,
): Promise<void> {
  // An answer that was cut to what a limit afforded is not the answer to this request.
  const keepable = complete !== undefined && call.outputCap === undefined;
  await Promise.all([
    settle(call, outcome, deps),
    keepable && slot.keep({ ...complete, cost: outcome.cost }),
  ]);
  await slot.release();
}

function additions(call: HeldCall, slot: CacheSlot, cost?: Picodollars): Additions {
  const { tightest } = call.held;
  const back = cost === undefined ? 0n : call.held.call.held - cost;
  return {
    callId: call.id,
    cache: slot.label,
    ...(cost === undefined ? {} : { cost }),
    ...(call.outputCap === undefined ? {} : { outputCap: call.outputCap }),
    ...(tightest === undefined ? {} : { remaining: tightest.remaining + back }),
  };
}

/** @returns `undefined` when the body broke off */
async function readAll(response: Response): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    return undefined;
  }
}

function parsed(bytes: Uint8Array) {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
