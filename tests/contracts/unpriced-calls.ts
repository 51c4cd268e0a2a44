import { describe, expect, it } from 'vitest';
import { MOST_UNPRICED_MODELS } from '../../shared/core/unpriced.ts';
import type { UnpricedCalls } from '../../shared/ports/unpriced-calls.ts';

const NOVEMBER = Date.UTC(2026, 10, 30, 23, 59);
const DECEMBER = NOVEMBER + 60_000;

async function inMonth(calls: UnpricedCalls, month = '2026-11') {
  return [...(await calls.inMonth(month))].sort((a, b) => (a.model < b.model ? -1 : 1));
}

/** What every adapter of the port promises. */
export function unpricedCallsContract(name: string, open: () => Promise<UnpricedCalls>): void {
  describe(`refused calls for want of a price (${name})`, () => {
    it('are none at first', async () => {
      expect(await inMonth(await open())).toEqual([]);
    });

    it('are counted by UTC month and model, with when it was last asked for', async () => {
      const calls = await open();
      for (const at of [NOVEMBER - 2, NOVEMBER - 1, NOVEMBER])
        expect(await calls.count('gpt-7', at)).toBe('gpt-7');
      expect(await calls.count('ft:gpt-4.1', NOVEMBER)).toBe('ft:gpt-4.1');
      expect(await calls.count('gpt-7', DECEMBER)).toBe('gpt-7');
      expect(await inMonth(calls)).toEqual([
        { model: 'ft:gpt-4.1', calls: 1, lastAt: NOVEMBER },
        { model: 'gpt-7', calls: 3, lastAt: NOVEMBER },
      ]);
      expect(await inMonth(calls, '2026-12')).toEqual([{ model: 'gpt-7', calls: 1, lastAt: DECEMBER }]);
    });

    it('are counted by so many names and no more; those that have one keep it', async () => {
      const calls = await open();
      const names = Array.from({ length: MOST_UNPRICED_MODELS + 5 }, (_, n) => `gpt-${100 + n}`);
      const counted: string[] = [];
      for (const model of names) counted.push(await calls.count(model, NOVEMBER));
      expect(counted.filter((model) => model === 'other')).toHaveLength(5);
      expect(await calls.count('gpt-100', NOVEMBER)).toBe('gpt-100');
      const found = await inMonth(calls);
      expect(found).toHaveLength(MOST_UNPRICED_MODELS + 1);
      expect(found.find(({ model }) => model === 'gpt-100')?.calls).toBe(2);
      expect(found.find(({ model }) => model === 'other')?.calls).toBe(5);
      // The next month has places of its own.
      expect(await calls.count('gpt-999', DECEMBER)).toBe('gpt-999');
    });

    it('that name no model take no place', async () => {
      const calls = await open();
      for (let n = 0; n < 3; n += 1) expect(await calls.count('other', NOVEMBER)).toBe('other');
      const names = Array.from({ length: MOST_UNPRICED_MODELS }, (_, n) => `gpt-${100 + n}`);
      for (const model of names) expect(await calls.count(model, NOVEMBER)).toBe(model);
      expect((await inMonth(calls)).find(({ model }) => model === 'other')?.calls).toBe(3);
    });

    it('are counted each, however many come at once', async () => {
      const calls = await open();
      const names = Array.from({ length: 200 }, (_, n) => `gpt-${100 + (n % 40)}`);
      await Promise.all(names.map((model) => calls.count(model, NOVEMBER)));
      const found = await inMonth(calls);
      expect(found).toHaveLength(MOST_UNPRICED_MODELS + 1);
      expect(found.reduce((sum, each) => sum + each.calls, 0)).toBe(200);
    });
  });
}
