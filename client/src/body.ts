/** The most that a Lambda function URL takes, in bytes. Source: AWS documentation, "Lambda quotas". */
export const MOST_BODY_BYTES = 6 * 1024 * 1024;

/**
 * Reads a request's body whole, since the signature covers it: a stream is read to its end before the first byte goes
 * out, up to the 6 MB that a Lambda function URL takes.
 *
 * @returns `undefined` where there is none, `too large` where it has more; the rest of it is then not read
 */
export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer> | undefined | 'too large'> {
  if (request.body === null) return undefined;
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > MOST_BODY_BYTES) {
      await reader.cancel();
      return 'too large';
    }
    chunks.push(value);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}
