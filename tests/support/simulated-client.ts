import OpenAI from 'openai';
import { afterAll, beforeAll } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../local/simulator/server.ts';

export const SIMULATOR_KEY = 'sk-simulated-key-for-tests';

/** A simulator for the tests of one file, and the real OpenAI SDK pointed at it; neither waits or retries. */
export function useSimulator(options: Partial<SimulatorOptions> = {}): {
  readonly client: () => OpenAI;
  readonly url: () => string;
} {
  let simulator: Simulator | undefined;
  beforeAll(async () => {
    simulator = await startSimulator({ port: 0, apiKey: SIMULATOR_KEY, chunkDelayMs: 0, ...options });
  });
  afterAll(() => simulator?.close());
  const url = () => {
    if (simulator === undefined) throw new Error('the simulator has not started');
    return simulator.url;
  };
  return { url, client: () => new OpenAI({ baseURL: url(), apiKey: SIMULATOR_KEY, maxRetries: 0 }) };
}
