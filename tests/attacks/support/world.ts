import type { ProxySettings } from '../../../functions/proxy/deps.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { makeWorld, type World, type WorldParts } from '../../support/world.ts';

/** A stage to attack, with a scripted OpenAI behind it; its parts are in memory where they are left out. */
export function attackedWorld(
  parts: Partial<WorldParts> = {},
  settings: Partial<ProxySettings> = {},
): Promise<World> {
  return makeWorld(
    {
      store: createMemoryLedgerStore(),
      directory: createMemoryDirectory(),
      cache: createMemoryCache({ clock: { now: () => Date.now() } }),
      ...parts,
    },
    settings,
  );
}
