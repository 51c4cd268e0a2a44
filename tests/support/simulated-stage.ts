import { createApp } from '../../functions/proxy/app.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../local/simulator/server.ts';
import { createMemoryCache } from '../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import { createHttpUpstream } from '../../shared/openai/http-upstream.ts';
import { makeWorld, OPENAI_KEY, type World } from './world.ts';

export interface SimulatedStage {
  readonly simulator: Simulator;
  readonly world: World;
  close(): Promise<void>;
}

/** A stage, all in memory, in front of the simulator: what it made, the simulated account keeps. */
export async function startSimulatedStage(options: Partial<SimulatorOptions> = {}): Promise<SimulatedStage> {
  const simulator = await startSimulator({ port: 0, chunkDelayMs: 0, ...options });
  const clock = { now: () => Date.now() };
  const made = await makeWorld({
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock }),
  });
  const secrets = { read: async () => ({ openaiApiKey: OPENAI_KEY, cacheSecret: 'a secret of the stage' }) };
  const upstream = createHttpUpstream({ baseUrl: new URL(simulator.url), secrets, connectTimeoutMs: 2_000 });
  return {
    simulator,
    world: { ...made, app: createApp({ ...made.deps, upstream }) },
    close: async () => {
      await made.close();
      await simulator.close();
    },
  };
}
