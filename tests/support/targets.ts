import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createFunctionUrl, type FunctionUrlOptions } from '../../local/function-url.ts';
import { toFunctionUrlEvent } from '../../local/function-url-event.ts';
import type { ResponseSink } from '../../local/function-url-response.ts';
import { LOOPBACK, listen, type WireRequest } from '../../local/http.ts';
import {
  createContext,
  createResponseStream,
  installAwsLambda,
  type StreamingHandler,
} from '../../local/lambda-runtime.ts';
import { createPreludeReader, type Prelude } from '../../local/prelude.ts';
import { ACCOUNT_ID, type Person } from '../../local/principals.ts';
import { streamingHandler } from '../../shared/aws/streaming-handler.ts';
import { type Fetch, signedFetch } from './signed-fetch.ts';
import { PEOPLE, type Target, type World } from './world.ts';

/** The app itself, called as a function. */
export function inProcess(world: World): Target {
  return {
    name: 'in process',
    baseURL: 'https://farebox.test',
    fetchAs: (person) => async (input, init) => {
      const { userArn } = PEOPLE[person];
      const caller = { userArn, accountId: ACCOUNT_ID, ownerAccountId: ACCOUNT_ID };
      const exchange = await world.app(new Request(input, init), caller);
      return exchange.response;
    },
    close: async () => {},
  };
}

/** The Lambda entry, called with a function-URL event and a response stream as the runtime hands them over. */
export function lambdaEvent(world: World): Target {
  const handler = handlerOf(world);
  return {
    name: 'as a Lambda stream event',
    baseURL: 'https://abc.lambda-url.us-east-1.on.aws',
    fetchAs: (person) => (input, init) => viaEvent(handler, person, new Request(input, init)),
    close: async () => {},
  };
}

/** The function URL of the local stack, over HTTP, with signed requests. */
export function functionUrl(world: World): Promise<Target> {
  const handler = handlerOf(world);
  return serveFunctionUrl('through the local function URL', world, (event, sink, requestId) =>
    invoke(handler, event, sink, requestId),
  );
}

/** A function URL of the local stack in front of a function, however that runs. */
export async function serveFunctionUrl(
  name: string,
  { logs }: Pick<World, 'logs'>,
  invoke: FunctionUrlOptions['invoke'],
): Promise<Target> {
  const principals = Object.values(PEOPLE);
  const server = createFunctionUrl({ apiId: 'abc', principals, invoke, log: (line) => logs.push(line) });
  const port = await listen(server, 0);
  return {
    name,
    baseURL: `http://${LOOPBACK}:${port}`,
    fetchAs: (person) => signedFetch(PEOPLE[person]),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function handlerOf(world: World): StreamingHandler {
  installAwsLambda();
  return streamingHandler(world.app) as unknown as StreamingHandler;
}

async function invoke(
  handler: StreamingHandler,
  event: unknown,
  sink: ResponseSink,
  requestId: string,
): Promise<void> {
  const { stream, ended } = createResponseStream(sink);
  await handler(event, stream, createContext('openai-proxy-dev', requestId));
  if (!ended()) throw new Error('the handler returned before it ended its stream');
}

/** Hands the Lambda entry a request just as it stood on the wire, however malformed. */
export function wireEvent(world: World): (person: Person, wire: WireRequest) => Promise<Response> {
  const handler = handlerOf(world);
  return (person, wire) => viaWire(handler, person, wire);
}

async function viaEvent(handler: StreamingHandler, person: Person, request: Request): ReturnType<Fetch> {
  const url = new URL(request.url);
  const headers = [...request.headers];
  const wire: WireRequest = {
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    headers: [['host', url.host], ...headers],
    body: Buffer.from(await request.arrayBuffer()),
  };
  return viaWire(handler, person, wire);
}

function viaWire(handler: StreamingHandler, person: Person, wire: WireRequest): Promise<Response> {
  const requestId = randomUUID();
  const arrival = { requestId, at: Date.now(), apiId: 'abc', sourceIp: '192.0.2.1' };
  const event = toFunctionUrlEvent(wire, PEOPLE[person], arrival);
  const reader = createPreludeReader();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 4 });
  const writer = writable.getWriter();
  const answer = Promise.withResolvers<Response>();
  let answered = false;
  // A reader that cancels is a client that leaves.
  const left = writer.closed.then(
    () => undefined,
    () => true,
  );
  const sink: ResponseSink = {
    onGone: (tell) => void left.then((isGone) => isGone && tell()),
    start: () => {},
    fail: () => answer.reject(new Error('the function failed')),
    write(chunk, done) {
      const body = reader.push(chunk);
      const prelude = reader.prelude();
      if (prelude !== undefined && !answered) {
        answered = true;
        answer.resolve(responseOf(prelude, readable));
      }
      if (body === undefined || body.length === 0) return done();
      writer.write(body).then(done, done);
    },
    end: () => void writer.close().catch(() => undefined),
  };
  invoke(handler, event, sink, requestId).catch(answer.reject);
  return answer.promise;
}

function responseOf(prelude: Prelude, body: ReadableStream<Uint8Array>): Response {
  const headers = Object.entries(prelude.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const bodiless = [204, 205, 304].includes(prelude.statusCode);
  return new Response(bodiless ? null : body, { status: prelude.statusCode, headers });
}
