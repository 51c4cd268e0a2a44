import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/* Builds the package: JavaScript and types into dist/, which is replaced at the end, at once. */

const HERE = fileURLToPath(new URL('.', import.meta.url));
const require = createRequire(import.meta.url);

const output = join(HERE, `dist-${process.pid}`);
const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '-p', HERE, '--outDir', output], {
  stdio: 'inherit',
});
if (status !== 0) {
  rmSync(output, { recursive: true, force: true });
  process.exit(1);
}

const types = join(output, 'openai.d.ts');
const clientTypes = join(dirname(require.resolve('openai')), 'client.d.ts');
writeFileSync(types, `${readFileSync(types, 'utf8')}${namespaceOf(readFileSync(clientTypes, 'utf8'))}`);
// Older compilers do not look for types behind an import of a .ts file.
for (const name of globSync('**/*.d.ts', { cwd: output })) {
  const file = join(output, name);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/(from '\.[^']*)\.ts'/g, "$1.js'"));
}
copyFileSync(join(HERE, '../LICENSE'), join(HERE, 'LICENSE'));
rmSync(join(HERE, 'dist'), { recursive: true, force: true });
renameSync(output, join(HERE, 'dist'));

/**
 * The namespace `OpenAI` of the `openai` package, whose types programs name as `OpenAI.Chat.ChatCompletion`: a subclass
 * does not inherit it, so it is declared again, with what it imports.
 *
 * @param source the package's `client.d.ts`
 */
function namespaceOf(source: string): string {
  const [namespace] = /^export declare namespace OpenAI \{\n.*?^\}\n/ms.exec(source) ?? [];
  if (namespace === undefined)
    throw new Error('the types of the openai package have no namespace OpenAI any more');
  const imports = source.matchAll(/^import .* from "\.\/(?:resources\/.*|core\/pagination)\.js";$/gm);
  const own = [...imports].map(([line]) => line.replace(/"\.\/(.*)\.js"/, '"openai/$1"'));
  // These two come from files that the package keeps to itself.
  const body = namespace
    .replace(
      'export { type DataResidency as DataResidency };',
      'export type DataResidency = Base.DataResidency;',
    )
    .replace('Opts.RequestOptions', 'Base.RequestOptions');
  return `${own.join('\n')}\n${body}`;
}
