import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAdmin, isObject } from '../../client/src/admin.ts';
import { run } from '../../client/src/cli/main.ts';
import OpenAI from '../../client/src/index.ts';
import { useClientStack } from '../support/client-stack.ts';
import { PEOPLE, startVerifyingServer } from '../support/verifying-server.ts';

const RUN_CLI = fileURLToPath(new URL('../fixtures/run-cli.ts', import.meta.url));
const { stack, connection, environment } = useClientStack();

beforeEach(() => {
  for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, value);
  vi.stubEnv('OPENAI_API_KEY', undefined);
});
afterEach(() => vi.unstubAllEnvs());

interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function farebox(...args: string[]): Promise<Printed> {
  const printed = { out: '', err: '' };
  const output = (name: 'out' | 'err') => ({
    write: (more: string) => (printed[name] += more),
    columns: 120,
  });
  const code = await run(args, { out: output('out'), err: output('err') });
  return { code, ...printed };
}

async function spend(project: string, model: string, content: string): Promise<void> {
  const messages = [{ role: 'user' as const, content }];
  await new OpenAI({ ...connection(), project }).chat.completions.create({ model, messages });
}

/** How many calls are on the books: each is booked when its answer has gone out, and a moment later. */
async function booked(): Promise<number> {
  const { calls } = await createAdmin(connection()).run({ command: 'calls', project: 'demo', limit: 1000 });
  return Array.isArray(calls) ? calls.filter((call) => isObject(call) && call['state'] !== 'open').length : 0;
}

beforeAll(async () => {
  const models = ['gpt-4o', 'gpt-4o-mini', 'gpt-4o'];
  for (const [before, model] of models.entries()) {
    await spend('demo', model, 'Why is the sea salt?');
    await vi.waitUntil(async () => (await booked()) === before + 1, { timeout: 300_000, interval: 100 });
  }
});

describe('farebox usage', () => {
  it('shows a table with bars, exact to the last digit', async () => {
    const { code, out } = await farebox('usage', '--by', 'model', '--project', 'demo');
    expect(code).toBe(0);
    const [title, , head, dear, cheap, total] = out.split('\n');
    expect(title).toMatch(/^Usage of dev {2}\d{4}-\d\d-01 to \d{4}-\d\d-\d\d, UTC$/);
    expect(head).toMatch(/^MODEL +CALLS +HITS +INPUT +OUTPUT +SAVED +COST USD$/);
    expect(dear).toMatch(/^gpt-4o +2 +1 +\d+ +\d+ +0\.\d+ +0\.\d+ +━{20,}$/);
    expect(cheap).toMatch(/^gpt-4o-mini +1 +0 +\d+ +\d+ +0 +0\.\d+ +━{1,5}$/);
    expect(total).toMatch(/^ +3 +1 +\d+ +\d+ +0\.\d+ +0\.\d+$/);
  });

  it('prints the reply as JSON, and every class as CSV', async () => {
    const json = JSON.parse((await farebox('usage', '--json', '--by', 'model,user')).out);
    expect(json.rows).toContainEqual(
      expect.objectContaining({ model: 'gpt-4o', user: 'user/developer', calls: 2 }),
    );
    const { out } = await farebox('usage', '--csv', '--by', 'model');
    expect(out.split('\r\n')[0]).toBe('model,calls,hits,tokens_input,tokens_output,saved,cost');
    expect(out).toMatch(/\r\ngpt-4o,2,1,\d+,\d+,0\.\d+,0\.\d+\r\n/);
  });

  it('says when there is nothing', async () => {
    expect((await farebox('usage', '--day', '2020-01-01')).out).toBe(
      'Nothing was used in dev, 2020-01-01 to 2020-01-01, UTC.\n',
    );
  });
});

describe('farebox limits and projects', () => {
  it('sets, shows and removes a limit of the scope that is named, and of no other', async () => {
    expect(
      (await farebox('projects', 'create', 'cli', '--models', 'gpt-4o*,o3', '--principals', 'user/*')).out,
    ).toMatch(/cli +user\/\* +gpt-4o\*, o3 +drain[\s\S]*farebox limits set 10 --project cli/);
    const set = await farebox(
      'limits',
      'set',
      '2.50',
      '--project',
      'cli',
      '--user',
      'user/alice',
      '--period',
      'day',
    );
    expect(set).toMatchObject({ code: 0, err: '' });
    const { out } = await farebox('limits', '--project', 'cli');
    expect(out).toMatch(
      /^PROJECT .*\ncli +user\/alice +any +day +2\.5 +0 +0 +2\.5 +\d{4}-\d\d-\d\d +─{10} 0 %\n$/,
    );
    expect(
      (await farebox('limits', 'remove', '--project', 'cli', '--user', 'user/alice', '--period', 'day')).out,
    ).toBe('Removed.\n');
    expect((await farebox('limits', '--project', 'cli')).out).toMatch(/^No limits\./);
    expect((await farebox('projects', 'change', 'cli', '--models', '')).out).toMatch(
      /cli +user\/\* +every model/,
    );
    expect((await farebox('projects')).out).toMatch(/\ncli +user\/\*/);
    const cached = ['--caching', 'temperature_0', '--cache-seconds', '3600'];
    expect((await farebox('projects', 'change', 'cli', ...cached)).out).toMatch(/temperature_0, 3600 s/);
    const asStage = [
      'admin',
      'change-project',
      '--project',
      'cli',
      '--cache-seconds',
      '0',
      '--caching',
      'on',
    ];
    expect(JSON.parse((await farebox(...asStage)).out)).not.toHaveProperty('cache_seconds');
  });

  it('passes warnings on, beside the answer', async () => {
    const { code, err } = await farebox('limits', 'set', '1', '--project', 'demo', '--user', 'bob');
    expect([code, err]).toEqual([0, expect.stringMatching(/^Warning: No IAM caller is named "bob"/)]);
  });

  it('works on another stage', async () => {
    expect((await farebox('limits', '--stage', 'prod', '--json')).out).not.toContain('user/alice');
    expect((await farebox('--stage', 'prod', 'projects')).out).toContain('demo');
  });
});

describe('farebox calls', () => {
  it('shows the latest, the newest last', async () => {
    const { out } = await farebox('calls', 'demo', '--limit', '2');
    expect(out.trimEnd().split('\n').slice(1)).toEqual([
      expect.stringMatching(
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +user\/developer +chat\.completions +gpt-4o-mini-\S+ .* 0\.\d+$/,
      ),
      expect.stringMatching(/ gpt-4o .* 0 +hit$/),
    ]);
    expect((await farebox('calls', 'demo', '--csv')).out).toMatch(/^id,at,user,endpoint,requested_model,/);
  });

  it('corrects what one is booked at, once, with a reason', async () => {
    const before = await booked();
    await spend('demo', 'gpt-4o', 'What is wrong with this one?');
    await vi.waitUntil(async () => (await booked()) === before + 1, { timeout: 300_000, interval: 100 });
    const listed = JSON.parse((await farebox('calls', 'demo', '--limit', '1', '--json')).out);
    const { id, cost } = listed.calls[0];
    expect((await farebox('calls', 'correct', 'demo', id, '0')).code).toBe(2);
    const why = ['--reason', 'OpenAI did not bill it', '--by', 'alice'];
    expect(await farebox('calls', 'correct', 'demo', id, '0', ...why)).toMatchObject({
      code: 0,
      out: `${id} is booked at 0 USD; it was ${cost}.\n`,
    });
    expect((await farebox('calls', 'demo', '--limit', '1')).out).toMatch(/ 0 +corrected\n$/);
    const again = await farebox('calls', 'correct', 'demo', id, '0.0000001', ...why);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('a call is corrected once')]);
    expect((await farebox('audit')).out).toMatch(/^No differences\./);
  });

  it('follows those that come, until it is interrupted', async () => {
    const child = spawn(process.execPath, [RUN_CLI, 'calls', 'demo', '--follow', '--limit', '1']);
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += String(chunk);
    });
    await expect.poll(() => printed).toContain('COST USD');
    await spend('demo', 'gpt-4.1-mini', 'Who follows?');
    await expect.poll(() => printed).toMatch(/gpt-4\.1-mini-\S+ .* 0\.\d+\n$/);
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[0]).toBe(130);
  });
});

describe('farebox audit, cache, reconcile and prices', () => {
  it('finds no difference', async () => {
    expect(await farebox('audit')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^No differences\. \d+ accounts/),
    });
  });

  it('compares with what OpenAI billed', async () => {
    const { code, out } = await farebox('reconcile');
    expect([code, out]).toEqual([0, expect.stringMatching(/dev against OpenAI[\s\S]*within tolerance/)]);
  });

  it('shows what a model costs, and what was set', async () => {
    expect((await farebox('prices')).out).toMatch(/^No price was set in this stage/);
    expect((await farebox('prices', 'gpt-4o')).out).toMatch(
      /^MODEL [\s\S]*\ngpt-4o +ever +default +input +2\.5 +1M\n[\s\S]*in force today, from \S/,
    );
    const rates = '{"default":{"input":"3","output":"12"}}';
    const set = [
      '--model',
      'gpt-4o',
      '--rates',
      rates,
      '--source',
      'a contract',
      '--by',
      'alice',
      '--allow-missing',
    ];
    expect(await farebox('admin', 'set-price', ...set)).toMatchObject({ code: 0 });
    expect((await farebox('prices', '--csv')).out).toMatch(
      /\r\ngpt-4o,\d{4}-\d\d-\d\d,default,output,12,1M,alice\r\n/,
    );
    expect((await farebox('prices', 'no-such-model')).out).toBe('no-such-model has no price here.\n');
  });

  it('counts what was asked for and has no price, until it has one', async () => {
    const unpriced = async (): Promise<unknown> => {
      const { models } = JSON.parse((await farebox('admin', 'unpriced')).out);
      return models;
    };
    expect(await unpriced()).toEqual([]);
    for (const content of ['a', 'b'])
      await expect(spend('demo', 'gpt-7', content)).rejects.toMatchObject({ code: 'unpriced_model' });
    const counted = { model: 'gpt-7', calls: 2, last_at: expect.any(String), priced: false };
    await vi.waitFor(async () => expect(await unpriced()).toEqual([counted]), { timeout: 300_000 });
    const price = ['--model', 'gpt-7', '--like', 'gpt-4o', '--source', 'a contract', '--by', 'alice'];
    const rates = ['--rates', '{"default":{"input":"3","output":"12"}}', '--allow-missing'];
    expect(await farebox('admin', 'set-price', ...price, ...rates)).toMatchObject({ code: 0 });
    expect(await unpriced()).toMatchObject([{ model: 'gpt-7', priced: true }]);
  });

  it('flushes what is named, and asks which when nothing is', async () => {
    expect((await farebox('cache', 'flush', '--project', 'demo')).out).toBe('Flushed: demo.\n');
    expect((await farebox('cache', 'flush', '--all')).out).toBe('Flushed: all of dev.\n');
    expect(await farebox('cache', 'flush')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--all'),
    });
  });
});

describe('farebox admin', () => {
  it('lists what the stage has, and describes it', async () => {
    expect((await farebox('admin')).out).toMatch(/set-limit +project, user, model, period, limit, shards/);
    expect((await farebox('admin', 'calls')).out).toMatch(/--limit +integer +20[\s\S]*"command":"calls"/);
  });

  it('runs any of its commands, with values of the kind that each field takes', async () => {
    const create = [
      'create-project',
      '--project',
      'by-admin',
      '--principals',
      'user/*,role/ci',
      '--on-disconnect',
      'cancel',
    ];
    const { code, out } = await farebox('admin', ...create);
    expect([code, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ principals: ['user/*', 'role/ci'], on_disconnect: 'cancel' }),
    ]);
    const calls = await farebox('admin', 'calls', '--project=demo', '--limit', '1', '--include_void');
    expect(JSON.parse(calls.out).calls).toHaveLength(1);
  });

  it('says what is wrong, and how it goes', async () => {
    const wrong = await farebox('admin', 'calls', '--projekt', 'demo');
    expect(wrong).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/--projekt[\s\S]*--project/),
    });
    expect(await farebox('admin', 'frobnicate')).toMatchObject({
      code: 2,
      err: expect.stringContaining('frobnicate'),
    });
    const refused = await farebox('admin', 'calls', '--project', 'nobody-has-this');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('nobody-has-this') });
  });
});

describe('farebox doctor', () => {
  it('finds an admin in good health', async () => {
    const { code, out } = await farebox('doctor', '--project', 'demo');
    expect(code).toBe(0);
    expect(out).toMatch(/✓ credentials +AKIA…\w+ of profile developer, long-lived\n/);
    expect(out).toMatch(/✓ clock/);
    expect(out).toMatch(/✓ stage URL +http:\/\/127\.0\.0\.1:\d+ \(AWS, as the URL of openai-proxy-dev\)\n/);
    expect(out).toMatch(/✓ a call +GET \/v1\/models for demo answered in \d+ ms\n/);
    expect(out).toMatch(/admin +you may administer this stage/);
  });

  it('says to a caller what is missing and what is not needed', async () => {
    const unknown = await farebox('doctor', '--profile', 'alice');
    expect(unknown).toMatchObject({ code: 1, out: expect.stringMatching(/✗ stage URL .*FAREBOX_URL_DEV/) });
    vi.stubEnv('FAREBOX_URL_DEV', stack().info.stages.dev.proxyUrl);
    const known = await farebox('doctor', '--profile', 'alice');
    expect(known).toMatchObject({
      code: 0,
      out: expect.stringMatching(/✓ a call[\s\S]*– admin +you may not administer/),
    });
    const stranger = await farebox('doctor', '--project', 'nobody-has-this');
    expect(stranger).toMatchObject({
      code: 1,
      out: expect.stringMatching(/✗ a call .*refuses[\s\S]*--project/),
    });
  });

  it('looks no further than there are credentials', async () => {
    const { code, out } = await farebox('doctor', '--profile', 'none');
    expect(code).toBe(1);
    expect(out).toMatch(
      /✗ credentials +AWS gives no credentials.*aws sso login[\s\S]*– a call +not looked at/,
    );
  });

  it('sees a clock that is wrong, and asks AWS who is calling', async () => {
    const answer = () => new Response('<Arn>arn:aws:iam::123456789012:user/alice</Arn>');
    const aws = await startVerifyingServer({ principals: () => [PEOPLE.alice], ahead: 900_000, answer });
    const sts = await startVerifyingServer({
      principals: () => Object.values(PEOPLE),
      service: 'sts',
      answer,
    });
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url);
    vi.stubEnv('AWS_PROFILE', undefined);
    vi.stubEnv('AWS_ACCESS_KEY_ID', PEOPLE.alice.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', PEOPLE.alice.secretAccessKey);
    const begun = performance.now();
    const { code, out } = await farebox('doctor', '--endpoint-url', aws.url, '--json');
    const tookSeconds = (performance.now() - begun) / 1_000;
    const { findings } = JSON.parse(out);
    expect(code).toBe(1);
    expect(findings).toContainEqual(
      expect.objectContaining({ name: 'identity', says: 'arn:aws:iam::123456789012:user/alice' }),
    );
    const clock = findings.find(({ name }: { name: string }) => name === 'clock');
    expect(clock).toMatchObject({ state: 'bad', says: expect.stringMatching(/^\d+ s behind/) });
    // Of an answer that was long on its way, the date is so much older.
    expect(Number.parseInt(clock.says, 10)).toBeGreaterThanOrEqual(899 - tookSeconds);
    expect(Number.parseInt(clock.says, 10)).toBeLessThanOrEqual(901);
    await Promise.all([aws.close(), sts.close()]);
  });
});

describe('farebox forward', () => {
  it('prints what to set, forwards, and ends in peace', async () => {
    const child = spawn(process.execPath, [
      RUN_CLI,
      'forward',
      '--port',
      '0',
      '--project',
      'demo',
      '--stage',
      'dev',
    ]);
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += String(chunk);
    });
    await expect.poll(() => printed).toContain('Ctrl-C ends it.');
    const [, url] = /export OPENAI_BASE_URL=(\S+)/.exec(printed) ?? [];
    expect((await fetch(`${url}/models`)).status).toBe(200);
    await expect.poll(() => printed).toMatch(/\n\d\d:\d\d:\d\d 200 GET \/v1\/models \d+/);
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('says that a port is taken', async () => {
    const { port } = new URL(stack().info.lambdaEndpoint);
    const { code, err } = await farebox('forward', '--port', port);
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(/something listens there already\. Name another with --port/),
    ]);
  });
});

describe('farebox', () => {
  it('has help for every command', async () => {
    const { code, out } = await farebox('--help');
    expect(code).toBe(0);
    for (const command of 'forward usage limits projects calls cache audit reconcile prices admin doctor completion'.split(
      ' ',
    ))
      expect(out).toMatch(new RegExp(`\n {2}${command}\\b`));
    expect(out).toContain('Exit codes: 0 done');
    expect((await farebox('limits', 'set', '--help')).out).toContain('--shards <n>');
    expect((await farebox('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['usag'], /Did you mean usage/],
    [['usage', '--by', 'colour'], /project, user, model, day, month/],
    [['limits', 'set'], /missing required argument 'usd'/],
    [['limits', '--period', 'year'], /Allowed choices are day, week, month, total/],
    [['calls', 'demo', '--limit', 'many'], /whole number/],
  ])('refuses %j with exit code 2', async (args, message) => {
    expect(await farebox(...args)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  });

  it('says without a stack what the stage refuses, and what cannot be asked', async () => {
    const refused = await farebox('limits', 'set', '-1', '--project', 'demo');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('must not be negative') });
    const unknown = await farebox('limits', 'set', '1', '--project', 'nobody-has-this');
    expect(unknown).toMatchObject({ code: 1, err: expect.stringMatching(/^farebox: .*nobody-has-this/) });
    const unreachable = await farebox('usage', '--endpoint-url', 'http://127.0.0.1:9');
    expect(unreachable).toMatchObject({
      code: 3,
      err: expect.stringMatching(/^farebox: http:\/\/127\.0\.0\.1:9 cannot be reached/),
    });
    const denied = await farebox('usage', '--profile', 'alice');
    expect(denied).toMatchObject({ code: 1, err: expect.stringContaining('is not authorized to perform') });
    for (const { err } of [refused, unknown, unreachable, denied]) expect(err).not.toMatch(/\n\s+at /);
  });

  it.each(['bash', 'zsh', 'fish', 'powershell'])('completes in %s', async (shell) => {
    // The package that completes writes to the process itself.
    const child = spawn(process.execPath, [RUN_CLI, 'completion', shell], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await text(child.stdout)).toContain('farebox');
  });

  it('completes commands, options and what they take', async () => {
    const complete = async (...words: string[]) => {
      const child = spawn(process.execPath, [RUN_CLI, 'complete', '--', ...words], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return text(child.stdout);
    };
    expect(await complete('us')).toMatch(/^usage\t/m);
    expect(await complete('limits', '')).toMatch(/^set\t/m);
    expect(await complete('limits', 'set', '--per')).toMatch(/^--period\t/m);
    expect(await complete('limits', 'set', '--period', '')).toMatch(/^week/m);
  });
});
