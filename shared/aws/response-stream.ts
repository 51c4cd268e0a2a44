import type { Writable } from 'node:stream';

/** What goes out before the first byte of a streamed Lambda answer. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly cookies: string[];
}

/** Puts the head on a response stream; in Lambda, `awslambda.HttpResponseStream.from`. */
export type WithHead = (stream: Writable, head: ResponseHead) => Writable;

/** A function URL is reported to hang on an answer without a byte, so an empty body gets this one. */
const ONE_BYTE = '\n';

/**
 * Writes a `Response` to a Lambda response stream, at the pace at which it is taken. When the stream breaks, the
 * response's body is cancelled. Returns when all is written; never throws because of the stream.
 */
export async function writeResponse(response: Response, raw: Writable, withHead: WithHead): Promise<void> {
  const gone = new Promise<'gone'>((resolve) => {
    raw.once('error', () => resolve('gone'));
    raw.once('close', () => resolve('gone'));
  });
  const stream = withHead(raw, headOf(response));
  if (stream !== raw) stream.on('error', () => raw.destroy());
  const reader = response.body?.getReader();
  let wrote = false;
  for (;;) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) break;
    if (chunk.value.byteLength === 0) continue;
    wrote = true;
    const room = stream.write(chunk.value);
    const state = room ? 'room' : await Promise.race([happened(stream, 'drain'), gone]);
    if (state === 'gone' || raw.destroyed) {
      await reader?.cancel('the caller is gone');
      return;
    }
  }
  if (!wrote) stream.write(ONE_BYTE);
  stream.end();
  await Promise.race([happened(raw, 'finish'), gone]);
}

function headOf(response: Response): ResponseHead {
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => {
    if (name !== 'set-cookie') headers[name] = value;
  });
  return { statusCode: response.status, headers, cookies: response.headers.getSetCookie() };
}

function happened(stream: Writable, event: 'drain' | 'finish'): Promise<'room'> {
  return new Promise((resolve) => stream.once(event, () => resolve('room')));
}
