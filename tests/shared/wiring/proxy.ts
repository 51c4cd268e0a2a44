import { expect, vi } from 'vitest';
import { createApp } from '../../../functions/proxy/app.ts';
import type { AppDeps } from '../../../functions/proxy/deps.ts';
import { callTime } from '../../../shared/core/call-id.ts';
import { wireProxy } from '../../../shared/wire.ts';
import { printedDuring } from '../../support/printed.ts';
import { json } from '../../support/scripted-upstream.ts';
import {
  CHAT_PATH,
  entryOf,
  GLOBAL_COST,
  iam,
  later,
  question,
  REGIONAL_COST,
  servicesIn,
  timeoutsDuring,
  USAGE,
} from '../../support/wired-functions.ts';
import { ODD_KEYS } from '../../support/wired-stage.ts';
import { type Setting, setting } from './setting.ts';

const DAY_SECONDS = 86_400;
const UNCACHED = { 'openai-proxy-caching': '0' };

export const PROXY_SETTINGS: readonly Setting[] = [
  setting('proxy', 'STAGE', 'answers for this stage alone', async ({ env, newProject, ask }) => {
    const app = createApp(wireProxy({ ...env, STAGING_HEADER: 'checked' }));
    const answer = await ask(await newProject(), { headers: { 'openai-proxy-staging': 'dev' }, app });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('stage odd-stage');
  }),

  setting(
    'proxy',
    'TABLE_NAME AWS_ENDPOINT_URL_DYNAMODB OPENAI_BASE_URL OPENAI_SECRET_ARN',
    'books in the stage’s table what it sent OpenAI with the stage’s key',
    async (stage) => {
      const project = await stage.newProject();
      expect((await stage.ask(project)).status).toBe(200);
      expect(await entryOf(stage, project)).toMatchObject({ state: 'closed', user: 'user/alice' });
      expect(stage.upstream.received.at(-1)).toMatchObject({
        url: CHAT_PATH,
        headers: { authorization: `Bearer ${ODD_KEYS.stage}` },
      });
    },
  ),

  setting(
    'proxy',
    'AWS_REGION AWS_ENDPOINT_URL_SECRETS_MANAGER AWS_ENDPOINT_URL_SNS CACHE_TABLE',
    'asks every service of AWS in the stage’s region',
    async ({ env, answersTable, newProject, ask, askedDuring }) => {
      const app = createApp(wireProxy({ ...env, CACHE_TABLE: answersTable }));
      const project = await newProject('0.005');
      const asked = await askedDuring(() => ask(project, { app }));
      expect(servicesIn(asked)).toEqual([
        'dynamodb in eu-north-7',
        'secretsmanager in eu-north-7',
        'sns in eu-north-7',
      ]);
      const ofAnswers = asked.filter(({ body }) => body.includes(answersTable));
      expect(servicesIn(ofAnswers)).toEqual(['dynamodb in eu-north-7']);
    },
  ),

  setting(
    'proxy',
    'LOG_LEVEL STAGE',
    'logs warnings, with its stage, and nothing below',
    async ({ newProject, ask, upstream }) => {
      const project = await newProject();
      expect(await printedDuring(() => ask(project))).toBe('');
      upstream.on(CHAT_PATH, (_, response) => void response.writeHead(302).end());
      const printed = await printedDuring(() => ask(project, { body: question({ seed: 2 }) }));
      expect(JSON.parse(printed)).toMatchObject({ message: 'upstream_redirected', stage: 'odd-stage' });
    },
  ),

  setting(
    'proxy',
    'LEASE_SECONDS',
    'holds for a call as long as the lease: no sweep touches it before',
    async (stage) => {
      const { newProject, ask, gate, store, sweep } = stage;
      const project = await newProject();
      const { asked, open } = gate();
      const answering = ask(project, { headers: UNCACHED });
      await asked;
      const entry = await entryOf(stage, project);
      const lease = entry.expiresAt - callTime(entry.id);
      expect(lease).toBeGreaterThanOrEqual(1_234_000);
      expect(lease).toBeLessThan(1_234_000 + 120_000);
      later(1_200_000);
      await sweep({ deep: true });
      expect((await store.getCall(entry))?.state).toBe('open');
      later(200_000);
      await sweep({});
      expect((await store.getCall(entry))?.outcome).toMatchObject({ state: 'unsettled' });
      vi.useRealTimers();
      open();
      await answering;
    },
  ),

  setting(
    'proxy',
    'LEDGER_DEADLINE_MS UPSTREAM_TIMEOUT_SECONDS CACHE_OPERATION_MS',
    'gives the ledger, OpenAI and the cache their time',
    async ({ newProject, ask }) => {
      const project = await newProject();
      const { timers, signals } = await timeoutsDuring(() => ask(project));
      expect(timers).toContain(45_678);
      expect(timers).toContain(9_876);
      expect(signals).toContain(777_000);
      // What the rules took is off the ledger's time.
      const [holding = 0, givingBack = 0] = signals.filter((each) => each > 20_000 && each < 60_000);
      expect(holding).toBeLessThanOrEqual(45_678);
      expect(givingBack - holding).toBe(1_000);
    },
  ),

  setting(
    'proxy',
    'RETENTION_DAYS',
    'keeps entries, whose objects are, and what was alerted of for so long',
    async (stage) => {
      const { newProject, ask, itemsOf, upstream, table } = stage;
      const project = await newProject('0.005');
      const response = {
        id: `resp_${project}`,
        object: 'response',
        status: 'completed',
        model: 'gpt-5.4-mini',
      };
      upstream.on('/odd/v1/responses', json({ ...response, output: [], usage: USAGE }));
      const began = Math.floor(Date.now() / 1_000);
      const body = { model: 'gpt-5.4-mini', input: 'Is it odd?', max_output_tokens: 200 };
      expect((await ask(project, { path: '/v1/responses', body })).status).toBe(200);
      const { id } = await entryOf(stage, project);
      const items = [
        ...(await itemsOf(table.tableName, `calls#${project}`)).filter(({ sk }) => sk?.S === id),
        ...(await itemsOf(table.tableName, `object#resp_${project}`)),
        ...(await itemsOf(table.tableName, 'alert#')).filter(({ pk }) => pk?.S?.includes(project)),
      ];
      expect(items).toHaveLength(3);
      for (const { ttl } of items) {
        expect(Number(ttl?.N) - began).toBeGreaterThanOrEqual(17 * DAY_SECONDS);
        expect(Number(ttl?.N) - began).toBeLessThan(18 * DAY_SECONDS);
      }
    },
  ),

  setting(
    'proxy',
    'SESSION_ROLES IDENTITY_CENTER_ROLES',
    'believes the sessions of these roles alone',
    async ({ newProject, ask, entriesOf }) => {
      const project = await newProject();
      const sessions = {
        'odd-role-eu/kim': 'role/odd-role-eu/kim',
        'other-role/kim': 'role/other-role',
        'AWSReservedSSO_Odd_1/kim@example.com': 'sso/kim@example.com',
        'AWSReservedSSO_Even_1/kim': 'role/AWSReservedSSO_Even_1',
      };
      for (const role of Object.keys(sessions))
        await ask(project, { caller: iam(`assumed-role/${role}`, 'sts'), headers: UNCACHED });
      expect((await entriesOf(project)).map(({ user }) => user)).toEqual(Object.values(sessions));
    },
  ),

  setting(
    'proxy',
    'ALERT_TOPIC_ARN BUDGET_THRESHOLDS STAGE',
    'tells the topic of a limit that is used up so far, and of no other',
    async ({ newProject, ask, askedDuring }) => {
      const told = async (usd: string) => {
        const project = await newProject(usd);
        const asked = await askedDuring(() => ask(project));
        return asked.filter(({ service }) => service === 'sns').map(({ body }) => new URLSearchParams(body));
      };
      // $0.0005775 is 12 % of it, and 6 %.
      const [alert, ...others] = await told('0.005');
      expect(others).toEqual([]);
      expect(alert?.get('TopicArn')).toBe('arn:aws:sns:eu-north-7:111122223333:odd-topic');
      expect(alert?.get('Subject')).toContain('Farebox odd-stage: 7 %');
      expect(await told('0.01')).toEqual([]);
    },
  ),

  setting('proxy', 'OPENAI_REGIONAL', 'holds and books 10 % more', async (stage) => {
    const { env, newProject, ask } = stage;
    const global = createApp(wireProxy({ ...env, OPENAI_REGIONAL: '0' }));
    const [project, cheaper] = [await newProject(), await newProject()];
    await ask(project);
    await ask(cheaper, { app: global });
    const [dear, cheap] = [await entryOf(stage, project), await entryOf(stage, cheaper)];
    expect([dear.outcome?.cost, cheap.outcome?.cost]).toEqual([REGIONAL_COST, GLOBAL_COST]);
    expect(dear.held * 10n).toBe(cheap.held * 11n);
  }),

  setting(
    'proxy',
    'OPENAI_AUTO_TIER',
    'holds for a call that names no tier what this one costs',
    async ({ newProject, ask, entriesOf }) => {
      const project = await newProject();
      for (const service_tier of [undefined, 'default', 'priority'])
        await ask(project, { body: question({ service_tier }), headers: UNCACHED });
      const [unnamed = 0n, named = 0n, priority = 0n] = (await entriesOf(project)).map(({ held }) => held);
      // The tier's name stands in the body, and counts as a few tokens of it.
      expect(named - unnamed).toBeLessThan(unnamed / 10n);
      expect(priority).toBeGreaterThan((unnamed * 3n) / 2n);
    },
  ),

  setting('proxy', 'DEFAULT_PROJECT', 'books there what names no project', async (stage) => {
    const project = await stage.newProject('10', 'odd-default');
    expect((await stage.ask(undefined)).status).toBe(200);
    expect(await entryOf(stage, project)).toMatchObject({ project: 'odd-default' });
  }),

  setting(
    'proxy',
    'STAGING_HEADER',
    'serves a call that names another stage',
    async ({ env, newProject, ask }) => {
      const project = await newProject();
      const headers = { 'openai-proxy-staging': 'dev' };
      const checking = createApp(wireProxy({ ...env, STAGING_HEADER: 'checked' }));
      expect((await ask(project, { headers })).status).toBe(200);
      expect((await ask(project, { headers, app: checking })).status).toBe(400);
    },
  ),

  setting(
    'proxy',
    'TRUSTED_CALLERS',
    'lets these callers speak for others',
    async ({ newProject, ask, entriesOf }) => {
      const project = await newProject();
      const headers = { 'openai-proxy-user': 'somebody', ...UNCACHED };
      for (const name of ['odd-speaker', 'alice'])
        await ask(project, { headers, caller: iam(`user/${name}`) });
      expect((await entriesOf(project)).map(({ user }) => user)).toEqual(['somebody', 'user/alice']);
    },
  ),

  setting(
    'proxy',
    'HOLD_WAIT_MS',
    'lets a call wait for so long for what others hold',
    async ({ env, newProject, ask, gate }) => {
      // Enough for either of two calls.
      const project = await newProject('0.0014');
      const { asked, open } = gate();
      const first = ask(project, { headers: UNCACHED });
      await asked;
      let slept = 0;
      const sleep: AppDeps['sleep'] = async (milliseconds) => {
        slept += milliseconds;
      };
      const app = createApp({ ...wireProxy(env), sleep });
      const refused = await ask(project, { app, body: question({ seed: 1 }) });
      expect(refused.text).toContain('rate_limit_exceeded');
      expect(slept).toBeLessThanOrEqual(54_321);
      // The looks in between took the rest, on a machine however busy.
      expect(slept).toBeGreaterThan(10_000);
      open();
      await first;
    },
  ),

  setting(
    'proxy',
    'FREE_CALLS_PER_MINUTE',
    'lets a project ask as much for nothing, in all functions together',
    async ({ env, answersTable, newProject, ask }) => {
      later(0);
      const another = createApp(wireProxy({ ...env, CACHE_TABLE: answersTable }));
      const project = await newProject();
      const free = (app?: typeof another) =>
        ask(project, { path: '/v1/conversations', body: {}, ...(app && { app }) });
      for (const app of [undefined, another, another, undefined, another, undefined, another])
        expect((await free(app)).status).not.toBe(429);
      for (const app of [undefined, another]) expect((await free(app)).status).toBe(429);
    },
  ),

  setting(
    'proxy',
    'OPEN_CALLS_PER_PROJECT DEFERRED_CALLS_PER_PROJECT',
    'lets a project have as many calls open, and of them as many that OpenAI goes on working on',
    async ({ upstream, newProject, ask, gate }) => {
      const project = await newProject();
      upstream.on(
        '/odd/v1/responses',
        json({ id: `resp_${project}`, object: 'response', status: 'queued', model: 'gpt-5.4-mini' }),
      );
      const body = { model: 'gpt-5.4-mini', input: 'Odd?', background: true, max_output_tokens: 200 };
      const background = () => ask(project, { path: '/v1/responses', body });
      expect((await background()).status).toBe(200);
      expect((await background()).status).toBe(429);
      const { open } = gate();
      const calls = Array.from({ length: 9 }, (_, n) =>
        ask(project, { body: question({ user: `odd-${n}` }), headers: UNCACHED }),
      );
      const first = await Promise.race(calls);
      open();
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      expect([first.status, statuses.filter((status) => status === 200).length]).toEqual([429, 4]);
    },
  ),

  setting('proxy', 'MAX_BODY_BYTES', 'refuses a larger request', async ({ newProject, ask }) => {
    const project = await newProject();
    const fits = JSON.stringify(question({ user: '' })).length;
    const sized = (bytes: number) => ask(project, { body: question({ user: 'u'.repeat(bytes - fits) }) });
    expect((await sized(54_321)).status).toBe(200);
    const refused = await sized(54_322);
    expect([refused.status, refused.text.includes('54321 bytes')]).toEqual([413, true]);
  }),
];
