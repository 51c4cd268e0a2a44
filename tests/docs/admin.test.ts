import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../functions/admin/commands/index.ts';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { onEveryStore, picodollars } from '../support/admin-stage.ts';
import { jsonBlocks } from '../support/doc-blocks.ts';

const BLOCKS = jsonBlocks(readFileSync(new URL('../../docs/admin.md', import.meta.url), 'utf8'));
const PAYLOADS = BLOCKS.filter(({ kind }) => kind === 'payload').map(({ value }) => value);
const REPLIES = BLOCKS.filter(({ kind }) => kind === 'reply').map(({ value }) => value);

function isCommand(payload: JsonObject, name: string): boolean {
  return payload['command'] === name;
}

onEveryStore('docs/admin.md', (open) => {
  it('shows what the admin function replies, payload by payload', async () => {
    const stage = await open();
    const replies: JsonObject[] = [];
    for (const payload of PAYLOADS) {
      if (isCommand(payload, 'list-limits')) {
        const alice = { project: 'demo', user: 'user/alice', model: 'gpt-4o' };
        const tally = { input: 1200, cached_input: 800, output: 640, reasoning: 256, web_search: 1 };
        await stage.book({ ...alice, cost: '0.0204', tally });
        await stage.book({ ...alice, cost: '0', saved: '0.0204', tally: { hits: 1 } });
        await stage.hold({ ...alice, user: 'role/deploy', amount: '0.05' });
      }
      if (isCommand(payload, 'usage')) {
        stage.clock.set('2026-11-21T12:30:00.000Z');
        const deploy = { project: 'demo', user: 'role/deploy', model: 'gpt-4o-mini' };
        await stage.book({ ...deploy, cost: '0.00012', tally: { input: 400, output: 100 } });
      }
      if (isCommand(payload, 'unpriced')) {
        for (const model of ['gpt-7', 'gpt-7', 'gpt-7-mini'])
          await stage.unpricedCalls.count(model, Date.parse('2026-11-21T12:30:00.000Z'));
      }
      if (isCommand(payload, 'reconcile')) {
        const [day, model] = ['2026-11-21', 'gpt-4o-mini-2024-07-18'];
        const cost = (lineItem: string, usd: string) => ({ day, lineItem, amount: picodollars(usd) });
        stage.invoice.costs = [
          cost('gpt-4o-2024-08-06, input', '0.004'),
          cost('gpt-4o-2024-08-06, output', '0.0064'),
          cost(`${model}, output`, '0.00024'),
          cost('web search tool calls', '0.01'),
          cost('Vector storage', '0.05'),
        ];
        stage.invoice.usage = [{ day, of: { model }, measured: { requests: 2, input: 800, output: 200 } }];
      }
      replies.push(await stage.admin(payload));
    }
    expect(replies).toEqual(REPLIES);
  });
});

it('docs/admin.md shows every command', () => {
  const shown = PAYLOADS.filter(isObject).map((payload) => payload['command']);
  const missing = COMMANDS.map(({ name }) => name).filter((name) => name !== 'help' && !shown.includes(name));
  expect(missing).toEqual([]);
});
