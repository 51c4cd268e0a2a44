import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { LOOPBACK } from './http.ts';
import { FROM_HOST, type Invocable, type InvocationResult, type ToHost } from './invocation.ts';
import type { Principal, Stage } from './principals.ts';
import { nodeChild } from './services.ts';
import { firstMessage, type Supervisor } from './supervisor.ts';

/** Files that export the functions' `handler`s; under the real runtime client, the functions' task roots. */
export interface FunctionModules {
  readonly proxy: string;
  readonly admin: string;
  readonly sweep: string;
}

export interface StageHostOptions {
  readonly stage: Stage;
  /** Of its function URL; 0 for any free one. */
  readonly port: number;
  readonly modules: FunctionModules;
  /** The entry of the real runtime client, to run the functions under; absent: in the host's own process. */
  readonly runtimeClient?: string | undefined;
  /** The functions' whole configuration, as Lambda would give it to them. */
  readonly env: Readonly<Record<string, string>>;
  readonly principals: readonly Principal[];
}

/** The functions of one stage, running. */
export interface StageHost {
  readonly proxyUrl: string;
  invoke(name: Invocable, payload: string): Promise<InvocationResult>;
}

/** Starts the process of a stage's functions and waits until they are loaded. */
export async function startStageHost(supervisor: Supervisor, options: StageHostOptions): Promise<StageHost> {
  const { stage, port, modules, runtimeClient, env, principals } = options;
  const child = supervisor.start(nodeChild(`functions of ${stage}`, './function-host.ts', { env }));
  const first = firstMessage(child);
  tell(child, { kind: 'start', stage, port, modules, runtimeClient, principals: [...principals] });
  const ready = FROM_HOST.parse(await first);
  if (ready.kind !== 'ready') throw new Error(`the functions of ${stage} did not start`);

  const waiting = new Map<string, (result: InvocationResult) => void>();
  child.on('message', (message) => {
    const told = FROM_HOST.parse(message);
    if (told.kind !== 'result') return;
    waiting.get(told.id)?.(told.result);
    waiting.delete(told.id);
  });
  child.on('exit', () => {
    const error = { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited', trace: [] };
    for (const answer of waiting.values()) answer({ kind: 'threw', error });
    waiting.clear();
  });

  return {
    proxyUrl: `http://${LOOPBACK}:${ready.port}`,
    invoke: (name, payload) =>
      new Promise((resolve) => {
        const id = randomUUID();
        waiting.set(id, resolve);
        tell(child, { kind: 'invoke', id, function: name, payload });
      }),
  };
}

function tell(child: ChildProcess, message: ToHost): void {
  // A child that is gone is the supervisor's to report.
  child.send(message, () => undefined);
}
