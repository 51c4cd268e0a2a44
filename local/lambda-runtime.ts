import { Writable } from 'node:stream';
import type { Context } from 'aws-lambda';
import { ACCOUNT_ID, REGION } from './principals.ts';

/*
 * A stand-in for the global `awslambda` and the response stream of Lambda's Node runtime, with the traps of the
 * real ones. Source: aws/aws-lambda-nodejs-runtime-interface-client, src/HttpResponseStream.js and
 * src/ResponseStream.js.
 */

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
export const PRELUDE_CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response';

/** The longest that a function may run on Lambda, in milliseconds. */
const TIMEOUT_MS = 900_000;

export type Handler = (event: unknown, context: Context) => unknown;
export type StreamingHandler = (event: unknown, stream: object, context: Context) => unknown;

/** Puts the global `awslambda` in place, as Lambda does before it loads a function. */
export function installAwsLambda(): void {
  const awslambda = {
    streamifyResponse: (handler: StreamingHandler): StreamingHandler =>
      Object.assign(handler, { [STREAMING]: 'response' }),
    HttpResponseStream: {
      from(stream: ResponseStream, prelude: unknown): ResponseStream {
        stream.setContentType(PRELUDE_CONTENT_TYPE);
        const metadata = JSON.stringify(prelude);
        stream._onBeforeFirstWrite = (write) => {
          write(metadata);
          write(new Uint8Array(8));
        };
        return stream;
      },
    },
  };
  Object.assign(globalThis, { awslambda });
}

/** Whether a handler was made by `awslambda.streamifyResponse`. */
export function isStreaming(handler: object): boolean {
  return STREAMING in handler && handler[STREAMING] === 'response';
}

interface ResponseStream {
  setContentType(type: string): void;
  _onBeforeFirstWrite?: ((write: (chunk: string | Uint8Array) => void) => void) | undefined;
}

/** Where a function's stream ends up. */
export interface StreamSink {
  /** Called before the first byte: the content type that the function set. */
  start(contentType: string): void;
  /** Takes a chunk; `done` is called when there is room for more. */
  write(chunk: Buffer, done: () => void): void;
  end(): void;
  /** Calls back, once, if the client leaves before the answer ended. */
  onGone(tell: () => void): void;
}

type Callback = (error?: Error | null) => void;

class RuntimeStream extends Writable implements ResponseStream {
  _onBeforeFirstWrite: ((write: (chunk: string | Uint8Array) => void) => void) | undefined;
  readonly #sink: StreamSink;
  #contentType = 'application/octet-stream';
  #writing = false;
  #started = false;

  constructor(sink: StreamSink) {
    super();
    this.#sink = sink;
  }

  setContentType(type: string): void {
    if (this.#writing) throw new Error('Cannot set content-type, too late.');
    this.#contentType = type;
  }

  /** As on Lambda: the prelude goes out with the first `write`, and with it alone, not with `end(chunk)`. */
  override write(chunk: unknown, encoding?: BufferEncoding | Callback, callback?: Callback): boolean {
    if (!this.#writing) {
      this._onBeforeFirstWrite?.((part) => super.write(part));
      this.#writing = true;
    }
    const bytes = typeof chunk === 'string' || isPlainBytes(chunk) ? chunk : JSON.stringify(chunk);
    return typeof encoding === 'string'
      ? super.write(bytes, encoding, callback)
      : super.write(bytes, encoding ?? callback);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Callback): void {
    this.#start();
    this.#sink.write(chunk, () => done());
  }

  override _final(done: Callback): void {
    this.#start();
    this.#sink.end();
    done();
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#sink.start(this.#contentType);
  }
}

/**
 * Makes the stream that a streaming handler is given: no `Writable`, but an object with a part of its methods. It is
 * closed when the client leaves, which AWS does not do: there, a function never learns of it.
 */
export function createResponseStream(sink: StreamSink): { stream: object; ended: () => boolean } {
  const inner = new RuntimeStream(sink);
  let gone = false;
  sink.onGone(() => {
    gone = true;
    inner.destroy();
  });
  // What follows a fault is the handler's to see; without a listener it would end the process, as on Lambda.
  const stream = Object.create(null, {
    ...Object.fromEntries(METHODS.map((name) => [name, { value: inner[name].bind(inner) }])),
    ...Object.fromEntries(GETTERS.map((name) => [name, { get: () => inner[name] }])),
    _onBeforeFirstWrite: {
      get: () => inner._onBeforeFirstWrite,
      set: (value: RuntimeStream['_onBeforeFirstWrite']) => {
        inner._onBeforeFirstWrite = value;
      },
    },
  });
  return { stream, ended: () => gone || inner.writableEnded };
}

const METHODS = [
  'cork',
  'destroy',
  'end',
  'uncork',
  'write',
  'addListener',
  'emit',
  'eventNames',
  'getMaxListeners',
  'listenerCount',
  'listeners',
  'off',
  'on',
  'once',
  'prependListener',
  'prependOnceListener',
  'rawListeners',
  'removeAllListeners',
  'removeListener',
  'setMaxListeners',
  'setContentType',
] as const;

const GETTERS = [
  'destroyed',
  'writable',
  'writableFinished',
  'writableObjectMode',
  'writableEnded',
  'writableNeedDrain',
  'writableHighWaterMark',
  'writableCorked',
  'writableLength',
] as const;

/** The context of one invocation. */
export function createContext(functionName: string, requestId: string): Context {
  const started = Date.now();
  const refuse = () => {
    throw new Error('context.done, fail and succeed are not part of the Node 22 runtime: return a promise');
  };
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn(functionName),
    memoryLimitInMB: '512',
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, started + TIMEOUT_MS - Date.now()),
    done: refuse,
    fail: refuse,
    succeed: refuse,
  };
}

export function functionArn(functionName: string): string {
  return `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${functionName}`;
}

/** What the runtime writes as it is; anything else, other views of memory included, it turns into JSON. */
function isPlainBytes(chunk: unknown): chunk is Uint8Array {
  return Buffer.isBuffer(chunk) || (chunk instanceof Uint8Array && chunk.constructor === Uint8Array);
}
