import { beforeEach, describe, expect, it } from 'vitest';
import type { StoredObject } from '../../shared/core/objects.ts';
import type { Objects } from '../../shared/ports/objects.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2026-11-21T12:00:00Z');
const BOX: StoredObject = {
  id: 'cntr_1',
  kind: 'container',
  project: 'demo',
  user: 'user/alice',
  call: 'call-1',
  size: '16g',
};

/** A use from some minutes after noon on, as long as it takes. */
const use = (from: number, lasts = 0.1) => ({
  from: NOON + from * MINUTE,
  until: NOON + (from + lasts) * MINUTE,
});

/** What every keeper of owners must do for the time of containers; `create` makes an empty one. */
export function containersContract(name: string, create: () => Promise<Objects>): void {
  describe(`the time of containers in ${name}`, () => {
    let objects: Objects;
    beforeEach(async () => {
      objects = await create();
      await objects.own([BOX]);
    });
    const minutesOf = async (call: string, when: Parameters<typeof use>) =>
      (await objects.bookContainer('cntr_1', call, use(...when)))?.minutes;

    it('is a session at first, and then the minutes by which it gets longer', async () => {
      expect(await objects.bookContainer('cntr_1', 'call-1', use(0))).toEqual({ minutes: 20, size: '16g' });
      expect(await minutesOf('call-2', [5])).toBe(5);
      // A begun minute is booked whole, and with it what follows in it.
      expect(await minutesOf('call-3', [5.5])).toBe(1);
      expect(await minutesOf('call-3b', [5.8])).toBe(0);
      expect(await minutesOf('call-4', [19, 4])).toBe(17);
      expect(await minutesOf('call-5', [300])).toBe(20);
    });

    it('of many short answers is what it would be of one long one', async () => {
      let minutes = 0;
      for (let turn = 0; turn < 10; turn++) minutes += (await minutesOf(`call-${turn}`, [turn / 2])) ?? 0;
      expect(minutes).toBe(20 + 5);
    });

    it('of a long answer is longer than a session', async () => {
      expect(await minutesOf('call-1', [0, 9.5])).toBe(29);
    });

    it('is booked once for a call, whenever it asks again', async () => {
      expect(await minutesOf('call-1', [0])).toBe(20);
      expect(await minutesOf('call-2', [7])).toBe(7);
      expect(await minutesOf('call-1', [60])).toBe(20);
      expect(await minutesOf('call-2', [60])).toBe(7);
    });

    it('is booked once by all the calls that race for it', async () => {
      const calls = Array.from({ length: 12 }, (_, at) => minutesOf(`call-${at}`, [0]));
      const minutes = await Promise.all(calls);
      expect(minutes.toSorted()).toEqual([...Array.from({ length: 11 }, () => 0), 20]);
      const again = await Promise.all(calls.map((_, at) => minutesOf(`call-${at}`, [0])));
      expect(again).toEqual(minutes);
    });

    it('is none of what is no container, or has no owner', async () => {
      await objects.own([{ ...BOX, id: 'file-1', kind: 'file' }]);
      for (const id of ['file-1', 'cntr_2', 'not an id'])
        expect(await objects.bookContainer(id, 'call-1', use(0))).toBeUndefined();
    });

    it('begins anew with a container that was deleted', async () => {
      await minutesOf('call-1', [0]);
      await objects.disown('cntr_1');
      await objects.own([BOX]);
      expect(await minutesOf('call-2', [1])).toBe(20);
    });
  });

  describe(`the size of containers in ${name}`, () => {
    it('is kept of what they are in, and only grows', async () => {
      const objects = await create();
      const talk: StoredObject = { ...BOX, id: 'conv_1', kind: 'conversation' };
      const { size: _, ...plain } = talk;
      await objects.own([plain, { ...BOX, id: 'resp_1', kind: 'response', size: '1g' }]);
      const sizeOf = async (id: string) => (await objects.owners([id])).get(id)?.size;
      expect([await sizeOf('conv_1'), await sizeOf('resp_1')]).toEqual([undefined, '1g']);
      for (const size of ['1g', '16g', '4g', '16g'] as const) await objects.enlarge('conv_1', size);
      await objects.enlarge('resp_1', '64g');
      await objects.enlarge('nobody', '64g');
      expect([await sizeOf('conv_1'), await sizeOf('resp_1')]).toEqual(['16g', '64g']);
      expect(await sizeOf('nobody')).toBeUndefined();
    });
  });
}
