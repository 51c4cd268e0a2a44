import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { writeArtefacts } from '../../iac/build/artefacts.ts';
import type { FunctionModules } from '../stage-host.ts';

/**
 * Builds the functions' zips and unpacks each as Lambda does.
 *
 * @param directory for the zips, and for a folder of each function beside them
 * @returns the functions' task roots
 */
export async function buildTasks(directory: string): Promise<FunctionModules> {
  const roots: Record<string, string> = {};
  for (const { name, zipFile } of await writeArtefacts(directory)) {
    const root = join(directory, name);
    mkdirSync(root, { recursive: true });
    for (const [file, content] of Object.entries(unzipSync(readFileSync(zipFile))))
      writeFileSync(join(root, file), content);
    roots[name] = root;
  }
  const { proxy = '', admin = '', sweep = '' } = roots;
  return { proxy, admin, sweep };
}
