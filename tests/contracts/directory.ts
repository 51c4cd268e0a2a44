import { beforeEach, describe, expect, it } from 'vitest';
import { ONE_USD } from '../../shared/core/money.ts';
import type { Limit, Scope } from '../../shared/core/scope.ts';
import type { Directory, Project } from '../../shared/ports/directory.ts';

const ALICE = { user: 'user/alice', project: 'demo', model: 'gpt-4o' };
const DEMO: Project = {
  name: 'demo',
  principals: ['user/*'],
  models: ['gpt-4o', 'o3*'],
  onDisconnect: 'cancel',
  cacheGeneration: 0,
  createdAt: 1_793_664_000_123,
};

/** What every directory must do; `create` makes an empty one. */
export function directoryContract(name: string, create: () => Promise<Directory>): void {
  describe(`a directory in ${name}`, () => {
    let directory: Directory;
    beforeEach(async () => {
      directory = await create();
    });

    describe('rules', () => {
      it('of an empty stage are none, at cache generation 0', async () => {
        expect(await directory.rules(ALICE)).toEqual({ cacheGeneration: 0, limits: [] });
      });

      it('hold the project, and every limit that binds the subject, the narrowest first, and no other', async () => {
        await directory.createProject(DEMO);
        const bind: [Scope, Limit['period']][] = [
          [ALICE, 'day'],
          [{ user: 'user/alice', project: 'demo' }, 'week'],
          [{ project: 'demo', model: 'gpt-4o' }, 'month'],
          [{ user: 'user/alice', model: 'gpt-4o' }, 'total'],
          [{ project: 'demo' }, 'day'],
          [{ project: 'demo' }, 'month'],
          [{ user: 'user/alice' }, 'month'],
          [{ model: 'gpt-4o' }, 'month'],
          [{}, 'total'],
        ];
        for (const [scope, period] of bind) await directory.putLimit(scope, period, ONE_USD);
        for (const other of [{ project: 'other' }, { user: 'bob' }, { ...ALICE, model: 'o3' }])
          await directory.putLimit(other, 'month', ONE_USD);
        const rules = await directory.rules(ALICE);
        expect(rules.project).toEqual(DEMO);
        expect(rules.limits).toEqual(
          bind.map(([scope, period]) => ({ scope, period, amount: ONE_USD, version: 1 })),
        );
      });

      it('never take a name for another, or for the absence of one', async () => {
        const strange = { user: '*', project: '=demo#=x', model: 'a%23b' };
        await directory.putLimit({}, 'month', 1n);
        await directory.putLimit({ project: strange.project }, 'month', 2n);
        await directory.putLimit({ user: '*' }, 'month', 3n);
        const { limits } = await directory.rules({ ...strange, user: 'x' });
        expect(limits.map(({ amount }) => amount)).toEqual([2n, 1n]);
        expect((await directory.rules(strange)).limits.map(({ amount }) => amount)).toEqual([2n, 3n, 1n]);
        expect((await directory.rules({ ...ALICE, project: 'demo' })).limits).toHaveLength(1);
      });
    });

    describe('a limit', () => {
      it('is read as it was set, to the picodollar, up to a billion USD', async () => {
        const amount = 1_000_000_000n * ONE_USD - 1n;
        const limit = await directory.putLimit({ project: 'demo' }, 'month', amount);
        expect(limit).toEqual({ scope: { project: 'demo' }, period: 'month', amount, version: 1 });
        expect(await directory.limit({ project: 'demo' }, 'month')).toEqual(limit);
        expect(await directory.limit({ project: 'demo' }, 'day')).toBeUndefined();
        expect(await directory.limit({ user: 'demo' }, 'month')).toBeUndefined();
      });

      it('stays spread over as many shards as it was, until others are named or it is removed', async () => {
        const scope = { project: 'demo' };
        const set = (amount: bigint, shards?: number) => directory.putLimit(scope, 'month', amount, shards);
        expect(await set(1n)).not.toHaveProperty('shards');
        expect(await set(2n, 16)).toMatchObject({ shards: 16 });
        expect(await set(3n)).toMatchObject({ amount: 3n, shards: 16 });
        expect(await directory.limit(scope, 'day')).toBeUndefined();
        expect((await directory.rules(ALICE)).limits).toEqual([await directory.limit(scope, 'month')]);
        expect(await set(4n, 1)).toMatchObject({ shards: 1 });
        expect(await directory.removeLimit(scope, 'month')).toMatchObject({ shards: 1 });
        expect(await set(5n)).not.toHaveProperty('shards');
      });

      it('of nothing is a limit too', async () => {
        await directory.putLimit({}, 'day', 0n);
        expect(await directory.limit({}, 'day')).toMatchObject({ amount: 0n });
      });

      it('gets a newer version with each change, also across its removal, and each period its own', async () => {
        const scope = { project: 'demo' };
        expect(await directory.putLimit(scope, 'month', 1n)).toMatchObject({ version: 1 });
        expect(await directory.putLimit(scope, 'month', 2n)).toMatchObject({ version: 2 });
        expect(await directory.putLimit(scope, 'day', 9n)).toMatchObject({ version: 1 });
        expect(await directory.removeLimit(scope, 'month')).toMatchObject({ amount: 2n, version: 2 });
        expect(await directory.limit(scope, 'month')).toBeUndefined();
        expect(await directory.limit(scope, 'day')).toMatchObject({ amount: 9n });
        expect((await directory.putLimit(scope, 'month', 3n)).version).toBeGreaterThan(2);
      });

      it('that is not set cannot be removed', async () => {
        expect(await directory.removeLimit({}, 'month')).toBeUndefined();
        await directory.putLimit({}, 'month', 1n);
        expect(await directory.removeLimit({}, 'day')).toBeUndefined();
        expect(await directory.removeLimit({}, 'month')).toMatchObject({ amount: 1n });
        expect(await directory.removeLimit({}, 'month')).toBeUndefined();
      });

      it('set by ten admins at once gets ten versions, and the newest is the one that stands', async () => {
        const amounts = Array.from({ length: 10 }, (_, index) => BigInt(index + 1));
        const set = await Promise.all(amounts.map((amount) => directory.putLimit(ALICE, 'month', amount)));
        const versions = set.map(({ version }) => version).sort((a, b) => a - b);
        expect(versions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        expect(await directory.limit(ALICE, 'month')).toEqual(set.find(({ version }) => version === 10));
      });

      it('removed by ten admins at once is removed once', async () => {
        await directory.putLimit(ALICE, 'month', 1n);
        const removed = await Promise.all(
          Array.from({ length: 10 }, () => directory.removeLimit(ALICE, 'month')),
        );
        expect(removed.filter((limit) => limit !== undefined)).toHaveLength(1);
      });

      it('set and removed at the same time in different periods loses neither change', async () => {
        for (let round = 0; round < 10; round += 1) {
          const scope = { project: `race-${round}` };
          await directory.putLimit(scope, 'month', 1n);
          await Promise.all([directory.removeLimit(scope, 'month'), directory.putLimit(scope, 'day', 2n)]);
          const listed = await collect(directory.limits());
          const mine = listed.filter((limit) => limit.scope.project === scope.project);
          expect(mine).toEqual([{ scope, period: 'day', amount: 2n, version: 1 }]);
        }
      });
    });

    it('lists every limit, past one page, and none that was removed', async () => {
      const names = Array.from({ length: 130 }, (_, index) => `p${String(index).padStart(3, '0')}`);
      await Promise.all(names.map((project) => directory.putLimit({ project }, 'month', 5n)));
      await directory.putLimit({ project: 'p000' }, 'day', 1n);
      await directory.removeLimit({ project: 'p100' }, 'month');
      const listed = (await collect(directory.limits())).map(
        ({ scope, period }) => `${scope.project} ${period}`,
      );
      const expected = ['p000 day', ...names.filter((n) => n !== 'p100').map((n) => `${n} month`)];
      expect(listed).toEqual(expected);
    });

    describe('a project', () => {
      it('is read as it was created, and created once', async () => {
        const outcomes = await Promise.all(Array.from({ length: 5 }, () => directory.createProject(DEMO)));
        expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
        expect(await directory.createProject({ ...DEMO, principals: [] })).toBe('exists');
        expect(await directory.project('demo')).toEqual(DEMO);
        expect(await directory.project('Demo')).toBeUndefined();
      });

      it('changes in what is named, and in nothing else', async () => {
        await directory.createProject(DEMO);
        expect(await directory.changeProject('demo', { principals: [] })).toEqual({
          ...DEMO,
          principals: [],
        });
        expect(await directory.changeProject('demo', {})).toEqual({ ...DEMO, principals: [] });
        expect(await directory.changeProject('nobody', { models: [] })).toBeUndefined();
        expect(await directory.changeProject('nobody', {})).toBeUndefined();
        expect(await directory.project('nobody')).toBeUndefined();
      });

      it('has what the cache does for it, once that is set, and again as the stage says', async () => {
        const cached = { ...DEMO, name: 'cached', caching: 'temperature_0' as const, cacheSeconds: 60 };
        await directory.createProject(cached);
        expect(await directory.project('cached')).toEqual(cached);
        expect(await directory.changeProject('cached', { caching: 'off', cacheSeconds: 0 })).toEqual({
          ...DEMO,
          name: 'cached',
          caching: 'off',
        });
        await directory.createProject(DEMO);
        await directory.changeProject('demo', { cacheSeconds: 90 });
        const { project } = await directory.rules(ALICE);
        expect(project).toEqual({ ...DEMO, cacheSeconds: 90 });
      });

      it('changed by three admins at once in three fields has all three changes', async () => {
        await directory.createProject(DEMO);
        const changes = [{ principals: ['a'] }, { models: ['b'] }, { onDisconnect: 'drain' as const }];
        await Promise.all(changes.map((change) => directory.changeProject('demo', change)));
        expect(await directory.project('demo')).toEqual({
          ...DEMO,
          principals: ['a'],
          models: ['b'],
          onDisconnect: 'drain',
        });
      });
    });

    it('lists every project by name, past one page', async () => {
      const names = Array.from({ length: 130 }, (_, index) => `p ${String(index).padStart(3, '0')}`);
      await Promise.all(names.map((project) => directory.createProject({ ...DEMO, name: project })));
      expect((await collect(directory.projects())).map((project) => project.name)).toEqual(names);
    });

    describe('a flush', () => {
      it('of a project raises its generation alone', async () => {
        await directory.createProject(DEMO);
        await directory.createProject({ ...DEMO, name: 'other' });
        expect(await directory.flush('demo')).toBe(true);
        expect(await directory.project('demo')).toEqual({ ...DEMO, cacheGeneration: 1 });
        expect(await directory.project('other')).toMatchObject({ cacheGeneration: 0 });
        expect((await directory.rules(ALICE)).cacheGeneration).toBe(0);
      });

      it('of an unknown project does nothing, and makes no project', async () => {
        expect(await directory.flush('nobody')).toBe(false);
        expect(await directory.project('nobody')).toBeUndefined();
      });

      it('of the stage, by five admins at once, raises its generation by five', async () => {
        await Promise.all(Array.from({ length: 5 }, () => directory.flush()));
        expect((await directory.rules(ALICE)).cacheGeneration).toBe(5);
      });
    });
  });
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
