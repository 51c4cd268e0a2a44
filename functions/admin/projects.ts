import type { Clock } from '../../shared/ports/clock.ts';
import type { Project } from '../../shared/ports/directory.ts';

/** A project that admits everyone to every model. */
export function newProject(name: string, { clock }: { readonly clock: Clock }): Project {
  const open = { principals: [], models: [], onDisconnect: 'drain' as const };
  return { name, ...open, cacheGeneration: 0, createdAt: clock.now() };
}
