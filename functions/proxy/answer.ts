import type { EventJudge } from '../../shared/core/endpoint.ts';
import type { Exchange } from '../../shared/ports/app.ts';
import { type AnswerHead, largeReader, passingForm, readWhole, shownAnswer } from './answer-form.ts';
import { isEventStream, jsonOf } from './answer-kind.ts';
import type { CacheSlot } from './cached.ts';
import type { HeldCall } from './call.ts';
import { asksForCost, costComment } from './cost-comment.ts';
import { additions, decide, finish } from './decide.ts';
import {
  freeStreamReader,
  ownBatchFiles,
  rulesFor,
  settleBatch,
  settleTold,
  tellsOfBatches,
} from './deferred.ts';
import type { ProxyDeps } from './deps.ts';
import { endingOf } from './ending.ts';
import { judgingMeter, keepable } from './keepable.ts';
import { type BodyEnd, meteredBody } from './metered-body.ts';
import {
  disownDeleted,
  ownCreated,
  owningMeter,
  owningReader,
  retagChanged,
  retags,
  showsObjects,
} from './own-created.ts';
import { readHead } from './read-head.ts';
import { replyHeaders } from './reply.ts';
import { lost, redirected } from './turned-down.ts';

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
  if (work.kind === 'free' && upstream.ok && isEventStream(upstream))
    return freeStream(call, upstream, slot, deps);
  const keepBytes = slot.store ? deps.settings.maxCachedBytes : 0;
  const owning =
    work.kind === 'metered' ? owningMeter(call, work.rules.streamMeter(work.body), deps) : undefined;
  const judging = owning && judgingMeter(work, slot, owning.meter);
  const form = passingForm(work, upstream, judging?.meter, keepBytes);
  if (form !== undefined) {
    const bodyOf = (onEnd: OnEnd) =>
      meteredBody(upstream.body ?? new Blob([]).stream(), {
        reader: form.reader,
        onDisconnect: call.project.onDisconnect,
        onEnd,
      });
    const exchange = passing(call, form.head, slot, deps, bodyOf, judging?.judge);
    return { ...exchange, done: exchange.done.then(owning?.written) };
  }
  const head = await readHead(upstream, WHOLE_BYTES);
  switch (head.kind) {
    case 'whole': {
      const told = upstream.ok ? await keepOwners(call, head.bytes, deps) : undefined;
      const exchange = await whole(call, upstream, head.bytes, slot, deps);
      return { ...exchange, done: exchange.done.then(() => settleBatch(call, told, deps)) };
    }
    case 'large': {
      const large = largeReader(work, rulesFor(call), upstream, keepBytes);
      const { reader, written } = owningReader(call, large, deps);
      // OpenAI has made all of it and bills it: there is nothing left to save by cancelling.
      const exchange = passing(call, upstream, slot, deps, (onEnd) =>
        meteredBody(head.body, { reader, onDisconnect: 'drain', onEnd }),
      );
      return { ...exchange, done: exchange.done.then(written) };
    }
    case 'broken':
      return lost(call, status, head.bytes, slot, deps);
  }
}

function freeStream(call: HeldCall, upstream: Response, slot: CacheSlot, deps: ProxyDeps): Exchange {
  const { reader, written } = freeStreamReader(call, deps);
  const exchange = passing(call, upstream, slot, deps, (onEnd) =>
    meteredBody(upstream.body ?? new Blob([]).stream(), { reader, onDisconnect: 'cancel', onEnd }),
  );
  return { ...exchange, done: exchange.done.then(written) };
}

/**
 * Before the caller is told: an object that it knows of is its project's, and a deleted one nobody's.
 *
 * @returns the answer, where it was looked into
 */
async function keepOwners(call: HeldCall, bytes: Uint8Array, deps: ProxyDeps) {
  const hasNews = showsObjects(call) || tellsOfBatches(call) || retags(call);
  const json = hasNews ? jsonOf(bytes) : undefined;
  await Promise.all([
    json && ownCreated(call, json, deps),
    json && ownBatchFiles(call, json, deps),
    json && retagChanged(call, json, deps),
    disownDeleted(call, deps),
  ]);
  return json;
}

async function whole(
  call: HeldCall,
  upstream: Response,
  bytes: Uint8Array<ArrayBuffer>,
  slot: CacheSlot,
  deps: ProxyDeps,
): Promise<Exchange> {
  const { status } = upstream;
  const read = readWhole(call.work, rulesFor(call), upstream, bytes);
  if (read === undefined) return lost(call, status, bytes, slot, deps);
  const shown = shownAnswer(call.work, upstream, bytes, read.json);
  const end = { how: 'complete', ...read, bytes: shown.bytes, json: shown.json } as const;
  const decided = await decide(call, endingOf(call.work, status, end), deps);
  // `Response` takes no body with some statuses, not even an empty one.
  const body = upstream.body === null ? null : shown.bytes;
  const cost = decided.kind === 'outcome' ? decided.outcome.cost : undefined;
  const response = new Response(body, {
    status,
    headers: replyHeaders(shown.head.headers, additions(call, slot, cost)),
  });
  const done = finish(call, slot, decided, deps, keepable(call, slot, shown.head, end, undefined));
  return { response, done: done.then(() => settleTold(call, read.served, deps)) };
}

type OnEnd = (end: BodyEnd) => Promise<Uint8Array | undefined>;

/** An answer that is passed on as it comes; what it cost is known at its end. */
function passing(
  call: HeldCall,
  head: AnswerHead,
  slot: CacheSlot,
  deps: ProxyDeps,
  bodyOf: (onEnd: OnEnd) => ReadableStream<Uint8Array>,
  judge?: EventJudge,
): Exchange {
  const done = Promise.withResolvers<void>();
  const body = bodyOf(async (end) => {
    const decided = await decide(call, endingOf(call.work, head.status, end), deps);
    finish(call, slot, decided, deps, keepable(call, slot, head, end, judge))
      .then(() => settleTold(call, end.served, deps))
      .then(done.resolve, done.reject);
    const told = decided.kind === 'outcome' && isEventStream(head) && asksForCost(call.request);
    return told ? costComment(decided.outcome.cost) : undefined;
  });
  const headers = replyHeaders(head.headers, additions(call, slot));
  return { response: new Response(body, { status: head.status, headers }), done: done.promise };
}
