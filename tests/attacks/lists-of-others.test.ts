import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListedKind, tagOf } from '../../shared/core/listed-objects.ts';
import type { StoredObject } from '../../shared/core/objects.ts';
import { type Account, account, type Kept } from './support/account.ts';
import { type AttackStage, expectNotFound, type Side, side, startAttackStage } from './support/stage.ts';

/*
 * All projects of a stage share one account of OpenAI. One of them makes so many objects that those of the other are
 * far down in OpenAI's lists, or lists for the sake of the requests that it costs.
 */

const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1_000);
const MANY = 10_000;

let stage: AttackStage;
let ids = 0;
beforeAll(async () => {
  stage = await startAttackStage();
});
afterAll(() => stage.close());

function newId(prefix: string): string {
  ids += 1;
  return `${prefix}${ids}`;
}

/** Objects that a project owns, made so many seconds ago, as they would be had it made them by calls. */
async function owned(
  kind: ListedKind,
  project: string,
  objects: readonly Kept[],
  where: Account,
  more: Partial<StoredObject> = {},
) {
  where.kept.push(...objects);
  await stage.world.deps.objects.own(
    objects.map(({ id, created_at }) => ({
      id,
      kind,
      project,
      user: 'user/developer',
      createdAt: created_at,
      ...more,
    })),
  );
}

function objects(count: number, prefix: string, age: number, more: object = {}): Kept[] {
  return Array.from({ length: count }, (_, at) => ({
    id: newId(prefix),
    created_at: NOW - age + at,
    ...more,
  }));
}

function sortAccount({ kept }: Account): void {
  kept.sort((a, b) => a.created_at - b.created_at);
}

interface List {
  readonly object: string;
  readonly data: readonly { readonly id: string }[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

async function list(whose: Side, path: string) {
  stage.forwarded();
  const response = await whose.get(path);
  expect(response.status).toBe(200);
  const body = (await response.json()) as List;
  return { ...body, ids: body.data.map(({ id }) => id), requests: stage.forwarded().length };
}

const KINDS: readonly (readonly [ListedKind, string, 'asc' | 'desc'])[] = [
  ['file', '/files', 'desc'],
  ['batch', '/batches', 'desc'],
  ['container', '/containers', 'desc'],
  ['vector_store', '/vector_stores', 'desc'],
  ['chat_completion', '/chat/completions', 'asc'],
];

describe.each(KINDS)('The list of a project’s own (%s)', (kind, path, order) => {
  let keeper: Account;
  let mine: Kept[];
  beforeAll(async () => {
    keeper = account({ order, ...(kind === 'file' ? { most: 10_000, limit: 10_000 } : {}) });
    stage.upstream.on(path, keeper.list);
    stage.upstream.on(`${path}/*`, keeper.one);
    mine = objects(3, `${kind}-mine-`, 9 * DAY);
    await owned(kind, stage.victim.project, mine, keeper);
    // Older ones come first where the list begins with the oldest.
    for (const age of [4, 20])
      await owned(kind, stage.attacker.project, objects(MANY / 2, 'x-', age * DAY), keeper);
    sortAccount(keeper);
  });
  const inOrder = (found: readonly Kept[]) => {
    const names = found.map(({ id }) => id);
    return order === 'asc' ? names : names.toReversed();
  };

  it('is whole, whatever another project has put before it', async () => {
    const found = await list(stage.victim, path);
    expect(found.ids).toEqual(inOrder(mine));
    expect(found).toMatchObject({ has_more: false, first_id: found.ids[0], last_id: found.ids[2] });
    expect(found.requests).toBeLessThanOrEqual(4);
  });

  it('goes on from page to page', async () => {
    const first = await list(stage.victim, `${path}?limit=2`);
    expect([first.ids, first.has_more]).toEqual([inOrder(mine).slice(0, 2), true]);
    const second = await list(stage.victim, `${path}?limit=2&after=${first.last_id}`);
    expect([second.ids, second.has_more]).toEqual([inOrder(mine).slice(2), false]);
  });

  it('asks OpenAI nothing where there is nothing', async () => {
    const found = await list(await side(stage.world, '1'), path);
    expect(found).toMatchObject({ object: 'list', data: [], has_more: false, first_id: null, last_id: null });
    expect(found.requests).toBe(0);
  });

  it('takes no cursor of another project, nor one that nobody made', async () => {
    const [theirs = ''] = keeper.kept.flatMap(({ id }) => (id.startsWith('x-') ? [id] : []));
    for (const cursor of [theirs, 'nobody-made-this']) {
      await expectNotFound(await stage.victim.get(`${path}?after=${cursor}`), 'after');
      await expectNotFound(await stage.victim.get(`${path}?before=${cursor}`), 'before');
    }
  });

  it('costs a bounded number of requests, however much of it OpenAI’s own list does not reach', async () => {
    const another = await side(stage.world, '1');
    const far = objects(60, `${kind}-far-`, 8 * DAY);
    await owned(kind, another.project, far, keeper);
    sortAccount(keeper);
    const seen: string[] = [];
    let after = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const found = await list(another, `${path}?limit=50${after}`);
      expect(found.requests).toBeLessThanOrEqual(21);
      seen.push(...found.ids);
      if (!found.has_more) break;
      expect(found.ids.length).toBeGreaterThan(0);
      after = `&after=${found.last_id}`;
    }
    expect(seen).toEqual(inOrder(far));
  });

  it('holds what OpenAI has no more no longer, and forgets it', async () => {
    const [, gone] = mine;
    keeper.kept.splice(
      keeper.kept.findIndex(({ id }) => id === gone?.id),
      1,
    );
    const left = inOrder(mine.filter((object) => object !== gone));
    expect((await list(stage.victim, path)).ids).toEqual(left);
    const again = await list(stage.victim, path);
    expect(again.ids).toEqual(left);
    expect(again.requests).toBeLessThanOrEqual(3);
  });
});

describe('A list', () => {
  it('finds the one file of a purpose among thousands of the project’s own and of others', async () => {
    const keeper = account({ most: 10_000, limit: 10_000 });
    stage.upstream.on('/files', keeper.list);
    stage.upstream.on('/files/*', keeper.one);
    const [own] = [await side(stage.world, '1')];
    const tagged = (purpose: string) => ({ tags: [tagOf('purpose', purpose)] });
    const rare = objects(1, 'rare-', 9 * DAY, { purpose: 'batch' });
    const common = objects(1_500, 'common-', 8 * DAY, { purpose: 'vision' });
    await owned('file', own.project, rare, keeper, tagged('batch'));
    await owned('file', own.project, common, keeper, tagged('vision'));
    await owned('file', stage.attacker.project, objects(MANY, 'x-', DAY, { purpose: 'batch' }), keeper);
    sortAccount(keeper);
    const found = await list(own, '/files?purpose=batch');
    expect([found.ids, found.has_more]).toEqual([rare.map(({ id }) => id), false]);
    expect(found.requests).toBeLessThanOrEqual(2);
    const all = await list(own, '/files');
    expect([all.ids.length, all.has_more]).toEqual([20, true]);
  });

  it('finds what lives behind thousands that OpenAI has dropped', async () => {
    const keeper = account();
    stage.upstream.on('/containers', keeper.list);
    stage.upstream.on('/containers/*', keeper.one);
    const own = await side(stage.world, '1');
    const alive = objects(2, 'alive-', 9 * DAY);
    await owned('container', own.project, alive, keeper);
    await owned('container', own.project, objects(3_000, 'dead-', 8 * DAY), account());
    const found = await list(own, '/containers');
    expect([found.ids, found.has_more]).toEqual([alive.map(({ id }) => id).toReversed(), false]);
    expect(found.requests).toBe(1);
  });

  it('is refused in OpenAI’s words where OpenAI refuses it', async () => {
    const keeper = account();
    stage.upstream.on('/batches', keeper.list);
    for (const query of ['limit=0', 'limit=101', 'limit=ten', 'limit=-1', 'order=up'])
      expect((await stage.victim.get(`/batches?${query}`)).status, query).toBe(400);
  });
});
