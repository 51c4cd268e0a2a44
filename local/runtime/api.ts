import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { InvocationResult } from '../invocation.ts';
import type { StreamSink } from '../lambda-runtime.ts';
import { closedToWebPages } from '../web-pages.ts';

/** What a runtime is given to do. */
export interface Invocation {
  readonly requestId: string;
  /** JSON. */
  readonly payload: string;
  readonly functionArn: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

/** What a sandbox hears from the runtime in it, and answers. */
export interface RuntimeListener {
  /** The runtime is done with all that it had to do, and waits for more. */
  next(): Promise<Invocation>;
  /** Where the answer to the invocation under way goes; `collect` when all of it is wanted at once. */
  sinkOf(requestId: string): StreamSink | 'collect' | undefined;
  /** The invocation has been answered; the runtime may still be busy with it. */
  answered(requestId: string, result: InvocationResult): void;
  /** The function could not be loaded; the runtime ends next. */
  initFailed(error: FunctionError): void;
}

export type FunctionError = Extract<InvocationResult, { kind: 'threw' }>['error'];

const PREFIX = '/2018-06-01/runtime/';
const ANSWER = /^invocation\/([^/]+)\/(response|error)$/;
const ERROR_TYPE = 'lambda-runtime-function-error-type';
const ERROR_BODY = 'lambda-runtime-function-error-body';
const ERROR = z.object({
  errorType: z.string().default('Error'),
  errorMessage: z.string().default(''),
  trace: z.array(z.string()).default([]),
});

/**
 * The Runtime API, as Lambda serves it to the runtime of one sandbox.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, and of streamed answers, whose trailers
 * carry a fault in their middle, https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
 */
export function createRuntimeApi(listener: RuntimeListener): Server {
  // It asks for no signature: whoever reaches it is given what callers sent.
  const server = closedToWebPages(
    createServer((request, response) => {
      // What breaks here is the connection to a runtime that dies, and the sandbox knows of that.
      serve(request, response, listener).catch(() => response.destroy());
    }),
  );
  // A runtime may think for as long as its function runs, and sleep for as long as nobody calls it.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse, listener: RuntimeListener) {
  const path = (request.url ?? '').replace(PREFIX, '');
  if (request.method === 'GET' && path === 'invocation/next')
    return sendNext(response, await listener.next());
  if (request.method === 'POST' && path === 'init/error') {
    listener.initFailed(readError(await text(request)));
    return send(response, 202, { status: 'OK' });
  }
  const [, requestId, kind] = ANSWER.exec(path) ?? [];
  if (request.method !== 'POST' || requestId === undefined)
    return send(response, 404, { errorType: 'NotFound', errorMessage: `No such resource: ${path}` });
  const sink = listener.sinkOf(requestId);
  if (sink === undefined)
    return send(response, 400, { errorType: 'InvalidRequestID', errorMessage: 'Not under way' });
  listener.answered(
    requestId,
    kind === 'error'
      ? { kind: 'threw', error: readError(await text(request)) }
      : await takeAnswer(request, sink),
  );
  send(response, 202, { status: 'OK' });
}

function sendNext(response: ServerResponse, invocation: Invocation): void {
  const { requestId, payload, functionArn, deadline } = invocation;
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(payload),
    'lambda-runtime-aws-request-id': requestId,
    'lambda-runtime-deadline-ms': deadline,
    'lambda-runtime-invoked-function-arn': functionArn,
    'lambda-runtime-trace-id': `Root=1-${requestId.slice(0, 8)}-${requestId.replaceAll('-', '').slice(8)}`,
  });
  response.end(payload);
}

async function takeAnswer(request: IncomingMessage, sink: StreamSink | 'collect'): Promise<InvocationResult> {
  if (sink === 'collect') return { kind: 'returned', payload: await text(request) };
  let started = false;
  const start = () => {
    if (!started) sink.start(request.headers['content-type'] ?? 'application/octet-stream');
    started = true;
  };
  for await (const chunk of request as AsyncIterable<Buffer>) {
    start();
    await new Promise<void>((taken) => sink.write(chunk, taken));
  }
  if (request.trailers[ERROR_TYPE] !== undefined) {
    const body = Buffer.from(request.trailers[ERROR_BODY] ?? '', 'base64').toString('utf8');
    return { kind: 'threw', error: readError(body) };
  }
  start();
  sink.end();
  return { kind: 'returned', payload: '' };
}

function readError(body: string): FunctionError {
  try {
    return ERROR.parse(JSON.parse(body));
  } catch {
    return { errorType: 'Runtime.Unknown', errorMessage: body, trace: [] };
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
