import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, inject, type NamedFault, named, pick, type Verdict } from './fault.ts';
import { AREAS } from './faults/index.ts';
import { type Mutated, mutate } from './mutate.ts';
import { lineOf, summaryOf } from './report.ts';

const PACKAGES = fileURLToPath(new URL('../../node_modules', import.meta.url));

const SOURCE = 'export const fee = (cents: number) => cents + 3;\nexport const free = () => 0;\n';
const SUITE = `import { expect, it } from 'vitest';
import { fee } from './fee.ts';
it('adds three cents', () => expect(fee(4)).toBe(7));
`;

/** A fault of the tiny product: `+ 3` becomes something else. */
const fault = (more: Partial<NamedFault>): NamedFault => ({
  id: 'fees/three-cents',
  file: 'src/fee.ts',
  find: 'cents + 3',
  replace: 'cents + 2',
  sentence: 'A call costs three cents more.',
  suites: ['src/fee.test.ts'],
  ...more,
});

describe('a run of deliberate faults', () => {
  let repository: string;
  let result: Mutated;
  const told: string[] = [];
  const faults = [
    fault({ id: 'fees/caught' }),
    fault({ id: 'fees/survived', find: '=> 0', replace: '=> 1' }),
    fault({ id: 'fees/gone', find: 'cents + 4' }),
    fault({ id: 'fees/twice', find: 'export const' }),
    fault({ id: 'fees/no-file', file: 'src/fees.ts' }),
    fault({ id: 'fees/no-test', only: 'adds four cents' }),
    fault({ id: 'fees/unnamed', replace: 'cents +' }),
  ];

  beforeAll(async () => {
    repository = await mkdtemp(join(tmpdir(), 'farebox-mutated-'));
    await mkdir(join(repository, 'src'));
    await mkdir(join(repository, 'node_modules'));
    await symlink(join(PACKAGES, 'vitest'), join(repository, 'node_modules', 'vitest'));
    await writeFile(join(repository, 'package.json'), '{ "type": "module" }');
    await writeFile(join(repository, 'src', 'fee.ts'), SOURCE);
    await writeFile(join(repository, 'src', 'fee.test.ts'), SUITE);
    result = await mutate({
      repository,
      faults,
      workers: 2,
      timeoutMs: 120_000,
      onTried: (tried) => told.push(lineOf(tried)),
    });
  }, 240_000);
  afterAll(() => rm(repository, { recursive: true, force: true }));

  it.each<[string, Verdict]>([
    ['fees/caught', { kind: 'caught', by: 'adds three cents' }],
    ['fees/survived', { kind: 'survived' }],
    ['fees/gone', { kind: 'stale', why: 'its text occurs 0 times' }],
    ['fees/twice', { kind: 'stale', why: 'its text occurs 2 times' }],
    ['fees/no-file', { kind: 'stale', why: 'there is no src/fees.ts' }],
    ['fees/no-test', { kind: 'stale', why: 'its suites have no such test' }],
    ['fees/unnamed', { kind: 'unnamed', why: expect.any(String) }],
  ])('says of %s what it is', (id, verdict) => {
    if (result.kind !== 'tried') throw new Error(JSON.stringify(result));
    expect(result.all.find((tried) => tried.fault.id === id)?.verdict).toEqual(verdict);
  });

  it('tells of each fault in the order of the list', () => {
    expect(told.map((line) => line.split(/ +/).slice(0, 2))).toEqual([
      ['caught', 'fees/caught'],
      ['survived', 'fees/survived'],
      ['stale', 'fees/gone'],
      ['stale', 'fees/twice'],
      ['stale', 'fees/no-file'],
      ['stale', 'fees/no-test'],
      ['unnamed', 'fees/unnamed'],
    ]);
    expect(told[0]).toContain('by "adds three cents"');
  });

  it('explains every fault that was not caught, and counts them', () => {
    if (result.kind !== 'tried') throw new Error(JSON.stringify(result));
    const summary = summaryOf(result.all);
    expect(summary).toContain('fees/survived: every test passed with it.');
    expect(summary).toContain('fees/gone: it no longer fits.');
    expect(summary).not.toContain('fees/caught');
    expect(summary).toMatch(/\n7 faults: 1 caught, 6 not$/);
  });

  it('leaves the files as they were', async () => {
    expect(await readFile(join(repository, 'src', 'fee.ts'), 'utf8')).toBe(SOURCE);
  });

  it('tries nothing where the suites fail without a fault, in a test that a fault needs', async () => {
    const red = SUITE.replace('adds', 'fails to add').replace('toBe(7)', 'toBe(8)');
    await writeFile(join(repository, 'src', 'red.test.ts'), `${SUITE}${red.split('\n').at(-2)}`);
    const attempt = (only?: string) => {
      const faults = [fault({ suites: ['src/red.test.ts'], ...(only === undefined ? {} : { only }) })];
      return mutate({ repository, faults, workers: 1, timeoutMs: 120_000 });
    };
    expect(await attempt()).toEqual({
      kind: 'red',
      run: { kind: 'failed', test: 'fails to add three cents' },
    });
    expect(await attempt('^adds')).toMatchObject({ kind: 'tried', all: [{ verdict: { kind: 'caught' } }] });
  });
});

describe('npm run mutate', () => {
  const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
  let scratch: string;
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'farebox-interrupted-'));
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  /** Its process, with its copies in a directory of their own. */
  const start = (...args: string[]) =>
    spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, TMPDIR: scratch },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind when %s ends it', async (signal) => {
    const run = start('wiring/stage');
    const ended = once(run, 'exit');
    await expect.poll(() => globSync('*/0/node_modules/vitest', { cwd: scratch })).toHaveLength(1);
    run.kill(signal);
    expect(await ended).toEqual([128 + constants.signals[signal], null]);
    expect(await readdir(scratch)).toEqual([]);
  });

  it('says which areas there are where a word fits none', async () => {
    const run = start('wirings');
    const [said, [code]] = await Promise.all([text(run.stderr), once(run, 'exit')]);
    expect(said).toContain('There is no such area or fault: wirings.');
    expect(said).toMatch(/^Areas: .*wiring/m);
    expect(code).toBe(2);
  });

  it('knows sixty faults and more', () => {
    expect(named(AREAS).length).toBeGreaterThan(60);
  });
});

describe('a fault', () => {
  const edit: Pick<Fault, 'find' | 'replace'> = { find: 'a < b', replace: 'a <= b' };

  it('replaces its text where that is there once', () => {
    expect(inject(edit, 'if (a < b)')).toEqual({ text: 'if (a <= b)' });
  });

  it.each(['', 'a < b, a < b'])('does not fit into %j', (text) => {
    expect(inject(edit, text)).toHaveProperty('why');
  });

  it('must change something', () => {
    expect(inject({ find: 'a < b', replace: 'a < b' }, 'a < b')).toEqual({ why: 'it changes nothing' });
  });

  it('is picked by its area or its id, and a word that fits none is told', () => {
    const all = named({ fees: { one: fault({}), other: fault({}) }, limits: { one: fault({}) } });
    const ids = (wanted: string[]) => {
      const picked = pick(all, wanted);
      return 'unknown' in picked ? picked : picked.map(({ id }) => id);
    };
    expect(ids([])).toEqual(['fees/one', 'fees/other', 'limits/one']);
    expect(ids(['fees'])).toEqual(['fees/one', 'fees/other']);
    expect(ids(['limits', 'fees/other'])).toEqual(['fees/other', 'limits/one']);
    expect(ids(['fee', 'limits'])).toEqual({ unknown: ['fee'] });
  });
});
