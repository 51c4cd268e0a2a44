import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { installRuntimeClient } from '../../local/runtime/client.ts';
import { buildTasks } from '../../local/runtime/tasks.ts';
import type { FunctionModules } from '../../local/stage-host.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The entry of the runtime client. */
    readonly client: string;
    /** Where each function's zip was unpacked to. */
    readonly tasks: FunctionModules;
    /** The same of functions that echo. */
    readonly echoTasks: FunctionModules;
  }
}

/** Builds the zips that the tests run, once for all of them. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'farebox-runtime-'));
  provide('client', await installRuntimeClient({ say: console.log }));
  provide('tasks', await buildTasks(directory));
  const [proxy, admin] = await Promise.all([
    bundleFixture('echo-proxy', directory),
    bundleFixture('echo-admin', directory),
  ]);
  provide('echoTasks', { proxy, admin, sweep: admin });
  return () => rm(directory, { recursive: true, force: true });
}

async function bundleFixture(name: string, directory: string): Promise<string> {
  const root = join(directory, name);
  await build({
    entryPoints: [fileURLToPath(new URL(`../fixtures/${name}.ts`, import.meta.url))],
    outfile: join(root, 'index.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
  return root;
}
