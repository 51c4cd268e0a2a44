import { beforeEach, describe, expect, it } from 'vitest';
import { tagOf } from '../../shared/core/listed-objects.ts';
import { RECORDED_KINDS, type StoredObject } from '../../shared/core/objects.ts';
import type { ListQuery, Objects } from '../../shared/ports/objects.ts';

const FILE: StoredObject = {
  id: 'file-1',
  kind: 'file',
  project: 'demo',
  user: 'user/alice',
  call: 'call-1',
};

/** What every keeper of owners must do; `create` makes an empty one. */
export function objectsContract(name: string, create: () => Promise<Objects>): void {
  describe(`the owners of objects in ${name}`, () => {
    let objects: Objects;
    beforeEach(async () => {
      objects = await create();
    });

    it('are found by id, and what nobody owns is left out', async () => {
      const store: StoredObject = { id: 'vs_1', kind: 'vector_store', project: 'demo', user: 'admin' };
      await objects.own([FILE, store]);
      const owners = await objects.owners(['file-1', 'vs_1', 'file-2']);
      expect([...owners.keys()].sort()).toEqual(['file-1', 'vs_1']);
      expect(owners.get('file-1')).toEqual(FILE);
      expect(owners.get('vs_1')).toEqual(store);
    });

    it('stay who they were first, whoever comes later', async () => {
      await objects.own([FILE]);
      await objects.own([{ ...FILE, project: 'other', user: 'user/bob', call: 'call-2' }]);
      expect((await objects.owners(['file-1'])).get('file-1')).toEqual(FILE);
    });

    it('are one of those who come at once', async () => {
      const projects = Array.from({ length: 8 }, (_, i) => `p-${i}`);
      await Promise.all(projects.map((project) => objects.own([{ ...FILE, project }])));
      const { project } = (await objects.owners(['file-1'])).get('file-1') ?? { project: '' };
      expect(projects).toContain(project);
    });

    it('are none of an object that was deleted, which can be owned again', async () => {
      await objects.own([FILE]);
      await objects.disown('file-1');
      await objects.disown('file-1');
      expect((await objects.owners(['file-1'])).size).toBe(0);
      await objects.own([{ ...FILE, project: 'other' }]);
      expect((await objects.owners(['file-1'])).get('file-1')?.project).toBe('other');
    });

    it('of more objects than one request takes are found all the same, also of ids that repeat', async () => {
      const many = Array.from({ length: 230 }, (_, i): StoredObject => ({ ...FILE, id: `file-${i}` }));
      await objects.own(many);
      const ids = many.map(({ id }) => id);
      expect((await objects.owners([...ids, ...ids])).size).toBe(230);
      expect((await objects.owners([])).size).toBe(0);
    });

    it('are none of a text that no object can be found by, whatever is in it', async () => {
      const longest = '%'.repeat(512);
      await objects.own([FILE, { ...FILE, id: longest }]);
      const unfit = [`${longest}%`, 'r'.repeat(3_000), '語'.repeat(700), '\ud800', 'a\u0000b', 'a b', ''];
      const owners = await objects.owners([...unfit, longest, 'file-1']);
      expect([...owners.keys()].sort()).toEqual([longest, 'file-1'].sort());
      for (const id of unfit) await objects.disown(id);
    });

    it('are written down beside an object that no key can name, which is a fault', async () => {
      const strange = { ...FILE, id: '語'.repeat(700) };
      await expect(objects.own([strange, FILE])).rejects.toThrow(RangeError);
      expect((await objects.owners([FILE.id, strange.id])).size).toBe(1);
    });

    it('tell whether a conversation was read, once it was, and nothing of what has no owner', async () => {
      const conversation = { ...FILE, id: 'conv_1', kind: 'conversation' as const };
      const vetted = { ...conversation, id: 'conv_2', vetted: true as const };
      await objects.own([conversation, vetted]);
      const read = async () => [...(await objects.owners(['conv_1', 'conv_2', 'conv_3'])).values()];
      expect(await read()).toEqual([conversation, vetted]);
      for (const id of ['conv_1', 'conv_3', 'no id']) await objects.vet(id);
      expect(await read()).toEqual([{ ...conversation, vetted: true }, vetted]);
    });

    it('are of every kind that is written down', async () => {
      const every = RECORDED_KINDS.map((kind): StoredObject => ({ ...FILE, id: `a-${kind}`, kind }));
      await objects.own(every);
      expect([...(await objects.owners(every.map(({ id }) => id))).values()]).toEqual(every);
    });

    it('are told apart by ids that look alike in a key', async () => {
      await objects.own([{ ...FILE, id: 'a#b' }]);
      expect((await objects.owners(['a', 'a%23b', 'a#b'])).size).toBe(1);
    });
  });
}

const FILES: Omit<ListQuery, 'limit'> = { project: 'demo', kind: 'file', order: 'desc', tags: [] };
const file = (name: string, more: Partial<StoredObject> = {}): StoredObject => ({
  ...FILE,
  id: name,
  ...more,
});

/** What every list of a project's objects must do; `create` makes an empty one. */
export function objectListsContract(name: string, create: () => Promise<Objects>): void {
  describe(`the lists of objects in ${name}`, () => {
    let objects: Objects;
    beforeEach(async () => {
      objects = await create();
    });
    const list = async (query: Partial<ListQuery> = {}) => {
      const { objects: found, more } = await objects.list({ ...FILES, limit: 10, ...query });
      return [found.map(({ id }) => id).join(' '), more];
    };
    const ownInOrder = async (ids: readonly string[], more: Partial<StoredObject> = {}) => {
      for (const [at, id] of ids.entries()) await objects.own([file(id, { createdAt: 1_000 + at, ...more })]);
    };

    it('are in the order in which OpenAI made them, whoever came first to own them', async () => {
      await objects.own([file('b', { createdAt: 20 }), file('c', { createdAt: 300 })]);
      await objects.own([file('a', { createdAt: 3 })]);
      expect(await list()).toEqual(['c b a', false]);
      expect(await list({ order: 'asc' })).toEqual(['a b c', false]);
    });

    it('are of one project and one kind', async () => {
      await objects.own([
        file('a'),
        file('b', { project: 'other' }),
        file('c', { kind: 'batch' }),
        file('d', { project: 'demo#file' }),
        file('e', { project: 'demo%23file' }),
      ]);
      expect(await list()).toEqual(['a', false]);
      expect(await list({ kind: 'batch' })).toEqual(['c', false]);
      expect(await list({ project: 'other' })).toEqual(['b', false]);
      expect(await list({ project: 'nobody' })).toEqual(['', false]);
    });

    it('go on after a cursor, and say when there is more', async () => {
      await ownInOrder(['a', 'b', 'c', 'd', 'e']);
      expect(await list({ limit: 2 })).toEqual(['e d', true]);
      expect(await list({ limit: 2, after: 'd' })).toEqual(['c b', true]);
      expect(await list({ limit: 2, after: 'b' })).toEqual(['a', false]);
      expect(await list({ limit: 2, after: 'c' })).toEqual(['b a', false]);
      expect(await list({ after: 'a' })).toEqual(['', false]);
      expect(await list({ limit: 3, after: 'b', order: 'asc' })).toEqual(['c d e', false]);
    });

    it('end before a cursor, with what is next to it', async () => {
      await ownInOrder(['a', 'b', 'c', 'd', 'e']);
      expect(await list({ limit: 2, before: 'b' })).toEqual(['d c', true]);
      expect(await list({ limit: 2, before: 'd' })).toEqual(['e', false]);
      expect(await list({ limit: 2, before: 'd', order: 'asc' })).toEqual(['b c', true]);
      expect(await list({ after: 'e', before: 'a' })).toEqual(['d c b', false]);
      expect(await list({ limit: 1, after: 'a', before: 'd', order: 'asc' })).toEqual(['b', true]);
    });

    it('hold nothing after what is not theirs', async () => {
      await ownInOrder(['a', 'b']);
      await ownInOrder(['x'], { project: 'other' });
      for (const after of ['x', 'never']) expect(await list({ after })).toEqual(['', false]);
      expect(await list({ before: 'never' })).toEqual(['', false]);
    });

    it('find one among many by what it is tagged with', async () => {
      const [plain, rare] = [[tagOf('purpose', 'batch')], [tagOf('purpose', 'batch'), tagOf('a', 'b')]];
      const names = Array.from({ length: 300 }, (_, at) => `f-${at}`);
      await objects.own(
        names.map((id, at) => file(id, { createdAt: at, tags: at % 150 === 7 ? rare : plain })),
      );
      expect(await list({ tags: rare })).toEqual(['f-157 f-7', false]);
      expect(await list({ tags: rare, limit: 1 })).toEqual(['f-157', true]);
      expect(await list({ tags: rare, after: 'f-157' })).toEqual(['f-7', false]);
      expect(await list({ tags: [tagOf('a', 'c')] })).toEqual(['', false]);
      await objects.retag('f-7', plain);
      await objects.retag('never', plain);
      expect(await list({ tags: rare })).toEqual(['f-157', false]);
    });

    it('hold what is deleted no more, nor what is no longer listed, which stays its owner’s', async () => {
      await ownInOrder(['a', 'b', 'c']);
      await objects.disown('b');
      const { objects: found } = await objects.list({ ...FILES, limit: 1 });
      for (const each of found) await objects.unlist(each);
      expect(await list()).toEqual(['a', false]);
      expect([...(await objects.owners(['a', 'b', 'c'])).keys()].sort()).toEqual(['a', 'c']);
    });

    it('hold nothing that somebody else owned first', async () => {
      await objects.own([file('a', { project: 'other' })]);
      await objects.own([file('a')]);
      expect(await list()).toEqual(['', false]);
      expect(await list({ project: 'other' })).toEqual(['a', false]);
    });

    it('are read to their end, also where they are more than one answer of the store holds', async () => {
      const names = Array.from({ length: 600 }, (_, at) => `file-${at}`);
      const tags = Array.from({ length: 100 }, (_, at) => tagOf('purpose', String(at)));
      for (let at = 0; at < names.length; at += 100)
        await objects.own(names.slice(at, at + 100).map((id) => file(id, { tags })));
      for (const having of [[], tags.slice(0, 2)]) {
        const { objects: found, more } = await objects.list({ ...FILES, tags: having, limit: 10_000 });
        expect([new Set(found.map(({ id }) => id)).size, more]).toEqual([600, false]);
      }
      expect((await objects.list({ ...FILES, limit: 599 })).more).toBe(true);
    });

    it('go on after one that is listed no more', async () => {
      await ownInOrder(['a', 'b', 'c']);
      const { objects: found } = await objects.list({ ...FILES, limit: 2 });
      for (const each of found) await objects.unlist(each);
      expect(await list({ after: 'b' })).toEqual(['a', false]);
    });
  });
}
