import type { IamCaller } from '../../shared/core/identity.ts';
import { FREE_CALLS_PER_MINUTE } from '../../shared/core/project-bounds.ts';
import { invalidRequest, isRefusal, REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import { createFreeCalls } from '../../shared/ledger/free-calls.ts';
import { type App, type Exchange, MALFORMED } from '../../shared/ports/app.ts';
import { Unavailable } from '../../shared/ports/ledger-store.ts';
import type { UpstreamFailure } from '../../shared/ports/upstream.ts';
import { admit } from './admit.ts';
import { answer } from './answer.ts';
import { type CacheSlot, lookUp } from './cached.ts';
import type { Call, HeldCall, Identified } from './call.ts';
import { settleFirst } from './deferred.ts';
import type { AppDeps, ProxyDeps } from './deps.ts';
import { type Ending, outcomeOf } from './ending.ts';
import { forward } from './forward.ts';
import { refuseFlood } from './free-rate.ts';
import { hold } from './hold.ts';
import { identify } from './identify.ts';
import { newCallId } from './new-call.ts';
import { notRetried, refusalReply } from './reply.ts';
import { nameOf, settle } from './settle.ts';
import { markSent } from './stored-context.ts';
import { noteUnpriced } from './unpriced.ts';

/**
 * The proxy: a request of a verified caller in, OpenAI's answer out, in one straight line:
 * identified, admitted, answered from the cache or held, forwarded, metered, settled.
 */
export function createApp(parts: AppDeps): App {
  const { settings, clock, windowCounter: counter } = parts;
  const { freeCallsPerMinute: perMinute = FREE_CALLS_PER_MINUTE } = settings;
  const deps = { ...parts, freeCalls: createFreeCalls({ clock, perMinute, ...(counter && { counter }) }) };
  return async (request, caller) => {
    const id = newCallId(deps);
    try {
      if (request === MALFORMED) return turnedAway(MALFORMED_REQUEST, { id, at: deps.clock.now() }, deps);
      return await exchange(id, request, caller, deps);
    } catch (error) {
      const refusal = error instanceof Unavailable ? LEDGER_UNREACHABLE : FAULT;
      deps.log.alarm(refusal.code, { call: id, fault: nameOf(error) });
      return refused(refusal, id);
    }
  };
}

async function exchange(
  id: string,
  request: Request,
  caller: IamCaller | undefined,
  app: AppDeps & Pick<ProxyDeps, 'freeCalls'>,
): Promise<Exchange> {
  const call = { id, request, caller, url: new URL(request.url), at: app.clock.now() };
  const identified = await identify(call, app);
  if (isRefusal(identified)) return turnedAway(identified, call, app);
  const deps: ProxyDeps = { ...app, prices: await app.prices.current() };
  const admitted = await admit(identified, deps);
  if (isRefusal(admitted)) return turnedAway(admitted, identified, deps);
  const untimely = (await refuseFlood(admitted, deps)) ?? (await settleFirst(admitted, deps));
  if (untimely !== undefined) return turnedAway(untimely, admitted, deps);
  const found = await lookUp(admitted, deps);
  if ('response' in found) return found;
  const held = await heldOr(found, () => hold(admitted, deps));
  return isRefusal(held) ? turnedAway(held, admitted, deps) : paid(held, found, deps);
}

/** Nothing was forwarded: one line of the log, which the call's id leads to, and the reason for the caller. */
function turnedAway(
  refusal: Refusal,
  call: Pick<Call, 'id' | 'at'> & Partial<Identified>,
  deps: Pick<ProxyDeps, 'log' | 'unpricedCalls'>,
): Exchange {
  const id = refusal.callId ?? call.id;
  const { user, projectName: project } = call;
  deps.log.event('info', 'refused', { call: id, status: refusal.status, code: refusal.code, user, project });
  const { unpricedModel: model } = refusal;
  return { ...refused(refusal, id), ...(model !== undefined && { done: noteUnpriced(model, call, deps) }) };
}

/** Whatever stops a call before it holds money lets go of those that wait for its answer. */
async function heldOr<T extends object>(slot: CacheSlot, holding: () => Promise<T>): Promise<T> {
  try {
    const result = await holding();
    if (isRefusal(result)) await slot.release();
    return result;
  } catch (error) {
    await slot.release();
    throw error;
  }
}

/** From here on money is held: every way out books an outcome. */
async function paid(held: HeldCall, slot: CacheSlot, deps: ProxyDeps): Promise<Exchange> {
  const signal = AbortSignal.timeout(deps.settings.upstreamTimeoutMs);
  try {
    await markSent(held, deps);
  } catch (error) {
    deps.log.alarm(LEDGER_UNREACHABLE.code, { call: held.id, fault: nameOf(error) });
    return ended(held, slot, { kind: 'unsent', status: LEDGER_UNREACHABLE.status }, LEDGER_UNREACHABLE, deps);
  }
  try {
    const upstream = await forward(held, deps, signal);
    if (upstream instanceof Response) return await answer(held, upstream, slot, deps);
    return failed(held, slot, upstream, deps);
  } catch (error) {
    deps.log.alarm(FAULT.code, { call: held.id, fault: nameOf(error) });
    return ended(held, slot, { kind: 'unknown', status: FAULT.status, flag: 'upstream_lost' }, FAULT, deps);
  }
}

function failed(held: HeldCall, slot: CacheSlot, failure: UpstreamFailure, deps: ProxyDeps): Exchange {
  deps.log.event('warn', `upstream_${failure.kind}`, {
    call: held.id,
    detail: failure.detail,
    sent: failure.sent,
  });
  const lost = failure.kind === 'timeout' ? UPSTREAM_TIMEOUT : UPSTREAM_LOST;
  const refusal = failure.sent ? lost : UPSTREAM_UNREACHABLE;
  const { status } = refusal;
  const ending: Ending = failure.sent
    ? { kind: 'unknown', status, flag: 'upstream_lost' }
    : { kind: 'unsent', status };
  return ended(held, slot, ending, refusal, deps);
}

function ended(held: HeldCall, slot: CacheSlot, ending: Ending, refusal: Refusal, deps: ProxyDeps): Exchange {
  const outcome = outcomeOf(held, ending, deps.prices, deps.clock.now());
  const done = settle(held, outcome, deps).then(() => slot.release());
  const reply = outcome.cost > 0n ? notRetried(refusal) : refusal;
  return { response: refusalReply(reply, { callId: held.id, cost: outcome.cost }), done };
}

function refused(refusal: Refusal, callId: string): Exchange {
  return { response: refusalReply(refusal, { callId }), done: Promise.resolve() };
}

function serverError<C extends string>(
  status: Refusal['status'],
  code: C,
  message: string,
): Refusal & { readonly code: C } {
  return { kind: REFUSAL, status, type: 'server_error', code, message };
}

const MALFORMED_REQUEST = invalidRequest(
  'malformed_request',
  'The method or the path of this request is malformed. Send it as the OpenAI SDKs do.',
);
const LEDGER_UNREACHABLE = serverError(
  503,
  'ledger_unreachable',
  'The books cannot be reached, so nothing was forwarded and nothing is charged. Try again in a moment.',
);
const FAULT = serverError(
  500,
  'internal_error',
  'The proxy failed on this request. Its log has the call under this id.',
);
const UPSTREAM_UNREACHABLE = serverError(
  502,
  'upstream_unreachable',
  'OpenAI cannot be reached, so nothing was sent and nothing is charged. Try again in a moment.',
);
const UPSTREAM_LOST = serverError(
  502,
  'upstream_unreachable',
  'The connection to OpenAI broke before its answer. OpenAI may bill the request, so its worst case is on the books; ' +
    'sent again, it costs again.',
);
const UPSTREAM_TIMEOUT = serverError(
  504,
  'upstream_timeout',
  'OpenAI did not answer in time. It may bill the request, so its worst case is on the books; sent again, it costs again.',
);
