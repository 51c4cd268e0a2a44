import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { createNoCache } from '../../../shared/memory/no-cache.ts';
import { json } from '../../support/scripted-upstream.ts';
import { inProcess } from '../../support/targets.ts';
import { makeWorld, type World } from '../../support/world.ts';
import { ask, CHAT, of, post } from './cases/fixtures.ts';

/** What `ask` costs, and the most that it may cost. */
const COST = 0.003;

let open: World | undefined;
afterEach(() => open?.close());

/** What the caller of each of so many calls is told that is left. */
async function toldTo(calls: number, limits: (world: World, project: string) => Promise<void>) {
  const store = createMemoryLedgerStore();
  open = await makeWorld({ store, directory: createMemoryDirectory(), cache: createNoCache() });
  open.upstream.on('/chat/completions', json(CHAT));
  const project = await open.project();
  await limits(open, project);
  const told: number[] = [];
  for (let n = 0; n < calls; n += 1) {
    const response = await post(inProcess(open), '/v1/chat/completions', ask(project), of(project));
    await response.text();
    await open.entries(project);
    told.push(Number(response.headers.get('openai-proxy-remaining') ?? Number.NaN));
  }
  return told;
}

describe('What is left of the tightest limit', () => {
  it('is told exactly where that is in one item', async () => {
    const told = await toldTo(3, (world, project) => world.limit({ project }, '1'));
    expect(told).toEqual([0.997, 0.994, 0.991]);
  });

  it('is told where that is in shards: nearly all of it, and never more', async () => {
    const told = await toldTo(12, (world, project) => world.limit({ project }, '100', 4));
    for (const [calls, amount] of told.entries())
      expect(amount).toBeLessThanOrEqual(100 - COST * (calls + 1));
    // The first call opens the account, of which there is nothing to read yet.
    for (const amount of told.slice(1)) expect(amount).toBeGreaterThan(99);
  });

  it('is not what is left of a wider limit, where the tightest is in shards', async () => {
    const told = await toldTo(3, async (world, project) => {
      await world.limit({ project }, '50');
      await world.limit({ project, user: 'user/developer' }, '1', 4);
    });
    for (const amount of told) expect(amount).toBeLessThan(1);
  });
});
