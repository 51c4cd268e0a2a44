import type { Outcome } from '../../shared/core/ledger.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import type { Refusal } from '../../shared/core/refusal.ts';
import type { Served } from '../../shared/core/usage.ts';
import type { Exchange } from '../../shared/ports/app.ts';
import {
  type AnswerHead,
  isEventStream,
  largeReader,
  parsed,
  passingForm,
  readWhole,
} from './answer-form.ts';
import type { CacheSlot, Keepable } from './cached.ts';
import type { HeldCall, Work } from './call.ts';
import { asksForCost, costComment } from './cost-comment.ts';
import type { ProxyDeps } from './deps.ts';
import { type Ending, outcomeOf } from './ending.ts';
import { type BodyEnd, meteredBody } from './metered-body.ts';
import { disownDeleted, ownCreated, owningMeter } from './own.ts';
import { readHead } from './read-head.ts';
import { type Additions, refusalReply, replyHeaders } from './reply.ts';
import { settle } from './settle.ts';

/**
 * An answer up to so many bytes is taken whole, so that its cost can stand in its head, and half of it is never
 * given. A larger one passes as it comes.
 */
const WHOLE_BYTES = 8 * 1024 * 1024;

/** Turns OpenAI's answer into the caller's, metered on the way, and sees it onto the books and into the cache. */
export async function answer(
  call: HeldCall,
  upstream: Response,
  slot: CacheSlot,
  deps: ProxyDeps,
): Promise<Exchange> {
  const { status } = upstream;
  if (status === 401) deps.log.alarm('openai_key_refused', { call: call.id });
  if (status >= 300 && status < 400) return redirected(call, upstream, slot, deps);
  const { work } = call;
  const keepBytes = slot.store ? deps.settings.maxCachedBytes : 0;
  const owning =
    work.kind === 'metered' ? owningMeter(call, work.rules.streamMeter(work.body), deps) : undefined;
  const form = passingForm(work, upstream, owning?.meter, keepBytes);
  if (form !== undefined) {
    const exchange = passing(call, form.head, slot, deps, (onEnd) =>
      meteredBody(upstream.body ?? new Blob([]).stream(), {
        reader: form.reader,
        onDisconnect: call.project.onDisconnect,
        onEnd,
      }),
    );
    return { ...exchange, done: exchange.done.then(owning?.written) };
  }
  const head = await readHead(upstream, WHOLE_BYTES);
  switch (head.kind) {
    case 'whole':
      if (upstream.ok) await keepOwners(call, head.bytes, deps);
      return whole(call, upstream, head.bytes, slot, deps);
    case 'large':
      return passing(call, upstream, slot, deps, (onEnd) =>
        meteredBody(head.body, {
          reader: largeReader(call.work, upstream, keepBytes),
          // OpenAI has made all of it and bills it: there is nothing left to save by cancelling.
          onDisconnect: 'drain',
          onEnd,
        }),
      );
    case 'broken':
      return lost(call, status, slot, deps);
  }
}

/** Before the caller is told: an object that it knows of is its project's, and a deleted one nobody's. */
async function keepOwners(call: HeldCall, bytes: Uint8Array, deps: ProxyDeps): Promise<void> {
  const json = call.objects.creates === undefined ? undefined : parsed(bytes);
  await Promise.all([json && ownCreated(call, json, deps), disownDeleted(call, deps)]);
}

function whole(
  call: HeldCall,
  upstream: Response,
  bytes: Uint8Array<ArrayBuffer>,
  slot: CacheSlot,
  deps: ProxyDeps,
): Exchange {
  const { status, headers } = upstream;
  const read = readWhole(call.work, upstream, bytes);
  if (read === undefined) return lost(call, status, slot, deps);
  const { served, failed } = read;
  const outcome = decide(call, endingOf(call.work, status, { how: 'complete', served }), deps);
  // `Response` takes no body with some statuses, not even an empty one.
  const body = upstream.body === null ? null : bytes;
  const reply = replyHeaders(headers, additions(call, slot, outcome.cost));
  const response = new Response(body, { status, headers: reply });
  const end = { how: 'complete', served, failed, bytes } as const;
  return { response, done: finish(call, slot, outcome, deps, keepable(call, upstream, end)) };
}

/** An answer that is passed on as it comes; what it cost is known at its end. */
function passing(
  call: HeldCall,
  head: AnswerHead,
  slot: CacheSlot,
  deps: ProxyDeps,
  bodyOf: (onEnd: (end: BodyEnd) => Uint8Array | undefined) => ReadableStream<Uint8Array>,
): Exchange {
  const done = Promise.withResolvers<void>();
  const body = bodyOf((end) => {
    const outcome = decide(call, endingOf(call.work, head.status, end), deps);
    finish(call, slot, outcome, deps, keepable(call, head, end)).then(done.resolve, done.reject);
    return isEventStream(head) && asksForCost(call.request) ? costComment(outcome.cost) : undefined;
  });
  const headers = replyHeaders(head.headers, additions(call, slot));
  return { response: new Response(body, { status: head.status, headers }), done: done.promise };
}

type Seen = Pick<BodyEnd, 'how' | 'served'> & Partial<Pick<BodyEnd, 'seenOutputBytes'>>;

/** What OpenAI says that it used is owed, whatever else was wrong with the answer. */
function endingOf(work: Work, status: number, { how, served, seenOutputBytes }: Seen): Ending {
  if (served !== undefined) return { kind: 'served', status, served };
  // OpenAI charges nothing for its errors, nor for free endpoints.
  if (work.kind === 'free' || status >= 300) return { kind: 'uncharged', status };
  if (how === 'left') return { kind: 'cancelled', status, seenOutputBytes };
  return { kind: 'unknown', status, flag: how === 'broken' ? 'broken' : 'no_usage' };
}

/** Only a complete answer with nothing missing may be given again. */
function keepable(
  { work }: HeldCall,
  { status, headers }: AnswerHead,
  { how, failed, served, bytes }: Omit<BodyEnd, 'seenOutputBytes'>,
): Omit<Keepable, 'cost'> | undefined {
  const known: Served | undefined = work.kind === 'free' ? { counts: {} } : served;
  if (status !== 200 || how !== 'complete' || failed || known === undefined || bytes === undefined)
    return undefined;
  return { headers, body: bytes, served: known };
}

/** OpenAI's answer broke off before there was anything to send on. */
function lost(call: HeldCall, status: number, slot: CacheSlot, deps: ProxyDeps): Exchange {
  const outcome = decide(
    call,
    endingOf(call.work, status, { how: 'broken', served: undefined }),
    deps,
    BROKEN.status,
  );
  const response = refusalReply(BROKEN, additions(call, slot, outcome.cost));
  return { response, done: finish(call, slot, outcome, deps) };
}

/** A redirect is neither followed nor passed on: it could lead the key, or the caller, anywhere. */
function redirected(call: HeldCall, upstream: Response, slot: CacheSlot, deps: ProxyDeps): Exchange {
  deps.log.event('warn', 'upstream_redirected', { call: call.id, status: upstream.status });
  upstream.body?.cancel().catch(() => undefined);
  const outcome = decide(call, { kind: 'uncharged', status: REDIRECTED.status }, deps);
  const response = refusalReply(REDIRECTED, additions(call, slot, outcome.cost));
  return { response, done: finish(call, slot, outcome, deps) };
}

/** @param status what the caller sees, where it is not what OpenAI answered with */
function decide(call: HeldCall, ending: Ending, deps: ProxyDeps, status = ending.status): Outcome {
  return { ...outcomeOf(call, ending, deps.prices, deps.clock.now()), status };
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
  const kept = complete !== undefined && call.outputCap === undefined;
  await Promise.all([settle(call, outcome, deps), kept && slot.keep({ ...complete, cost: outcome.cost })]);
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

const BROKEN: Refusal = {
  kind: 'refusal',
  status: 502,
  type: 'server_error',
  code: 'upstream_broken',
  message: 'OpenAI ended its answer before its end. Its cost is on the books as far as it can be known.',
};
const REDIRECTED: Refusal = {
  kind: 'refusal',
  status: 502,
  type: 'server_error',
  code: 'upstream_redirected',
  message: 'OpenAI answered with a redirect, which is not followed: nothing was served, nothing is charged.',
};
