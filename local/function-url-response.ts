import type { ServerResponse } from 'node:http';
import { PRELUDE_CONTENT_TYPE, type StreamSink } from './lambda-runtime.ts';
import { createPreludeReader, type PreludeReader } from './prelude.ts';

/** Headers of a connection, which the function URL manages itself. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

export interface ResponseSink extends StreamSink {
  /** Ends the answer after a fault of the function: a 502 while nothing went out, else a cut connection. */
  fail(): void;
}

/**
 * Writes a function's stream as an HTTP answer, no faster than the client takes it. When the client leaves, the
 * function can hear of it, as it cannot on AWS; what it writes from then on goes nowhere.
 */
export function createResponseSink(response: ServerResponse, requestId: string): ResponseSink {
  let reader: PreludeReader | undefined;
  let gone = response.destroyed;
  let broken = false;
  let tell = () => {};
  response.on('error', () => undefined);
  response.on('close', () => {
    gone = true;
    if (!broken && !response.writableFinished) tell();
  });

  const fail = () => {
    broken = true;
    if (response.writableEnded) return;
    if (response.headersSent) response.destroy();
    else sendFailure(response, requestId);
  };

  const head = (sink: PreludeReader) => {
    const prelude = sink.prelude();
    if (prelude === undefined || response.headersSent) return;
    const headers = Object.entries(prelude.headers).filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()));
    for (const [name, value] of headers) response.setHeader(name, String(value));
    if (prelude.cookies.length > 0) response.setHeader('set-cookie', prelude.cookies);
    response.setHeader('x-amzn-requestid', requestId);
    response.writeHead(prelude.statusCode);
    response.flushHeaders();
  };

  const take = (chunk: Buffer): Buffer | undefined => {
    if (reader === undefined) return chunk;
    const body = reader.push(chunk);
    head(reader);
    return body;
  };

  return {
    fail,
    start(contentType) {
      if (contentType === PRELUDE_CONTENT_TYPE) reader = createPreludeReader();
      else if (!gone) response.writeHead(200, { 'content-type': contentType, 'x-amzn-requestid': requestId });
    },
    write(chunk, done) {
      if (gone || broken) return done();
      let body: Buffer | undefined;
      try {
        body = take(chunk);
      } catch {
        // A prelude that is none: whatever follows it has no head to go under.
        fail();
        return done();
      }
      if (body === undefined || body.length === 0 || response.write(body)) return done();
      onceRoom(response, done);
    },
    end() {
      if (gone || broken) return;
      if (response.headersSent) response.end();
      else fail();
    },
    onGone(listener) {
      tell = listener;
      if (gone && !response.writableFinished) tell();
    },
  };
}

function onceRoom(response: ServerResponse, done: () => void): void {
  const proceed = () => {
    response.off('drain', proceed);
    response.off('close', proceed);
    done();
  };
  response.once('drain', proceed);
  response.once('close', proceed);
}

function sendFailure(response: ServerResponse, requestId: string): void {
  const body = 'Internal Server Error';
  response.writeHead(502, {
    'content-type': 'text/plain',
    'content-length': body.length,
    'x-amzn-requestid': requestId,
  });
  response.end(body);
}
