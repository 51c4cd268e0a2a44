import { type CachedAnswer, keptHeaders } from '../../shared/cache/answer.ts';
import { type CacheControl, cacheControl } from '../../shared/core/cache-control.ts';
import { cacheKey, type KeyedBody } from '../../shared/core/cache-key.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import type { Served } from '../../shared/core/usage.ts';
import type { Exchange } from '../../shared/ports/app.ts';
import { isEventStream } from './answer-kind.ts';
import type { Admitted, Work } from './call.ts';
import { asksForCost, costComment } from './cost-comment.ts';
import type { ProxyDeps } from './deps.ts';
import { outcomeOf } from './ending.ts';
import { newCallId } from './new-call.ts';
import { replyHeaders } from './reply.ts';
import { nameOf, settle } from './settle.ts';

/** An answer that may be kept. */
export interface Keepable {
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly cost: Picodollars;
  readonly served: Served;
}

/** Where a call's answer belongs in the cache. */
export interface CacheSlot {
  /** `miss`: it was looked for · `bypass`: this call has nothing to do with the cache, or forbade to read it. */
  readonly label: 'miss' | 'bypass';
  /** Whether its answer is worth collecting. */
  readonly store: boolean;
  keep(answer: Keepable): Promise<void>;
  /** Lets identical calls go on that wait for this one. Never throws. */
  release(): Promise<void>;
}

const NO_SLOT: CacheSlot = {
  label: 'bypass',
  store: false,
  keep: async () => {},
  release: async () => {},
};

/** Answers a call from the cache where an answer is there, for nothing; otherwise tells where its answer will go. */
export async function lookUp(call: Admitted, deps: ProxyDeps): Promise<Exchange | CacheSlot> {
  const control = controlOf(call);
  if (!cacheable(call) || !(control.read || control.store)) return NO_SLOT;
  const key = keyOf(call, deps.settings.stage);
  const found = await deps.answers.lookup(key, control);
  if (found.kind === 'hit') return hit(call, found.answer, found.ageSeconds, deps);
  const { claim } = found;
  return {
    label: control.read ? 'miss' : 'bypass',
    store: control.store,
    keep: (answer) => keep(key, answer, control, deps),
    release: async () => {
      if (claim !== undefined) await deps.answers.release(claim);
    },
  };
}

/** What the request allows, as long as the project does. */
function controlOf({ request, project }: Admitted): CacheControl {
  const { cacheSeconds } = project;
  const control = cacheControl(request.headers);
  return cacheSeconds === undefined ? control : { ...control, lifetimeSeconds: cacheSeconds };
}

/** A model that searches the web in every call answers with what is there today. */
function cacheable({ work, project }: Admitted): boolean {
  if (project.caching === 'off' || (project.caching === 'temperature_0' && isSampled(work))) return false;
  if (work.kind === 'free') return work.good !== undefined;
  return work.price.searchPerCall !== true && work.rules.cacheable(work.body);
}

/** Whether the same request may be answered otherwise when it is asked again. */
function isSampled(work: Work): boolean {
  return work.kind === 'metered' && work.rules.unsampled !== true && work.body['temperature'] !== 0;
}

function keyOf(call: Admitted, stage: string): string {
  return cacheKey({
    stage,
    stageGeneration: call.rules.cacheGeneration,
    project: call.project.name,
    projectGeneration: call.project.cacheGeneration,
    method: call.request.method,
    path: call.path,
    query: call.url.search,
    headers: call.request.headers,
    body: keyedBody(call),
  });
}

/** A body that is JSON is keyed by what it means; any other is forwarded, and keyed, byte for byte. */
function keyedBody({ work }: Admitted): KeyedBody {
  if (work.kind === 'metered') return { kind: 'json', value: work.body };
  if (work.body === undefined) return { kind: 'none' };
  return work.json === undefined ? { kind: 'bytes', bytes: work.body } : { kind: 'json', value: work.json };
}

async function keep(key: string, answer: Keepable, control: CacheControl, deps: ProxyDeps): Promise<void> {
  const stored: CachedAnswer = {
    status: 200,
    headers: keptHeaders(answer.headers),
    body: answer.body,
    cost: answer.cost,
    served: answer.served,
    storedAt: deps.clock.now(),
  };
  await deps.answers.store(key, stored, control);
}

function hit(call: Admitted, answer: CachedAnswer, ageSeconds: number, deps: ProxyDeps): Exchange {
  const id = newCallId(deps);
  const headers = replyHeaders(new Headers(answer.headers.map(([name, value]) => [name, value])), {
    callId: id,
    cache: 'hit',
    cost: 0n,
    saved: answer.cost,
  });
  headers.set('age', String(ageSeconds));
  const trailer =
    isEventStream({ headers }) && asksForCost(call.request) ? costComment(0n) : new Uint8Array();
  const response = new Response(Buffer.concat([answer.body, trailer]), { status: answer.status, headers });
  return { response, done: bookHit(call, id, answer.cost, deps) };
}

/** A hit costs nothing, so it is answered first and booked then. */
async function bookHit(call: Admitted, id: string, saved: Picodollars, deps: ProxyDeps): Promise<void> {
  try {
    const held = await deps.ledger.hold({
      id,
      ...call.subject,
      endpoint: call.endpoint,
      requestedModel: call.requestedModel,
      stream: call.stream,
      amount: 0n,
      limits: [],
    });
    if (held.kind !== 'held') return;
    const outcome = outcomeOf(
      { ...call, id, held },
      { kind: 'hit', status: 200, saved },
      deps.prices,
      deps.clock.now(),
    );
    await settle({ ...call, id, held }, outcome, deps);
  } catch (error) {
    deps.log.alarm('hit_unbooked', { call: id, fault: nameOf(error) });
  }
}
