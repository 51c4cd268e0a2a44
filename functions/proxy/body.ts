import { invalidRequest, type Refusal } from '../../shared/core/refusal.ts';

/**
 * Reads a request's body, no further than its limit.
 *
 * @param maxBytes a larger body is refused with 413; Lambda function URLs take 6 MB (AWS documentation, "Lambda
 *   quotas")
 * @returns `undefined` when there is none
 */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array | undefined | Refusal> {
  if (request.body === null) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > maxBytes) return tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(maxBytes: number): Refusal {
  return invalidRequest(
    'request_too_large',
    `The request body is larger than ${maxBytes} bytes, the most that this proxy takes. Send less, or refer to files by URL.`,
    { status: 413 },
  );
}
