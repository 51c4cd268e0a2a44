import { expect, vi } from 'vitest';
import { limitAccount } from '../../../shared/core/accounts.ts';
import { callId } from '../../../shared/core/call-id.ts';
import { printedDuring } from '../../support/printed.ts';
import { json } from '../../support/scripted-upstream.ts';
import {
  entryOf,
  later,
  REGIONAL_COST,
  servicesIn,
  timeoutsDuring,
  USAGE,
} from '../../support/wired-functions.ts';
import { ODD_KEYS } from '../../support/wired-stage.ts';
import { type Setting, setting } from './setting.ts';

const DAY_SECONDS = 86_400;

export const SWEEP_SETTINGS: readonly Setting[] = [
  setting(
    'sweep',
    'TABLE_NAME AWS_REGION AWS_ENDPOINT_URL_DYNAMODB LEDGER_DEADLINE_MS LOG_LEVEL',
    'looks after the stage’s table, in its region, gives it its time, and says nothing below a warning',
    async ({ askedDuring, sweep, table }) => {
      const asked = await askedDuring(async () => {
        const printed = await printedDuring(async () => {
          const { timers } = await timeoutsDuring(() => sweep({}));
          expect(timers).toContain(45_678);
        });
        expect(printed).toBe('');
      });
      expect(servicesIn(asked)).toEqual(['dynamodb in eu-north-7']);
      expect(asked.every(({ body }) => body.includes(table.tableName))).toBe(true);
    },
  ),

  setting(
    'sweep',
    'OPENAI_SECRET_ARN OPENAI_BASE_URL OPENAI_REGIONAL AWS_ENDPOINT_URL_SECRETS_MANAGER',
    'settles a background response at what OpenAI tells, with the stage’s key and prices',
    async (stage) => {
      const { newProject, ask, upstream, sweep } = stage;
      const project = await newProject();
      const response = { id: `resp_${project}`, object: 'response', model: 'gpt-5.4-mini', output: [] };
      upstream.on('/odd/v1/responses', json({ ...response, status: 'queued' }));
      const body = { model: 'gpt-5.4-mini', input: 'Is it odd?', max_output_tokens: 200, background: true };
      await ask(project, { path: '/v1/responses', body });
      expect(await entryOf(stage, project)).toMatchObject({
        state: 'open',
        deferred: { object: response.id },
      });
      upstream.on(
        `/odd/v1/responses/${response.id}`,
        json({ ...response, status: 'completed', usage: USAGE }),
      );
      later(20 * 60_000);
      expect(await sweep({})).toMatchObject({ settled: 1 });
      vi.useRealTimers();
      expect((await entryOf(stage, project)).outcome).toMatchObject({
        state: 'settled',
        cost: REGIONAL_COST,
      });
      expect(upstream.received.at(-1)?.headers.authorization).toBe(`Bearer ${ODD_KEYS.stage}`);
    },
  ),

  setting(
    'sweep',
    'LEASE_SECONDS',
    'gives a stray hold back after the lease, where it goes deep',
    async ({ newProject, ask, store, sweep }) => {
      const project = await newProject();
      await ask(project);
      const limit = limitAccount({ project }, 'month', Date.now());
      const id = callId(Date.now(), 'f'.repeat(16));
      await store.reserve(limit, id, { amount: 5n, at: Date.now(), project });
      const isHeld = async () => (await store.getAccount(limit))?.holds.has(id);
      later(1_200_000);
      await sweep({ deep: true });
      expect(await isHeld()).toBe(true);
      later(40_000);
      for (const shallow of [{}, { deep: false }, { deep: 'yes' }]) await sweep(shallow);
      expect(await isHeld()).toBe(true);
      await sweep({ deep: true });
      expect(await isHeld()).toBe(false);
    },
  ),

  setting(
    'sweep',
    'ALERT_TOPIC_ARN BUDGET_THRESHOLDS AWS_ENDPOINT_URL_SNS STAGE AWS_REGION RETENTION_DAYS',
    'tells the topic what nobody was told of yet, where it goes deep',
    async ({ newProject, ask, admin, sweep, askedDuring, itemsOf, table }) => {
      const project = await newProject();
      await ask(project);
      // $0.0005775 is 12 % of it.
      await admin({ command: 'set-limit', project, limit: '0.005' });
      const asked = await askedDuring(() => sweep({ deep: true }));
      const alerts = asked
        .filter(({ service }) => service === 'sns')
        .map(({ region, body }) => ({ region, alert: new URLSearchParams(body) }))
        .filter(({ alert }) => alert.get('Subject')?.endsWith(`for project ${project}`));
      expect(alerts).toHaveLength(1);
      const [{ region, alert } = { region: '', alert: new URLSearchParams() }] = alerts;
      expect(region).toBe('eu-north-7');
      expect(alert.get('TopicArn')).toBe('arn:aws:sns:eu-north-7:111122223333:odd-topic');
      expect(alert.get('Subject')).toContain('Farebox odd-stage: 7 % of the month limit');
      const claims = await itemsOf(table.tableName, 'alert#');
      const claim = claims.find(({ pk }) => pk?.S?.includes(project));
      const days = (Number(claim?.['ttl']?.N) - Date.now() / 1_000) / DAY_SECONDS;
      expect(days).toBeGreaterThan(16);
      expect(days).toBeLessThan(18);
    },
  ),
];
