import { type Simulator, type SimulatorOptions, startSimulator } from '../../local/simulator/server.ts';
import { createMemoryCache } from '../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import { makeWorld, type World, type WorldParts } from './world.ts';

export interface SimulatedStage {
  readonly simulator: Simulator;
  readonly world: World;
  close(): Promise<void>;
}

/**
 * A stage in front of the simulator: what it made, the simulated account keeps.
 *
 * @param parts of the stage; in memory where absent
 */
export async function startSimulatedStage(
  options: Partial<SimulatorOptions> = {},
  parts: Partial<WorldParts> = {},
): Promise<SimulatedStage> {
  const simulator = await startSimulator({ port: 0, chunkDelayMs: 0, ...options });
  const world = await makeWorld({
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock: { now: () => Date.now() } }),
    openai: new URL(simulator.url),
    ...parts,
  });
  return {
    simulator,
    world,
    close: async () => {
      await world.close();
      await simulator.close();
    },
  };
}
