import { beforeEach, describe, expect, it } from 'vitest';
import type { StoredObject } from '../../shared/core/objects.ts';
import type { Objects } from '../../shared/ports/objects.ts';

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

    it('are told apart by ids that look alike in a key', async () => {
      await objects.own([{ ...FILE, id: 'a#b' }]);
      expect((await objects.owners(['a', 'a%23b', 'a#b'])).size).toBe(1);
    });
  });
}
