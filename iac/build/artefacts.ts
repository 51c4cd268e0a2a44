import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, FUNCTIONS, type FunctionName } from './bundle.ts';
import { zip } from './zip.ts';

/** One function's zip, as Lambda takes it: its handler is `index.handler`. */
export interface Artefact {
  readonly name: FunctionName;
  readonly zipFile: string;
  /** Sizes in bytes. */
  readonly bundled: number;
  readonly zipped: number;
}

/**
 * Bundles every function and writes `<name>.zip`, which holds `index.mjs` alone, and `<name>.mjs.map` beside it.
 *
 * @param directory made where it is not there yet
 */
export async function writeArtefacts(directory: string): Promise<Artefact[]> {
  mkdirSync(directory, { recursive: true });
  return Promise.all(
    FUNCTIONS.map(async (name) => {
      const { code, map } = await bundle(name);
      const packed = zip({ 'index.mjs': code });
      const zipFile = join(directory, `${name}.zip`);
      writeFileSync(zipFile, packed);
      writeFileSync(join(directory, `${name}.mjs.map`), map);
      return { name, zipFile, bundled: code.byteLength, zipped: packed.byteLength };
    }),
  );
}
