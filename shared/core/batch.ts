import type { MeteredEndpoint, WorstCase } from './endpoint.ts';
import { chatCompletions } from './endpoints/chat-completions.ts';
import { completions } from './endpoints/completions.ts';
import { embeddings } from './endpoints/embeddings.ts';
import { imageEdits, imageGenerations } from './endpoints/images.ts';
import { moderations } from './endpoints/moderations.ts';
import { knownMembers } from './endpoints/request-members.ts';
import { responses } from './endpoints/responses.ts';
import { unstreamed } from './endpoints/unstreamed.ts';
import type { JsonObject } from './json.ts';
import { textOf } from './json-members.ts';
import { listingFacts } from './listed-objects.ts';
import { isObjectId, type StoredObject } from './objects.ts';
import type { Refusal } from './refusal.ts';
import { firstRefusal, objects, refuseMember, refuseUnmetered } from './request-checks.ts';

/**
 * The endpoints whose requests can be in a batch, by their names there, and how each is metered: all that OpenAI takes
 * (API reference of batches) but videos, which are not served.
 */
const ENDPOINTS: Readonly<Record<string, MeteredEndpoint>> = {
  '/v1/chat/completions': chatCompletions,
  '/v1/completions': completions,
  '/v1/embeddings': embeddings,
  '/v1/images/edits': imageEdits,
  '/v1/images/generations': imageGenerations,
  '/v1/moderations': moderations,
  '/v1/responses': responses,
};

/** Statuses of a batch that OpenAI works on no more. */
const FINAL_STATUSES = new Set(['completed', 'failed', 'expired', 'cancelled']);

/** What is looked at of a batch. */
export const BATCH_READS = {
  id: true,
  status: true,
  endpoint: true,
  output_file_id: true,
  error_file_id: true,
  request_counts: true,
  finalizing_at: true,
  completed_at: true,
  failed_at: true,
  cancelled_at: true,
  expired_at: true,
} as const;

/** How the requests of a batch are metered; `undefined` for an endpoint that no batch can have here. */
export function batchedEndpoint(name: unknown): MeteredEndpoint | undefined {
  return typeof name === 'string' && Object.hasOwn(ENDPOINTS, name) ? ENDPOINTS[name] : undefined;
}

/** What a request of such a batch calls the maximum of its output. */
export function maximumIn(endpoint: string): string {
  const names: Readonly<Record<string, string>> = {
    '/v1/chat/completions': 'max_completion_tokens',
    '/v1/responses': 'max_output_tokens',
  };
  return names[endpoint] ?? 'max_tokens';
}

/** Whether a batch of this endpoint costs nothing, whatever is in its file: `BatchInput` lets in only what is free. */
export function isFreeBatch(name: unknown): boolean {
  return name === '/v1/moderations';
}

const CHECKS = [
  knownMembers('batches'),
  namesFile,
  namesEndpoint,
  namesWindow,
  objects('metadata', 'output_expires_after'),
];

/** Refuses a batch that cannot be bounded, as far as its request shows. */
export function checkBatch(body: JsonObject): Refusal | undefined {
  return firstRefusal(body, CHECKS);
}

/**
 * A batch as a metered call: what it costs at most was read from its file, and what it cost is told when it has ended.
 *
 * @param worst of all lines together
 */
export function batchRules(worst: WorstCase): MeteredEndpoint {
  return {
    check: checkBatch,
    worstCase: () => worst,
    withOutputCap: (body) => body,
    forMetering: (body) => body,
    reads: BATCH_READS,
    served: () => undefined,
    goesOn: () => true,
    deferred: ({ id }) =>
      typeof id === 'string' && isObjectId(id) ? { kind: 'batch', object: id } : undefined,
    streamMeter: unstreamed,
    cacheable: () => false,
  };
}

export function isFinalBatch({ status }: JsonObject): boolean {
  return typeof status === 'string' && FINAL_STATUSES.has(status);
}

/** The files that a batch has made: what came of its requests, and what failed. */
export function batchFiles({ output_file_id, error_file_id }: JsonObject): readonly string[] {
  return [textOf(output_file_id), textOf(error_file_id)].filter(
    (id) => id !== undefined && id !== '',
  ) as string[];
}

/** What a batch made is its owner's. */
export function ownedFiles(batch: JsonObject, owner: Omit<StoredObject, 'id' | 'kind'>): StoredObject[] {
  const { project, user, call } = owner;
  const { completed_at, cancelled_at, expired_at, finalizing_at } = batch;
  const createdAt = [completed_at, cancelled_at, expired_at, finalizing_at].find(Number.isSafeInteger);
  return batchFiles(batch).map((id) => ({
    id,
    ...listingFacts('file', { created_at: createdAt, purpose: 'batch_output' }),
    kind: 'file',
    project,
    user,
    ...(call === undefined ? {} : { call }),
  }));
}

function namesFile({ input_file_id: id }: JsonObject): Refusal | undefined {
  return typeof id === 'string' && /^[\w-]+$/.test(id)
    ? undefined
    : refuseMember('input_file_id', 'input_file_id must be the id of a file of requests.');
}

function namesEndpoint({ endpoint }: JsonObject): Refusal | undefined {
  return batchedEndpoint(endpoint) === undefined
    ? refuseUnmetered('endpoint', `endpoint must be one of ${Object.keys(ENDPOINTS).join(', ')}.`)
    : undefined;
}

/** Other windows could have other prices. */
function namesWindow({ completion_window: window }: JsonObject): Refusal | undefined {
  return window === '24h' ? undefined : refuseMember('completion_window', 'completion_window must be "24h".');
}
