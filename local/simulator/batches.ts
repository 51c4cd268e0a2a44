import { isObject } from '../../shared/core/json.ts';
import { readLines, runLine } from './batch-lines.ts';
import { keepFile } from './files.ts';
import { page } from './listing.ts';
import { apiError, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import type { Ended, StoredBatch } from './stored-jobs.ts';

/** How long OpenAI takes to cancel a batch, as part of the time that it takes for one. */
const CANCELLING = 0.1;

/** `POST /batches` */
export function createBatch({ body }: EndpointRequest, simulation: Simulation): Reply {
  const { input_file_id: inputFile, endpoint, completion_window: window } = body;
  const file = typeof inputFile === 'string' ? simulation.files.get(inputFile) : undefined;
  if (file === undefined)
    return apiError(400, `No such File object: ${inputFile}`, { param: 'input_file_id' });
  if (file.purpose !== 'batch')
    return apiError(400, "The file's purpose must be 'batch'.", { param: 'input_file_id' });
  if (window !== '24h')
    return apiError(400, "completion_window must be '24h'.", { param: 'completion_window' });
  if (typeof endpoint !== 'string') return apiError(400, 'endpoint must be a string.', { param: 'endpoint' });
  const now = simulation.nowMs();
  const batch: StoredBatch = {
    id: simulation.newId('batch_'),
    endpoint,
    inputFile: file.id,
    metadata: isObject(body['metadata']) ? body['metadata'] : null,
    ...readLines(file.bytes, endpoint),
    createdAt: now,
    endsAt: now + simulation.jobMs,
  };
  simulation.batches.set(batch.id, batch);
  return ok(wireBatch(batch, simulation));
}

/** `GET /batches/{id}` */
export function getBatch({ id }: EndpointRequest, simulation: Simulation): Reply {
  const batch = simulation.batches.get(id);
  return batch === undefined ? noSuchBatch(id) : ok(wireBatch(batch, simulation));
}

/** `GET /batches` */
export function listBatches({ query }: EndpointRequest, simulation: Simulation): Reply {
  return ok(
    page(
      [...simulation.batches.values()].map((batch) => wireBatch(batch, simulation)),
      query,
    ),
  );
}

/** `POST /batches/{id}/cancel` */
export function cancelBatch({ id }: EndpointRequest, simulation: Simulation): Reply {
  const batch = simulation.batches.get(id);
  if (batch === undefined) return noSuchBatch(id);
  if (statusOf(batch, simulation) in FINAL)
    return apiError(409, `Cannot cancel a batch with status '${statusOf(batch, simulation)}'.`);
  batch.cancelledAt ??= simulation.nowMs();
  return ok(wireBatch(batch, simulation));
}

const FINAL = { completed: true, cancelled: true, failed: true } as const;
type Status = keyof typeof FINAL | 'validating' | 'in_progress' | 'finalizing' | 'cancelling';

function statusOf(batch: StoredBatch, simulation: Simulation): Status {
  const { createdAt, endsAt, cancelledAt } = batch;
  const now = simulation.nowMs();
  const duration = endsAt - createdAt;
  const part = duration === 0 ? 1 : (now - createdAt) / duration;
  if (part < 0.25 && cancelledAt === undefined) return 'validating';
  if (batch.errors.length > 0) return 'failed';
  if (cancelledAt !== undefined) {
    if (now < cancelledAt + duration * CANCELLING) return 'cancelling';
    return end(batch, simulation, Math.ceil((batch.lines.length * (cancelledAt - createdAt)) / duration))
      .status;
  }
  if (part < 0.75) return 'in_progress';
  return part < 1 ? 'finalizing' : end(batch, simulation, batch.lines.length).status;
}

/** Runs as many lines as there was time for, once, and writes down what came of them. */
function end(batch: StoredBatch, simulation: Simulation, most: number): Ended {
  if (batch.ended !== undefined) return batch.ended;
  const run = batch.lines.slice(0, most).map((line) => runLine(line, batch.endpoint, simulation));
  const rest = batch.lines.slice(most).map(({ custom_id }) => notRun(custom_id, simulation));
  const answered = run.filter(({ response }) => response.status_code === 200);
  const failed = [...run.filter(({ response }) => response.status_code !== 200), ...rest];
  const outputFile = keepLines('output', answered, simulation);
  const errorFile = keepLines('error', failed, simulation);
  batch.ended = {
    status: batch.cancelledAt === undefined ? 'completed' : 'cancelled',
    ...(outputFile === undefined ? {} : { outputFile }),
    ...(errorFile === undefined ? {} : { errorFile }),
    completed: answered.length,
    failed: failed.length,
  };
  return batch.ended;
}

function notRun(custom_id: string, { newId }: Simulation) {
  const error = { code: 'batch_cancelled', message: 'This request was not run, as the batch was cancelled.' };
  return { id: newId('batch_req_'), custom_id, response: null, error };
}

function keepLines(name: string, lines: readonly object[], simulation: Simulation): string | undefined {
  if (lines.length === 0) return undefined;
  const bytes = new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return keepFile({ bytes, filename: `batch_${name}.jsonl`, purpose: 'batch_output' }, simulation).id;
}

function wireBatch(batch: StoredBatch, simulation: Simulation) {
  const status = statusOf(batch, simulation);
  const seconds = (at: number | undefined) => (at === undefined ? null : Math.floor(at / 1000));
  const { ended, lines } = batch;
  const shows = ended !== undefined && !simulation.faults.hidesFiles();
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    errors: status === 'failed' ? { object: 'list', data: batch.errors } : null,
    input_file_id: batch.inputFile,
    completion_window: '24h',
    status,
    output_file_id: (shows ? ended.outputFile : undefined) ?? null,
    error_file_id: (shows ? ended.errorFile : undefined) ?? null,
    created_at: seconds(batch.createdAt),
    expires_at: seconds(batch.createdAt + 86_400_000),
    completed_at: status === 'completed' ? seconds(batch.endsAt) : null,
    cancelled_at: status === 'cancelled' ? seconds(batch.cancelledAt) : null,
    request_counts: {
      total: batch.errors.length > 0 ? 0 : lines.length,
      completed: ended?.completed ?? 0,
      failed: ended?.failed ?? 0,
    },
    metadata: batch.metadata,
  };
}

function noSuchBatch(id: string): JsonReply {
  return apiError(404, `No batch found with id '${id}'.`);
}
