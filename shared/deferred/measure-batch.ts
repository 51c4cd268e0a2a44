import { type BatchContext, BatchInput, type FreeBatch, type MeasuredBatch } from '../core/batch-input.ts';
import { LineSplitter } from '../core/lines.ts';
import { invalidRequest, REFUSAL, type Refusal } from '../core/refusal.ts';
import type { Upstream } from '../ports/upstream.ts';
import { readAll } from './ask.ts';

/** OpenAI takes no larger file for a batch ("Batch API" guide). */
const MAX_BYTES = 200 * 1024 * 1024;

export interface BatchFile extends BatchContext {
  readonly id: string;
  /** A longer line is refused, in bytes: no request may be longer. */
  readonly maxLineBytes: number;
}

/** Reads a batch's file, a line at a time, for what its requests can cost at most. */
export async function measureBatch(
  file: BatchFile,
  upstream: Upstream,
  signal: AbortSignal,
): Promise<MeasuredBatch | FreeBatch | Refusal> {
  const lines = new LineSplitter(file.maxLineBytes);
  const input = new BatchInput(file);
  let bytes = 0;
  let refusal: Refusal | undefined;
  const read = await readAll(upstream, `/files/${encodeURIComponent(file.id)}/content`, signal, (chunk) => {
    bytes += chunk.byteLength;
    refusal = bytes > MAX_BYTES ? TOO_LARGE : undefined;
    for (const line of lines.push(chunk)) refusal ??= input.add(line);
    if (lines.tooLong()) refusal ??= lineTooLong(file.maxLineBytes);
    return refusal === undefined ? undefined : 'stop';
  });
  if (read.kind === 'gone') return GONE;
  if (read.kind === 'unknown') return UNREAD;
  return refusal ?? input.add(lines.end()) ?? input.end();
}

function lineTooLong(most: number): Refusal {
  return invalidRequest('invalid_batch', `A line of the input file is longer than ${most} bytes.`, {
    param: 'input_file_id',
  });
}

const TOO_LARGE = invalidRequest(
  'invalid_batch',
  'The input file is larger than 200 MB. Make several batches.',
  {
    param: 'input_file_id',
  },
);
const GONE = invalidRequest('not_found', 'OpenAI has no such file, or does not give its content.', {
  param: 'input_file_id',
  status: 404,
});
const UNREAD: Refusal = {
  kind: REFUSAL,
  status: 502,
  type: 'server_error',
  code: 'upstream_unreachable',
  message: 'The input file cannot be read at OpenAI, so nothing was forwarded. Try again in a moment.',
};
