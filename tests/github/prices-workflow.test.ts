import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATHS = ['package.json', 'package-lock.json', 'prices/table.json'];

/** The parts of a workflow that are looked at here. */
const WORKFLOW = z.looseObject({
  on: z.strictObject({
    schedule: z.array(z.strictObject({ cron: z.string() })),
    workflow_dispatch: z.null(),
  }),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.looseObject({
      'timeout-minutes': z.int(),
      permissions: z.record(z.string(), z.string()),
      steps: z.array(
        z.looseObject({
          uses: z.string().optional(),
          run: z.string().optional(),
          with: z.unknown().optional(),
          env: z.unknown().optional(),
        }),
      ),
    }),
  ),
});

const text = readFileSync(join(ROOT, '.github/workflows/prices.yml'), 'utf8');
const workflow = WORKFLOW.parse(parse(text));
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
const scriptOf = (job: string) =>
  workflow.jobs[job]?.steps.findLast(({ run }) => run !== undefined)?.run ?? '';

describe('the workflow that proposes prices', () => {
  it('runs on a schedule, and when somebody asks', () => {
    expect(workflow.on.schedule).toEqual([{ cron: expect.stringMatching(/^\d+ \d+ \* \* \*$/) }]);
  });

  it('runs both commands, which exist', () => {
    const { scripts } = z
      .looseObject({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    const called = steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/npm run (?:--\S+ )*([\w:]+)/g)].map(([, name]) => name),
    );
    expect(called.toSorted()).toEqual(['prices:check', 'prices:update']);
    for (const name of called) expect(Object.keys(scripts)).toContain(name);
  });

  it('uses actions of GitHub alone, each by the commit of a release', () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^actions\/(checkout|setup-node)@[0-9a-f]{40}$/);
    const noted = [...text.matchAll(/uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/gm)];
    expect(noted).toHaveLength(used.length);
  });

  it('lets what comes from the registry read alone, and gives it no token', () => {
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs['update']?.permissions).toEqual({ contents: 'read' });
    expect(workflow.jobs['update']?.steps[0]?.with).toEqual({ 'persist-credentials': false });
    expect(workflow.jobs['propose']?.permissions).toEqual({ contents: 'write', 'pull-requests': 'write' });
    expect(scriptOf('propose')).not.toMatch(/\b(npm|npx|node)\b/);
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(15);
  });

  it('writes no value of GitHub into a script, where it would be run', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });
});

/** They are written for the machines of GitHub, and its GNU tools. */
describe.skipIf(process.platform !== 'linux')('its steps, run here', () => {
  const folder = mkdtempSync(join(tmpdir(), 'farebox-prices-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const bin = join(folder, 'bin');
  const repository = join(folder, 'repository');
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, RUNNER_TEMP: folder, HOME: folder };
  const git = (cwd: string, ...args: string[]) =>
    execFileSync('git', args, { cwd, env, encoding: 'utf8' }).trim();
  const readAt = (cwd: string, path: string) => readFileSync(join(cwd, path), 'utf8');

  function bash(
    cwd: string,
    script: string,
    more: Readonly<Record<string, string>>,
  ): SpawnSyncReturns<string> {
    const args = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script];
    return spawnSync('bash', args, { cwd, encoding: 'utf8', env: { ...env, ...more } });
  }

  function command(name: string, script: string): void {
    writeFileSync(join(bin, name), `#!/usr/bin/env bash\nset -eu\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }

  /** npm as it is, but that an installation brings what the test wants. */
  function installing(script: string): void {
    const npm = execFileSync('which', ['npm'], { encoding: 'utf8' }).trim();
    command('npm', `if [ "$1" = install ]; then\n${script}\nelse exec ${npm} "$@"; fi`);
  }

  function update(): SpawnSyncReturns<string> & { readonly outputs: ReadonlyMap<string, string> } {
    const output = join(folder, 'output');
    writeFileSync(output, '');
    const ran = bash(repository, scriptOf('update'), { GITHUB_OUTPUT: output });
    const lines = readFileSync(output, 'utf8').trim().split('\n');
    const outputs = new Map(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    git(repository, 'checkout', '--quiet', '--', '.');
    return { ...ran, outputs };
  }

  beforeAll(() => {
    mkdirSync(bin);
    mkdirSync(repository);
    for (const path of ['package.json', 'package-lock.json', 'tsconfig.json', 'prices', 'shared'])
      cpSync(join(ROOT, path), join(repository, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(repository, 'node_modules'));
    writeFileSync(join(repository, '.gitignore'), 'node_modules\n*.txt\n');
    command(
      'gh',
      `printf '%s\\n' "$*" >>"$RUNNER_TEMP/gh.log"\ncat "$RUNNER_TEMP/open" 2>/dev/null || echo 0`,
    );
    git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', 'origin.git');
    git(repository, 'init', '--quiet', '--initial-branch=main');
    git(repository, 'config', 'user.name', 'Somebody');
    git(repository, 'config', 'user.email', 'somebody@example.com');
    git(repository, 'add', '.');
    git(repository, 'commit', '--quiet', '--message', 'all');
    git(repository, 'remote', 'add', 'origin', join(folder, 'origin.git'));
    git(repository, 'push', '--quiet', 'origin', 'main');
  });

  it('propose nothing where nothing has changed', () => {
    installing('true');
    const { status, stderr, outputs } = update();
    expect([status, stderr]).toEqual([0, '']);
    expect(outputs.get('patch')).toBeUndefined();
  });

  it('fail where a price is missing that no update brings', () => {
    installing(`sed -i "s/return unions;/return unions.set('New', ['gpt-99']);/" prices/sdk-models.ts`);
    const { status, stdout, outputs } = update();
    expect(status).toBe(1);
    expect(stdout).toContain(
      '! gpt-99: the openai package names it, and it has neither a price nor a refusal',
    );
    expect(outputs.get('patch')).toBeUndefined();
  });

  it('hand over what changed in three files alone, with what there is to be said', () => {
    git(repository, 'checkout', '--quiet', '-b', 'stale');
    const stale = readAt(repository, 'prices/table.json').replaceAll(
      '"audio_input":6000000',
      '"audio_input":2500000',
    );
    writeFileSync(join(repository, 'prices/table.json'), stale);
    git(repository, 'commit', '--quiet', '--all', '--message', 'an older table');
    installing(`sed -i 's/"name": "farebox"/"name": "farebox-next"/' package.json
echo '// changed by an installation' >>shared/core/money.ts`);
    const { status, stderr, outputs } = update();
    git(repository, 'checkout', '--quiet', 'main');
    expect([status, stderr]).toEqual([0, '']);
    const patch = gunzipSync(Buffer.from(outputs.get('patch') ?? '', 'base64')).toString();
    const changed = [...patch.matchAll(/^\+\+\+ b\/(.*)$/gm)].map(([, path]) => path);
    expect(changed).toEqual(['package.json', 'prices/table.json']);
    const report = Buffer.from(outputs.get('report') ?? '', 'base64').toString();
    expect(report).toContain('~ gpt-4o-transcribe: rates.default.audio_input 2500000 -> 6000000');
    expect(report).toMatch(/\d+ differences from @pydantic\/genai-prices \S+ explained, 0 not/);
  });

  describe('and then', () => {
    const proposed = () =>
      git(folder, '--git-dir=origin.git', 'log', '-1', '--format=%an %s', 'prices/update');
    const told = () => readAt(folder, 'gh.log').trim().split('\n');
    let clones = 0;

    /** Proposes that the name in package.json, and a file that no proposal may touch, be this. */
    function propose(name: string): SpawnSyncReturns<string> {
      clones += 1;
      const clone = join(folder, `clone-${clones}`);
      git(folder, 'clone', '--quiet', '--branch', 'main', 'origin.git', clone);
      const manifest = readAt(clone, 'package.json').replace('"name": "farebox"', `"name": "${name}"`);
      writeFileSync(join(clone, 'package.json'), manifest);
      writeFileSync(join(clone, 'tsconfig.json'), '{}\n');
      const patch = execFileSync('bash', ['-c', 'git diff | gzip | base64 --wrap=0'], {
        cwd: clone,
        encoding: 'utf8',
      });
      git(clone, 'checkout', '--quiet', '--', '.');
      writeFileSync(join(folder, 'gh.log'), '');
      const report = Buffer.from('~ gpt-7: $(touch pwned) `rates`').toString('base64');
      return bash(clone, scriptOf('propose'), {
        GH_TOKEN: 'none',
        BASE: 'main',
        PATCH: patch,
        REPORT: report,
      });
    }

    it('a pull request is opened, with these files and no other', () => {
      const { status, stderr } = propose('farebox-2');
      expect([status, stderr]).toEqual([
        0,
        expect.stringMatching(/^(fatal: couldn't find remote ref .*\n)?$/),
      ]);
      expect(proposed()).toBe('github-actions[bot] prices: what the newest sources say');
      expect(git(folder, '--git-dir=origin.git', 'diff', '--name-only', 'main', 'prices/update')).toBe(
        'package.json',
      );
      expect(told()[1]).toMatch(/^pr create --base main --head prices\/update --title prices: /);
      expect(readAt(folder, 'body.md')).toContain('~ gpt-7: $(touch pwned) `rates`');
    });

    it('and not a second time for the same', () => {
      const { status, stdout } = propose('farebox-2');
      expect([status, stdout]).toEqual([0, 'It is proposed already.\n']);
      expect(told()).toEqual(['']);
    });

    it('but changed, where more has changed', () => {
      writeFileSync(join(folder, 'open'), '1\n');
      expect(propose('farebox-3').status).toBe(0);
      expect(told()[1]).toMatch(/^pr edit prices\/update /);
      expect(git(folder, '--git-dir=origin.git', 'show', 'prices/update:package.json')).toContain(
        '"farebox-3"',
      );
    });

    it('and left alone, where somebody has worked on it', () => {
      git(repository, 'fetch', '--quiet', 'origin', 'prices/update');
      git(repository, 'checkout', '--quiet', '-b', 'mine', 'FETCH_HEAD');
      git(repository, 'commit', '--quiet', '--allow-empty', '--message', 'prices: the overlay, too');
      git(repository, 'push', '--quiet', 'origin', 'mine:prices/update');
      const { status, stdout } = propose('farebox-4');
      expect([status, stdout]).toEqual([0, 'Somebody works on the last proposal: it is left alone.\n']);
      expect(proposed()).toBe('Somebody prices: the overlay, too');
    });
  });
});

it('each path that is proposed is one of the repository', () => {
  for (const path of PATHS) expect(readFileSync(join(ROOT, path), 'utf8')).not.toBe('');
  for (const path of PATHS) expect(scriptOf('propose')).toContain(`--include=${path}`);
});
