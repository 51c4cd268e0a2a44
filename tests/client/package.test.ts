import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useClientStack } from '../support/client-stack.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const CLIENT = fileURLToPath(new URL('../../client', import.meta.url));
const NPM_MS = 300_000;
const { environment } = useClientStack();

/** What a program of a user of the `openai` package may say, with another package named. */
const PROGRAM = `
import OpenAI, { APIError, type ClientOptions, setProject, toFile, usage } from 'farebox-client';
import { createFetch } from 'farebox-client/fetch';

const options: ClientOptions = { project: 'demo', caching: false, maxRetries: 1 };
const client: OpenAI = new OpenAI(options);
const messages: OpenAI.Chat.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Why is the sea salt?' }];
const answer: OpenAI.Chat.ChatCompletion = await client.chat.completions.create({ model: 'gpt-4o-mini', messages });
const model: OpenAI.ChatModel = 'gpt-4o-mini';
const page: OpenAI.Models.ModelsPage = await client.models.list();
setProject('demo');
const list: Response = await createFetch()('https://api.openai.com/v1/models');
const refused = await client.withOptions({ project: 'nobody-has-this' }).models.list().catch((error: unknown) => error);
const report = await usage({ staging: 'dev', project: 'demo', group_by: ['model'] });
await toFile(Buffer.from(''), 'empty');
// @ts-expect-error there is no such option
new OpenAI({ projekt: 'demo' });
// @ts-expect-error OpenAI's administration does not go through a stage
new OpenAI({ adminAPIKey: 'sk-admin' });
console.log(JSON.stringify({
  answered: answer.choices.length,
  models: page.data.some(({ id }) => id === model),
  listed: list.status,
  refused: refused instanceof APIError && refused.status,
  counted: (report.rows[0]?.calls ?? 0) > 0,
}));
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-package-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: CLIENT });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  const openai: { version: string } = JSON.parse(
    await readFile(join(dirname(require.resolve('openai')), 'package.json'), 'utf8'),
  );
  await writeFile(join(folder, 'package.json'), '{"name":"a-user","private":true,"type":"module"}');
  const packages = [join(folder, filename), `openai@${openai.version}`];
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], { cwd: folder });
  await writeFile(join(folder, 'program.ts'), PROGRAM);
}, NPM_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

it(
  'the package that is published runs, with what it declares and nothing else of this repository',
  async () => {
    const env = { PATH: process.env['PATH'], ...environment() };
    const { stdout, stderr } = await run(process.execPath, ['program.ts'], { cwd: folder, env });
    expect(stderr).not.toMatch(/error/i);
    expect(JSON.parse(stdout)).toEqual({
      answered: 1,
      models: true,
      listed: 200,
      refused: 403,
      counted: true,
    });
  },
  NPM_MS,
);

it(
  'its command line and its fetch do without the openai package',
  async () => {
    await rename(join(folder, 'node_modules/openai'), join(folder, 'openai-aside'));
    const env = { PATH: process.env['PATH'], ...environment() };
    const command = join(folder, 'node_modules/farebox-client/bin/farebox.js');
    const { stdout } = await run(process.execPath, [command, 'limits', '--json'], { cwd: folder, env });
    expect(JSON.parse(stdout).limits).toContainEqual(
      expect.objectContaining({ project: 'demo', limit: '5' }),
    );
    const fetchOnly = "import { createFetch } from 'farebox-client/fetch'; console.log(typeof createFetch())";
    const loaded = await run(process.execPath, ['--input-type=module', '-e', fetchOnly], {
      cwd: folder,
      env,
    });
    expect(loaded.stdout).toBe('function\n');
    await rename(join(folder, 'openai-aside'), join(folder, 'node_modules/openai'));
  },
  NPM_MS,
);

it(
  'its types are those of the openai package, and its own',
  async () => {
    const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
    const types = join(dirname(require.resolve('@types/node/package.json')), '..');
    const flags =
      '--noEmit --strict --exactOptionalPropertyTypes --target es2023 --module nodenext --types node';
    const args = [compiler, ...flags.split(' '), '--typeRoots', types, 'program.ts'];
    const { stdout } = await run(process.execPath, args, { cwd: folder }).catch(
      (failed: { stdout: string }) => failed,
    );
    // What other packages' own types say of each other is not ours to answer for.
    const ours = stdout.split('\n').filter((line) => /^(program|node_modules\/farebox-client)/.test(line));
    expect(ours).toEqual([]);
  },
  NPM_MS,
);
