import { expect } from 'vitest';
import { callId } from '../../../shared/core/call-id.ts';
import { periodKey } from '../../../shared/core/period.ts';
import { printedDuring } from '../../support/printed.ts';
import { json } from '../../support/scripted-upstream.ts';
import {
  ACCOUNT,
  later,
  servicesIn,
  timeoutsDuring,
  USAGE,
  type WiredFunctions,
} from '../../support/wired-functions.ts';
import { ODD_KEYS } from '../../support/wired-stage.ts';
import { type Setting, setting } from './setting.ts';

const DAY_MS = 86_400_000;
const USAGE_KINDS = [
  ...['completions', 'decisions', 'embeddings', 'images'],
  ...['audio_speeches', 'audio_transcriptions', 'web_search_calls', 'file_search_calls'],
];

/** OpenAI has billed nothing. */
function billNothing({ upstream }: WiredFunctions): void {
  const paths = ['costs', ...USAGE_KINDS.map((kind) => `usage/${kind}`)];
  for (const path of paths)
    upstream.on(`/odd/v1/organization/${path}`, json({ object: 'page', data: [], has_more: false }));
}

export const ADMIN_SETTINGS: readonly Setting[] = [
  setting(
    'admin',
    'TABLE_NAME AWS_REGION AWS_ENDPOINT_URL_DYNAMODB LEDGER_DEADLINE_MS',
    'changes the stage’s table, in its region, and gives it its time',
    async ({ newProject, askedDuring, table }) => {
      const asked = await askedDuring(async () => {
        const { timers } = await timeoutsDuring(() => newProject('12.5'));
        expect(timers).toContain(45_678);
      });
      expect(servicesIn(asked)).toEqual(['dynamodb in eu-north-7']);
      expect(asked.every(({ body }) => body.includes(table.tableName))).toBe(true);
    },
  ),

  setting(
    'admin',
    'SESSION_ROLES IDENTITY_CENTER_ROLES',
    'knows people by the names that the proxy knows them by',
    async ({ newProject, admin }) => {
      const project = await newProject();
      const nameOf = async (role: string) => {
        const user = `arn:aws:sts::${ACCOUNT}:assumed-role/${role}`;
        return (await admin({ command: 'set-limit', project, user, limit: '1' }))['user'];
      };
      expect(await nameOf('odd-role-eu/kim')).toBe('role/odd-role-eu/kim');
      expect(await nameOf('other-role/kim')).toBe('role/other-role');
      expect(await nameOf('AWSReservedSSO_Odd_1/kim')).toBe('sso/kim');
      // Names in limits are in lower case.
      expect(await nameOf('AWSReservedSSO_Even_1/kim')).toBe('role/awsreservedsso_even_1');
    },
  ),

  setting(
    'admin',
    'OPENAI_ADMIN_SECRET_ARN OPENAI_PROJECT_ID OPENAI_BASE_URL AWS_ENDPOINT_URL_SECRETS_MANAGER AWS_REGION',
    'reads the invoice of the stage’s project with the admin key',
    async (stage) => {
      billNothing(stage);
      const { upstream, askedDuring, admin } = stage;
      const before = upstream.received.length;
      const asked = await askedDuring(async () => {
        expect(await admin({ command: 'reconcile' })).not.toHaveProperty('error');
      });
      const secrets = asked.filter(({ service }) => service === 'secretsmanager');
      expect(secrets).toMatchObject([
        { region: 'eu-north-7', body: expect.stringContaining('odd-admin-secret') },
      ]);
      const received = upstream.received.slice(before);
      expect(received.length).toBeGreaterThan(USAGE_KINDS.length);
      for (const { url, headers } of received) {
        expect(headers.authorization).toBe(`Bearer ${ODD_KEYS.admin}`);
        expect(new URL(url, 'http://upstream').searchParams.get('project_ids[]')).toBe('proj_odd');
      }
    },
  ),

  setting('admin', 'OPENAI_REGIONAL', 'tells what tools cost as the stage pays for them', async (stage) => {
    billNothing(stage);
    const { upstream, newProject, ask, admin } = stage;
    const project = await newProject();
    const answer = { id: `resp_${project}`, object: 'response', status: 'completed', model: 'gpt-5.4-mini' };
    const tool_usage = { web_search: { num_requests: 1 } };
    const tools = [{ type: 'web_search' }];
    upstream.on('/odd/v1/responses', json({ ...answer, output: [], usage: USAGE, tools, tool_usage }));
    const body = {
      model: 'gpt-5.4-mini',
      input: 'Is it odd?',
      max_output_tokens: 200,
      max_tool_calls: 1,
      tools,
    };
    expect((await ask(project, { path: '/v1/responses', body })).status).toBe(200);
    const reply = await admin({ command: 'reconcile', day: periodKey('day', Date.now()) });
    // $10 for a thousand searches, and 10 %.
    expect(JSON.stringify(reply)).toMatch(/"web_search"[^}]*"booked":"0\.011"/);
  }),

  setting('admin', 'RETENTION_DAYS', 'audits no days whose entries are no longer kept', async (stage) => {
    const { newProject, store, admin } = stage;
    const call = { user: 'user/alice', model: 'm', endpoint: 'e', requestedModel: 'm', stream: false };
    const now = Date.now() + 40 * DAY_MS;
    const [recent, old] = [await newProject(), await newProject()];
    const counted = async (project: string, daysAgo: number) => {
      const at = now - daysAgo * DAY_MS;
      const id = callId(at, '0123456789abcdef');
      const expiresAt = now + DAY_MS;
      await store.putCall({ ...call, project, id, held: 0n, accounts: [], expiresAt, state: 'open' });
      return (await admin({ command: 'audit', day: periodKey('day', at), project }))['entries'];
    };
    later(40 * DAY_MS);
    expect(await counted(recent, 15)).toBe(1);
    expect(await counted(old, 19)).toBe(0);
  }),

  setting('admin', 'LOG_LEVEL', 'logs nothing below a warning', async (stage) => {
    billNothing(stage);
    expect(await printedDuring(() => stage.admin({ command: 'reconcile', alarm: true }))).toBe('');
  }),
];
