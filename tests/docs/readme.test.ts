import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = new URL('../../README.md', import.meta.url);
/** What the README leaves out of a line. */
const ELLIPSIS = '…';

interface Example {
  readonly commands: string;
  readonly expected: readonly string[];
}

let folder: string;
let stack: Stack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-readme-'));
  stack = await startStack({ port: 0, stateDirectory: join(folder, '.local') });
});
afterAll(async () => {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
});

it('what the README pastes does what the README shows', async () => {
  const [setUp, ...examples] = (await readExamples()).filter(
    ({ commands }) => !commands.includes('openai-sdk.ts'),
  );
  expect(examples).toHaveLength(3);
  let before = setUp?.commands ?? '';
  for (const { commands, expected } of examples) {
    const { stdout } = await run('bash', ['-euc', `${before}\n${commands}`], { cwd: folder });
    for (const line of expected) expect(stdout).toMatch(patternOf(line));
    // Later examples use what earlier ones defined, and no more: an answer must not be asked for again.
    before += `\n${commands
      .split('\n')
      .filter((line) => /^[A-Z]+=/.test(line))
      .join('\n')}`;
  }
});

it('the README shows the OpenAI SDK as it runs against the stack', async () => {
  const file = fileURLToPath(new URL('../../docs/examples/openai-sdk.ts', import.meta.url));
  const blocks = await readBlocks();
  const shown = blocks.filter(({ language }) => language === 'ts').map(({ body }) => body);
  expect(shown).toEqual([await readFile(file, 'utf8')]);
  const commands = blocks.find(({ body }) => body.includes('openai-sdk.ts'))?.body ?? '';
  // Here it is another directory's stack that runs.
  const elsewhere = commands.replace('. .local/env', `. '${stack.state.environmentFile}'`);
  const { stdout } = await run('bash', ['-euc', elsewhere], { cwd: ROOT });
  expect(stdout).toMatch(/^.+\nUSD 0\.\d+, \d+ tokens\n$/);
});

it('the README and the other documents link to files that are there', async () => {
  const documents = globSync(['*.md', 'client/*.md', 'docs/*.md', 'prices/*.md'], { cwd: ROOT });
  expect(documents).toContain('README.md');
  const broken: string[] = [];
  for (const document of documents) {
    const text = await readFile(join(ROOT, document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g))
      if (!existsSync(join(ROOT, dirname(document), target))) broken.push(`${document}: ${target}`);
  }
  expect(broken).toEqual([]);
});

/** The shell blocks of the README after the two commands, each with the block of its output. */
async function readExamples(): Promise<Example[]> {
  return (await readBlocks()).slice(1).flatMap(({ language, body }, index, rest) => {
    if (language !== 'sh') return [];
    const next = rest[index + 1];
    const output = next?.language === undefined ? (next?.body ?? '') : '';
    return [{ commands: body, expected: output.split('\n').filter((line) => line !== '') }];
  });
}

async function readBlocks() {
  const text = await readFile(README, 'utf8');
  const blocks = text.matchAll(/^```(\w+)?\n(.*?)^```$/gms);
  return [...blocks].map(([, language, body = '']) => ({ language, body }));
}

function patternOf(line: string): RegExp {
  const pieces = line.split(ELLIPSIS).map((piece) => escapeAll(piece.trim()));
  return new RegExp(pieces.join('.*'));
}

function escapeAll(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
