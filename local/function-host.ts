import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { createFunctionUrl } from './function-url.ts';
import { listen } from './http.ts';
import {
  type FromHost,
  type HOST_START,
  type Invocable,
  type InvocationResult,
  TO_HOST,
} from './invocation.ts';
import {
  createContext,
  createResponseStream,
  type Handler,
  installAwsLambda,
  isStreaming,
  type StreamingHandler,
  type StreamSink,
} from './lambda-runtime.ts';

/*
 * The process of one stage's functions: what Lambda would run in sandboxes. It gets the functions' configuration in
 * its environment, as on Lambda, and its orders from the stack over the IPC channel, whose end is its own.
 */

const SWEEP_EVERY_MS = 60_000;
const DEEP_SWEEP_EVERY_MS = 3_600_000;
const RECONCILE_EVERY_MS = 86_400_000;
/** How long a stopping host lets calls in flight finish. */
const GRACE_MS = 2_000;

type Start = z.infer<typeof HOST_START>;

let inFlight = 0;

process.on('SIGINT', () => undefined);
process.on('SIGTERM', stop);
installAwsLambda();

process.once('message', async (message) => {
  const start = TO_HOST.parse(message);
  if (start.kind !== 'start') throw new Error('a function host must be started first');
  await run(start);
});

async function run({ stage, port, modules, principals }: Start): Promise<void> {
  const proxy = await load(modules.proxy);
  if (!isStreaming(proxy))
    throw new Error(`${modules.proxy}: handler was not made by awslambda.streamifyResponse`);
  const functions: Record<Invocable, Handler> = {
    admin: await load(modules.admin),
    sweep: await load(modules.sweep),
  };
  const invoke = (name: Invocable, payload: string) =>
    tracked(() => invokeFunction(functions[name], `openai-${name}-${stage}`, payload));

  process.on('message', async (order) => {
    const wanted = TO_HOST.parse(order);
    if (wanted.kind !== 'invoke') return;
    send({ kind: 'result', id: wanted.id, result: await invoke(wanted.function, wanted.payload) });
  });

  const server = createFunctionUrl({
    apiId: `local-${stage}`,
    principals,
    log: console.error,
    invoke: (event, sink, requestId) =>
      tracked(() => invokeStreaming(proxy, event, sink, createContext(`openai-proxy-${stage}`, requestId))),
  });
  const listening = await listen(server, port);
  schedule(SWEEP_EVERY_MS, () => invoke('sweep', '{}'));
  schedule(DEEP_SWEEP_EVERY_MS, () => invoke('sweep', '{"deep":true}'));
  if (process.env['OPENAI_ADMIN_SECRET_ARN'] !== undefined)
    schedule(RECONCILE_EVERY_MS, () => invoke('admin', '{"command":"reconcile","alarm":true}'));
  send({ kind: 'ready', port: listening });
}

async function load(path: string): Promise<Handler & StreamingHandler> {
  const module: { handler?: unknown } = await import(pathToFileURL(path).href);
  if (!isHandler(module.handler)) throw new Error(`${path} exports no handler`);
  return module.handler;
}

function isHandler(value: unknown): value is Handler & StreamingHandler {
  return typeof value === 'function';
}

async function invokeStreaming(
  handler: StreamingHandler,
  event: unknown,
  sink: StreamSink,
  context: ReturnType<typeof createContext>,
): Promise<void> {
  const { stream, ended } = createResponseStream(sink);
  await handler(event, stream, context);
  if (!ended()) {
    throw new Error(
      'the function returned without ending its stream: on Lambda it would run into its timeout',
    );
  }
}

async function invokeFunction(handler: Handler, name: string, payload: string): Promise<InvocationResult> {
  try {
    const result = await handler(JSON.parse(payload), createContext(name, randomUUID()));
    return { kind: 'returned', payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    console.error(`${name} failed: ${error instanceof Error ? error.stack : String(error)}`);
    return { kind: 'threw', error: describe(error) };
  }
}

function describe(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

async function tracked<T>(work: () => Promise<T>): Promise<T> {
  inFlight += 1;
  try {
    return await work();
  } finally {
    inFlight -= 1;
  }
}

function schedule(everyMs: number, run: () => Promise<InvocationResult>): void {
  setInterval(() => void run(), everyMs).unref();
}

function send(message: FromHost): void {
  process.send?.(message);
}

function stop(): void {
  const deadline = Date.now() + GRACE_MS;
  const check = () => {
    if (inFlight === 0 || Date.now() >= deadline) process.exit();
    setTimeout(check, 20);
  };
  check();
}
