import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createInterface } from 'node:readline';
import { LOOPBACK, listen } from '../http.ts';
import type { InvocationResult } from '../invocation.ts';
import { functionArn, type StreamSink } from '../lambda-runtime.ts';
import { guarded } from '../services.ts';
import { createRuntimeApi, type FunctionError, type Invocation, type RuntimeListener } from './api.ts';

const MEMORY_MB = 512;
/** The share of the memory that Lambda's own start of Node gives to the heap. */
const HEAP_MB = Math.floor(MEMORY_MB * 0.9);

export interface SandboxOptions {
  readonly functionName: string;
  /** The folder that its zip was unpacked to. */
  readonly taskRoot: string;
  /** Its configuration, and nothing else of this machine. */
  readonly env: Readonly<Record<string, string>>;
  /** The entry of the runtime client. */
  readonly client: string;
  /** How long one invocation may take, and how long the start. */
  readonly timeoutMs: number;
  readonly initTimeoutMs: number;
  readonly onLine: (line: string) => void;
}

/** One request to a function. */
export interface Work {
  readonly requestId: string;
  /** JSON. */
  readonly payload: string;
  /** Where a streamed answer goes; absent: the result carries the answer whole. */
  readonly sink?: StreamSink;
}

interface Running extends Work {
  /** Whether the runtime has been given it. */
  begun: boolean;
  result: InvocationResult | undefined;
  readonly resolve: (result: InvocationResult) => void;
}

/**
 * A process that runs one function under the real runtime client, one call at a time. Between calls it is frozen, as
 * on Lambda: what was not awaited stands still until the next one.
 */
export class Sandbox {
  readonly #options: SandboxOptions;
  readonly #api: Server;
  readonly #ended = Promise.withResolvers<void>();
  readonly #onFree: () => void;
  #process: ChildProcess | undefined;
  #running: Running | undefined;
  #give: ((invocation: Invocation) => void) | undefined;
  #initError: FunctionError | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What every call gets from the moment at which the process is gone. */
  #fault: InvocationResult | undefined;
  #stopped = false;

  /** @param onFree called whenever it waits for work that it has not been given */
  constructor(options: SandboxOptions, onFree: () => void) {
    this.#options = options;
    this.#onFree = onFree;
    this.#api = createRuntimeApi(this.#listener());
    this.#start().catch((error: unknown) => this.#end(String(error)));
  }

  /** Fulfilled when its process is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Runs one request; only while none is under way. Never rejects. */
  run(work: Work): Promise<InvocationResult> {
    return new Promise((resolve) => {
      this.#running = { ...work, begun: false, result: undefined, resolve };
      if (this.#fault === undefined) this.#begin();
      else this.#answer(this.#running, this.#fault);
    });
  }

  /** Kills it at once, whatever it does. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#process?.kill('SIGKILL');
    return this.ended;
  }

  #listener(): RuntimeListener {
    const running = (requestId: string) =>
      this.#running?.requestId === requestId ? this.#running : undefined;
    return {
      next: () => this.#next(),
      sinkOf: (requestId) => running(requestId) && (running(requestId)?.sink ?? 'collect'),
      answered: (requestId, result) => this.#answer(running(requestId), result),
      initFailed: (error) => {
        this.#initError = error;
      },
    };
  }

  async #start(): Promise<void> {
    const { functionName, taskRoot, env, client, initTimeoutMs } = this.#options;
    const port = await listen(this.#api, 0);
    if (this.#stopped) return this.#end('was stopped');
    const { command, args } = guarded([
      process.execPath,
      `--max-old-space-size=${HEAP_MB}`,
      client,
      'index.handler',
    ]);
    const child = spawn(command, args, {
      cwd: taskRoot,
      env: { PATH: process.env['PATH'], ...env, ...lambdaEnvironment(functionName, taskRoot, port) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', this.#options.onLine);
    child.stdin.on('error', () => undefined);
    this.#bound(initTimeoutMs);
    child.once('exit', () => child.stdin.destroy());
    const [code, signal] = await once(child, 'close');
    this.#end(signal === null ? `exit status ${code}` : `signal: ${signal}`);
  }

  #next(): Promise<Invocation> {
    clearTimeout(this.#timer);
    const done = this.#running?.begun ? this.#running : undefined;
    if (done !== undefined) {
      this.#answer(done, threw('Runtime.NoResponse', 'the runtime asked for more without an answer'));
      this.#running = undefined;
    }
    return new Promise((give) => {
      this.#give = give;
      if (this.#running !== undefined) return this.#begin();
      this.#process?.kill('SIGSTOP');
      this.#onFree();
    });
  }

  #begin(): void {
    if (this.#give === undefined || this.#running === undefined) return;
    const { requestId, payload } = this.#running;
    const { functionName, timeoutMs } = this.#options;
    this.#running.begun = true;
    this.#bound(timeoutMs);
    this.#process?.kill('SIGCONT');
    const deadline = Date.now() + timeoutMs;
    this.#give({ requestId, payload, functionArn: functionArn(functionName), deadline });
    this.#give = undefined;
  }

  #answer(running: Running | undefined, result: InvocationResult): void {
    if (running === undefined || running.result !== undefined) return;
    running.result = result;
    running.resolve(result);
  }

  #bound(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const message = `Task timed out after ${(milliseconds / 1000).toFixed(2)} seconds`;
      this.#options.onLine(`${this.#running?.requestId ?? 'INIT'} ${message}`);
      this.#answer(this.#running, threw('Sandbox.Timedout', message));
      this.#process?.kill('SIGKILL');
    }, milliseconds);
  }

  #end(how: string): void {
    clearTimeout(this.#timer);
    this.#api.close();
    this.#api.closeAllConnections();
    this.#fault =
      this.#initError === undefined
        ? threw('Runtime.ExitError', `Runtime exited with error: ${how}`)
        : { kind: 'threw', error: this.#initError };
    this.#answer(this.#running, this.#fault);
    this.#ended.resolve();
  }
}

function threw(errorType: string, errorMessage: string): InvocationResult {
  return { kind: 'threw', error: { errorType, errorMessage, trace: [] } };
}

/** Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function lambdaEnvironment(functionName: string, taskRoot: string, port: number): Record<string, string> {
  return {
    AWS_LAMBDA_RUNTIME_API: `${LOOPBACK}:${port}`,
    LAMBDA_TASK_ROOT: taskRoot,
    _HANDLER: 'index.handler',
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MEMORY_MB),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
  };
}
