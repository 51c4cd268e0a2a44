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
import { loadFunctions, type StageFunctions, sandboxFunctions } from './stage-functions.ts';

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

process.once('message', async (message) => {
  const start = TO_HOST.parse(message);
  if (start.kind !== 'start') throw new Error('a function host must be started first');
  await run(start);
});

async function run(start: Start): Promise<void> {
  const { stage, port, principals } = start;
  const functions = await functionsOf(start);
  const invoke = (name: Invocable, payload: string) => tracked(() => functions.invoke(name, payload));

  process.on('message', async (order) => {
    const wanted = TO_HOST.parse(order);
    if (wanted.kind !== 'invoke') return;
    send({ kind: 'result', id: wanted.id, result: await invoke(wanted.function, wanted.payload) });
  });

  const server = createFunctionUrl({
    apiId: `local-${stage}`,
    principals,
    log: console.error,
    invoke: (event, sink, requestId) => tracked(() => functions.stream(event, sink, requestId)),
  });
  const listening = await listen(server, port);
  schedule(SWEEP_EVERY_MS, () => invoke('sweep', '{}'));
  schedule(DEEP_SWEEP_EVERY_MS, () => invoke('sweep', '{"deep":true}'));
  if (process.env['OPENAI_ADMIN_SECRET_ARN'] !== undefined)
    schedule(RECONCILE_EVERY_MS, () => invoke('admin', '{"command":"reconcile","alarm":true}'));
  send({ kind: 'ready', port: listening });
}

async function functionsOf({ stage, modules, runtimeClient }: Start): Promise<StageFunctions> {
  if (runtimeClient === undefined) return loadFunctions(stage, modules);
  // This environment is the functions' own; a process that they run in ends with this one.
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return sandboxFunctions(stage, modules, { client: runtimeClient, env, onLine: console.log });
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
