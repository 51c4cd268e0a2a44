import { spawn } from 'node:child_process';

export interface Ran {
  readonly code: number | null;
  /** What it printed, on both streams. */
  readonly output: string;
  readonly stdout: string;
}

/** Runs a program to its end. Its environment is this process's own with these variables over it. */
export async function run(
  command: readonly [string, ...string[]],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  const [program, ...args] = command;
  const { cwd, env } = options;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, output: error.message, stdout }));
    child.once('close', (code) => resolve({ code, output, stdout }));
  });
}
