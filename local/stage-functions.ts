import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type { Invocable, InvocationResult } from './invocation.ts';
import {
  createContext,
  createResponseStream,
  type Handler,
  installAwsLambda,
  isStreaming,
  type StreamingHandler,
  type StreamSink,
} from './lambda-runtime.ts';
import { createLambdaFunction, type LambdaFunction } from './runtime/lambda-function.ts';
import type { FunctionModules } from './stage-host.ts';

/** The functions of a stage, however they are run. */
export interface StageFunctions {
  /** Runs the proxy with an event of its URL; rejects when it fails. */
  stream(event: object, sink: StreamSink, requestId: string): Promise<void>;
  invoke(name: Invocable, payload: string): Promise<InvocationResult>;
}

/** All calls in this process, as fast as it goes: the functions' sources, on a stand-in for Lambda's runtime. */
export async function loadFunctions(stage: string, modules: FunctionModules): Promise<StageFunctions> {
  installAwsLambda();
  const proxy = await load(modules.proxy);
  if (!isStreaming(proxy))
    throw new Error(`${modules.proxy}: handler was not made by awslambda.streamifyResponse`);
  const functions: Record<Invocable, Handler> = {
    admin: await load(modules.admin),
    sweep: await load(modules.sweep),
  };
  return {
    async stream(event, sink, requestId) {
      const { stream, ended } = createResponseStream(sink);
      await proxy(event, stream, createContext(`openai-proxy-${stage}`, requestId));
      if (!ended()) {
        throw new Error(
          'the function returned without ending its stream: on Lambda it would run into its timeout',
        );
      }
    },
    async invoke(name, payload) {
      const functionName = `openai-${name}-${stage}`;
      try {
        const result = await functions[name](JSON.parse(payload), createContext(functionName, randomUUID()));
        return { kind: 'returned', payload: JSON.stringify(result) ?? 'null' };
      } catch (error) {
        console.error(`${functionName} failed: ${error instanceof Error ? error.stack : String(error)}`);
        return { kind: 'threw', error: describe(error) };
      }
    },
  };
}

/** How the functions run under the real runtime client. */
export interface SandboxSettings {
  /** The entry of the runtime client. */
  readonly client: string;
  readonly env: Readonly<Record<string, string>>;
  /** How many calls of one function run at once; 16 where absent. */
  readonly maxSandboxes?: number;
  /** How long the proxy may take for one call, in milliseconds; Lambda's 15 minutes where absent. */
  readonly timeoutMs?: number;
  readonly onLine: (line: string) => void;
}

export interface SandboxedFunctions extends StageFunctions {
  /** Each function by itself. */
  readonly each: Readonly<Record<keyof FunctionModules, LambdaFunction>>;
  stop(): Promise<void>;
}

const MAX_SANDBOXES = 16;
const TIMEOUT_MS = 900_000;
/** Lambda's 10 seconds would be a fault of a machine that starts many at once, and of nothing else. */
const INIT_TIMEOUT_MS = 60_000;

/** Each call in a process that has it for itself: the functions' zips, unpacked, under the real runtime client. */
export function sandboxFunctions(
  stage: string,
  taskRoots: FunctionModules,
  settings: SandboxSettings,
): SandboxedFunctions {
  const { client, env, onLine, maxSandboxes = MAX_SANDBOXES, timeoutMs = TIMEOUT_MS } = settings;
  const make = (name: keyof FunctionModules) =>
    createLambdaFunction({
      functionName: `openai-${name}-${stage}`,
      taskRoot: taskRoots[name],
      env,
      client,
      timeoutMs,
      initTimeoutMs: INIT_TIMEOUT_MS,
      maxSandboxes,
      onLine,
    });
  const functions = { proxy: make('proxy'), admin: make('admin'), sweep: make('sweep') };
  return {
    async stream(event, sink, requestId) {
      const result = await functions.proxy.invoke({ requestId, payload: JSON.stringify(event), sink });
      if (result.kind === 'threw') throw new Error(`${result.error.errorType}: ${result.error.errorMessage}`);
    },
    invoke: (name, payload) => functions[name].invoke({ requestId: randomUUID(), payload }),
    each: functions,
    async stop() {
      await Promise.all(Object.values(functions).map((each) => each.stop()));
    },
  };
}

async function load(path: string): Promise<Handler & StreamingHandler> {
  const module: { handler?: unknown } = await import(pathToFileURL(path).href);
  if (!isHandler(module.handler)) throw new Error(`${path} exports no handler`);
  return module.handler;
}

function isHandler(value: unknown): value is Handler & StreamingHandler {
  return typeof value === 'function';
}

function describe(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}
