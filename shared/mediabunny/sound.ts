import type { Sound } from '../ports/sound.ts';

/** Audio by Mediabunny, which walks a file's packets. It is loaded when the first file comes: most functions hear none. */
export function createSound(): Sound {
  return {
    async seconds(file) {
      try {
        const { duration } = await import('./duration.ts');
        const seconds = await duration(file);
        return seconds !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
      } catch {
        // Whatever is wrong with it: it cannot be told how long it plays.
        return undefined;
      }
    },
  };
}
