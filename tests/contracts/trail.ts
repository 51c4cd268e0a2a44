import { describe, expect, it } from 'vitest';
import type { Trail, TrailEntry } from '../../shared/ports/trail.ts';

const entry = (id: string, more: Partial<TrailEntry> = {}): TrailEntry => ({
  id,
  at: 1_795_000_000_123,
  by: 'alice',
  request: 'r-1',
  command: 'set-limit',
  fields: { project: 'demo', limit: '2.50', shards: null },
  outcome: 'begun',
  ...more,
});

async function listed(trail: Trail): Promise<TrailEntry[]> {
  const entries: TrailEntry[] = [];
  for await (const each of trail.entries()) entries.push(each);
  return entries;
}

/** What every adapter of the port promises. */
export function trailContract(name: string, open: () => Promise<Trail>): void {
  describe(`the trail of a stage (${name})`, () => {
    it('has the newest change first', async () => {
      const trail = await open();
      const ids = ['2026-11-21T12:00:00.000Z a', '2026-11-21T12:00:01.000Z a', '2026-11-21T12:00:01.000Z b'];
      for (const id of ids) await trail.begin(entry(id));
      expect(await listed(trail)).toEqual([...ids].reverse().map((id) => entry(id)));
    });

    it('says how a change ended', async () => {
      const trail = await open();
      await trail.begin(entry('1', { by: null, request: null, fields: {} }));
      await trail.end('1', 'done');
      expect(await listed(trail)).toEqual([
        entry('1', { by: null, request: null, fields: {}, outcome: 'done' }),
      ]);
    });
  });
}
