import { beforeEach, describe, expect, it } from 'vitest';
import type { WindowCounter } from '../../shared/ports/window-counter.ts';

const MINUTE = 1_764_590_460_000;

/** What every counter of windows must do; `create` makes an empty one. */
export function windowCounterContract(name: string, create: () => Promise<WindowCounter>): void {
  describe(`a counter of windows in ${name}`, () => {
    let counter: WindowCounter;
    beforeEach(async () => {
      counter = await create();
    });

    it('gives what is wanted while it is there, then what is left, then nothing', async () => {
      expect(await counter.take('demo', MINUTE, 6, 10)).toEqual({ taken: 6, total: 6 });
      expect(await counter.take('demo', MINUTE, 6, 10)).toEqual({ taken: 4, total: 10 });
      expect(await counter.take('demo', MINUTE, 1, 10)).toEqual({ taken: 0, total: 10 });
    });

    it('counts each name and each window by itself', async () => {
      expect(await counter.take('demo', MINUTE, 10, 10)).toEqual({ taken: 10, total: 10 });
      for (const [other, window] of [
        ['demo', MINUTE + 60_000],
        ['demo#1', MINUTE],
        ['dem', MINUTE],
      ] as const)
        expect(await counter.take(other, window, 10, 10)).toEqual({ taken: 10, total: 10 });
    });

    it('gives no more than there is to those who come at once', async () => {
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, at) => counter.take('demo', MINUTE, 1 + (at % 4), 30)),
      );
      expect(all.reduce((sum, { taken }) => sum + taken, 0)).toBe(30);
    });

    it('follows a bound that was lowered', async () => {
      await counter.take('demo', MINUTE, 10, 10);
      expect(await counter.take('demo', MINUTE, 1, 5)).toEqual({ taken: 0, total: 10 });
    });
  });
}
