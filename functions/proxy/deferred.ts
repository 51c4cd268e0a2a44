import { batchFiles, isFinalBatch, ownedFiles } from '../../shared/core/batch.ts';
import type { MeteredEndpoint } from '../../shared/core/endpoint.ts';
import { chatCompletions } from '../../shared/core/endpoints/chat-completions.ts';
import { responses } from '../../shared/core/endpoints/responses.ts';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { listOf } from '../../shared/core/json-members.ts';
import type { Deferred } from '../../shared/core/ledger.ts';
import { invalidRequest, type Refusal } from '../../shared/core/refusal.ts';
import type { Served } from '../../shared/core/usage.ts';
import type { Admitted, HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { PlainReader } from './metered-json.ts';
import { type OwningReader, owningMeter } from './own-created.ts';
import { insist, nameOf } from './settle.ts';
import { ToldReader } from './told-stream.ts';

/** Free calls whose answers may tell what another call came to: the one that made the object in their path. */
const TELLING: Readonly<Record<string, Deferred['kind']>> = {
  'chat.completions.retrieve': 'chat_completion',
  'chat.completions.update': 'chat_completion',
  'responses.retrieve': 'response',
  'responses.cancel': 'response',
  'batches.retrieve': 'batch',
  'batches.cancel': 'batch',
};

/** Free calls that delete what may tell what another call came to. */
const DELETING: Readonly<Record<string, Deferred['kind']>> = {
  'chat.completions.delete': 'chat_completion',
  'responses.delete': 'response',
};

/** By which rules that is read, which is told by the object itself. */
const READ_BY: Readonly<Partial<Record<Deferred['kind'], MeteredEndpoint>>> = {
  chat_completion: chatCompletions,
  response: responses,
};

/** What a free call's answer tells of; `undefined` where it tells of nothing that anybody waits for. */
export function tellsOf({ endpoint, objectId }: Admitted): Deferred | undefined {
  const kind = Object.hasOwn(TELLING, endpoint) ? TELLING[endpoint] : undefined;
  return kind === undefined || objectId === undefined ? undefined : { kind, object: objectId };
}

/** By which rules a JSON answer is read: a free one is read where it tells what another call came to. */
export function rulesFor(call: HeldCall): MeteredEndpoint | undefined {
  if (call.work.kind === 'metered') return call.work.rules;
  const told = tellsOf(call);
  return told === undefined ? undefined : READ_BY[told.kind];
}

/** Reads a free stream for what another call came to, and for what it shows that has no owner yet. */
export function freeStreamReader(call: HeldCall, deps: ProxyDeps): OwningReader {
  if (tellsOf(call)?.kind !== 'response') return { reader: new PlainReader(), written: async () => {} };
  const { meter, written } = owningMeter(call, responses.streamMeter({}), deps);
  return { reader: new ToldReader(meter), written };
}

/**
 * Leaves a call to whoever first sees what it cost. It never throws: where it cannot be written down, the call keeps
 * its hold, and the sweep books that after its lease.
 */
export async function defer(call: HeldCall, deferred: Deferred, deps: ProxyDeps): Promise<void> {
  const { call: entry } = call.held;
  const facts = { call: call.id, project: entry.project, user: entry.user, endpoint: entry.endpoint };
  await insist(facts, deps, async () => {
    await deps.ledger.defer(entry, deferred);
    deps.log.event('info', 'deferred', { ...facts, kind: deferred.kind, object: deferred.object });
  });
}

/** Settles the call that made what an answer told of. It never throws: what fails here, the sweep does. */
export async function settleTold(call: HeldCall, served: Served | undefined, deps: ProxyDeps): Promise<void> {
  const told = tellsOf(call);
  if (told === undefined || served === undefined) return;
  await quietly(call, deps, () => deps.deferrals.told(told, served));
}

/** A batch that has ended is settled by its files, which may take a moment. It never throws. */
export async function settleBatch(
  call: HeldCall,
  answer: JsonObject | undefined,
  deps: ProxyDeps,
): Promise<void> {
  const told = tellsOf(call);
  if (told?.kind !== 'batch' || answer === undefined || !isFinalBatch(answer)) return;
  await quietly(call, deps, () => deps.deferrals.look(told));
}

/** Before a caller is told of the files of its batches: they are whose the batch is. It never throws. */
export async function ownBatchFiles(call: HeldCall, answer: JsonObject, deps: ProxyDeps): Promise<void> {
  if (!tellsOfBatches(call)) return;
  const listed = call.endpoint === 'batches.list' ? listOf(answer['data']) : [answer];
  const batches = listed.filter(isObject).filter((batch) => batchFiles(batch).length > 0);
  if (batches.length === 0) return;
  await quietly(call, deps, async () => {
    const owners = await deps.objects.owners(batches.map(({ id }) => String(id)));
    const files = batches.flatMap((batch) => {
      const owner = owners.get(String(batch['id']));
      return owner === undefined ? [] : ownedFiles(batch, owner);
    });
    await deps.objects.own(files);
  });
}

export function tellsOfBatches({ endpoint }: Admitted): boolean {
  return endpoint.startsWith('batches.');
}

/**
 * Refuses to delete a response that OpenAI is still working on: nobody could tell any more what it cost. What has
 * ended is settled first.
 */
export async function settleFirst(call: Admitted, deps: ProxyDeps): Promise<Refusal | undefined> {
  const kind = Object.hasOwn(DELETING, call.endpoint) ? DELETING[call.endpoint] : undefined;
  if (kind === undefined || call.objectId === undefined) return undefined;
  const state = await deps.deferrals.look({ kind, object: call.objectId });
  return state === 'settled' ? undefined : STILL_RUNNING;
}

async function quietly(call: HeldCall, deps: ProxyDeps, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    deps.log.event('warn', 'deferred_unsettled', { call: call.id, fault: nameOf(error) });
  }
}

const STILL_RUNNING = invalidRequest(
  'response_in_progress',
  'This has not ended, so that what it costs is not known yet. Cancel it, or wait for it, and delete it then.',
);
