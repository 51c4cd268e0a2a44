import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FUNCTIONS = ['proxy', 'admin', 'sweep'] as const;

/** The folder of the built zips: `dist`, or the one that `PACKAGES_DIR` names. Throws where they are not built. */
export function packagesDir(): string {
  const folder = process.env['PACKAGES_DIR'] || fileURLToPath(new URL('../../../dist', import.meta.url));
  const missing = FUNCTIONS.filter((name) => !existsSync(join(folder, `${name}.zip`)));
  if (missing.length > 0)
    throw new Error(`${folder} has no ${missing.join(', ')}: run \`npm run build\` first`);
  return folder;
}
