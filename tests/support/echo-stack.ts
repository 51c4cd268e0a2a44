import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Stack, type StackOptions, startStack } from '../../local/stack.ts';

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/** Functions that answer with what they were given. */
export const ECHO_FUNCTIONS = {
  proxy: fixture('echo-proxy.ts'),
  admin: fixture('echo-admin.ts'),
  sweep: fixture('echo-admin.ts'),
};

export interface EchoStack extends Stack {
  /** Where its files are. */
  readonly directory: string;
  /** What its processes printed. */
  readonly lines: readonly string[];
}

/** A local stack whose functions echo, with its files in a temporary directory that `stop` removes. */
export async function startEchoStack(options: StackOptions = {}): Promise<EchoStack> {
  const directory = await mkdtemp(join(tmpdir(), 'farebox-stack-'));
  const lines: string[] = [];
  const stack = await startStack({
    stateDirectory: directory,
    modules: ECHO_FUNCTIONS,
    openaiBaseUrl: 'http://127.0.0.1:9/v1',
    onLine: (_, line) => lines.push(line),
    ...options,
  });
  const stop = async () => {
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { ...stack, directory, lines, stop };
}
