import { isObject } from '../../shared/core/json.ts';
import { NO_FILES } from './body.ts';
import { chatCompletions } from './chat.ts';
import { completions } from './completions.ts';
import { embeddings } from './embeddings.ts';
import { imageEdits, imageGenerations } from './images.ts';
import { moderations } from './moderations.ts';
import { refusable } from './refusable.ts';
import { createResponse } from './responses.ts';
import type { Endpoint, Simulation } from './simulation.ts';
import type { BatchLine } from './stored-jobs.ts';

/** The endpoints that take batches. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/v1/chat/completions': refusable(chatCompletions, 'chunk'),
  '/v1/completions': refusable(completions, 'chunk'),
  '/v1/embeddings': refusable(embeddings, 'chunk'),
  '/v1/images/edits': imageEdits,
  '/v1/images/generations': imageGenerations,
  '/v1/moderations': moderations,
  '/v1/responses': createResponse,
};

/** Reads a batch's file: its requests, or what is wrong with it, as OpenAI finds while it is validating. */
export function readLines(
  bytes: Uint8Array,
  endpoint: string,
): { readonly lines: readonly BatchLine[]; readonly errors: readonly object[] } {
  const texts = new TextDecoder().decode(bytes).split('\n');
  const lines: BatchLine[] = [];
  const errors: object[] = [];
  for (const [index, text] of texts.entries()) {
    if (text.trim() === '') continue;
    const line = lineOf(text, endpoint);
    if (line === undefined || lines.some(({ custom_id }) => custom_id === line.custom_id)) {
      errors.push({ code: 'invalid_request', line: index + 1, message: 'Invalid line.', param: null });
    } else lines.push(line);
  }
  if (!Object.hasOwn(ENDPOINTS, endpoint) || lines.length === 0)
    errors.push({ code: 'invalid_request', line: null, message: 'Nothing to run.', param: null });
  return { lines, errors };
}

function lineOf(text: string, endpoint: string): BatchLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    if (!isObject(line) || line['method'] !== 'POST' || line['url'] !== endpoint) return undefined;
    const { custom_id, body } = line;
    return typeof custom_id === 'string' && isObject(body) ? { custom_id, body } : undefined;
  } catch {
    return undefined;
  }
}

/** Runs a request as if it had come by itself, and gives it the shape of a line of the output. */
export function runLine({ custom_id, body }: BatchLine, endpoint: string, simulation: Simulation) {
  const query = new URLSearchParams();
  const reply = ENDPOINTS[endpoint]?.(
    { body, files: NO_FILES, id: '', part: '', query },
    asBatch(simulation),
  );
  const answer = reply?.kind === 'json' ? reply : { status: 500, body: {} };
  return {
    id: simulation.newId('batch_req_'),
    custom_id,
    response: {
      status_code: answer.status,
      request_id: simulation.newId('req_'),
      body: answer.body,
    },
    error: null,
  };
}

/** Whatever tier a request names, it is billed as part of a batch. */
function asBatch(simulation: Simulation): Simulation {
  return { ...simulation, bill: (served) => simulation.bill({ ...served, tier: 'batch' }) };
}
