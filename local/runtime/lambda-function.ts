import type { InvocationResult } from '../invocation.ts';
import { Sandbox, type SandboxOptions, type Work } from './sandbox.ts';

export interface LambdaFunctionOptions extends SandboxOptions {
  /** So many calls run at once; more wait, which on Lambda are refused. */
  readonly maxSandboxes: number;
}

/** A function under the real runtime client: as many sandboxes as there are calls at once. */
export interface LambdaFunction {
  /** Never rejects. A function that does not start fails each call with the reason. */
  invoke(work: Work): Promise<InvocationResult>;
  /** The process of each sandbox that lives. */
  pids(): number[];
  /** How many sandboxes work on a call, which includes what follows its answer. */
  busy(): number;
  /** Kills every sandbox. */
  stop(): Promise<void>;
}

/** Makes a function; its first call starts its first sandbox. */
export function createLambdaFunction(options: LambdaFunctionOptions): LambdaFunction {
  const alive = new Set<Sandbox>();
  const free: Sandbox[] = [];
  const waiting: ((sandbox: Sandbox) => void)[] = [];

  const start = (): Sandbox => {
    const sandbox: Sandbox = new Sandbox(options, () => offer(sandbox));
    alive.add(sandbox);
    void sandbox.ended.then(() => {
      alive.delete(sandbox);
      if (free.includes(sandbox)) free.splice(free.indexOf(sandbox), 1);
      if (waiting.length > 0) waiting.shift()?.(start());
    });
    return sandbox;
  };
  const offer = (sandbox: Sandbox): void => {
    const take = waiting.shift();
    if (take === undefined) free.push(sandbox);
    else take(sandbox);
  };
  const take = (): Promise<Sandbox> => {
    // The last one that was free, as Lambda does: the others may go.
    const idle = free.pop();
    if (idle !== undefined) return Promise.resolve(idle);
    if (alive.size < options.maxSandboxes) return Promise.resolve(start());
    return new Promise((resolve) => waiting.push(resolve));
  };

  return {
    async invoke(work) {
      const sandbox = await take();
      return sandbox.run(work);
    },
    busy: () => alive.size - free.length,
    pids: () => [...alive].flatMap(({ pid }) => pid ?? []),
    async stop() {
      waiting.length = 0;
      await Promise.all([...alive].map((sandbox) => sandbox.stop()));
    },
  };
}
