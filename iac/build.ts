import { join, relative } from 'node:path';
import process from 'node:process';
import { type Artefact, writeArtefacts } from './build/artefacts.ts';
import { ROOT } from './build/bundle.ts';

/* `npm run build`: what Terraform uploads, in `dist`. */

const artefacts = await writeArtefacts(join(ROOT, 'dist'));
const rows = artefacts.map(({ name, bundled, zipped, zipFile }: Artefact) => [
  name,
  kilobytes(bundled),
  kilobytes(zipped),
  relative(process.cwd(), zipFile),
]);
const table = [['function', 'bundle', 'zip', 'file'], ...rows];
for (const [name = '', bundled = '', zipped = '', file = ''] of table)
  console.log(`${name.padEnd(10)}${bundled.padStart(8)}${zipped.padStart(10)}   ${file}`);

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
