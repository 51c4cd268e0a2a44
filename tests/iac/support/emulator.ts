import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort, untilListening } from '../../../local/ports.ts';
import { type IamGate, startIamGate } from './iam-gate.ts';

const SCRIPT = fileURLToPath(new URL('../emulator.py', import.meta.url));

export interface Emulator {
  readonly url: string;
  /** What the functions that it runs go through on their way back to it. */
  readonly gate: IamGate;
  close(): Promise<void>;
}

/** Starts an emulator of AWS, empty and in memory. */
export async function startEmulator(): Promise<Emulator> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const gate = await startIamGate(url);
  const child = spawn('python3', [SCRIPT, '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
    env: { ...process.env, NODE: process.execPath, FUNCTIONS_ENDPOINT: gate.url },
  });
  const ended = once(child, 'exit');
  await untilListening(port, AbortSignal.timeout(60_000));
  return {
    url,
    gate,
    async close() {
      gate.close();
      child.kill('SIGKILL');
      await ended;
    },
  };
}
