import { expect, it } from 'vitest';
import type { CallEntry, Outcome } from '../../../shared/core/ledger.ts';
import { formatUsd } from '../../../shared/core/money.ts';
import {
  heldCall,
  LEASE,
  type LedgerWorld,
  onEveryStore,
  settledAt,
  VOID,
} from '../../support/ledger-world.ts';

/** What happens, to which call, with how much; and what comes of it. */
type Row =
  | readonly ['hold', string, number, 'held' | 'refused']
  | readonly ['settle', string, number, string]
  | readonly ['void', string, string]
  | readonly ['lease ends']
  | readonly ['sweep', string]
  | readonly ['balance', { spent: string; held: string; left: string }];

/** Each statement is of one project with $10 a month. */
const STATEMENTS: Record<string, readonly Row[]> = {
  'A hold is taken from what is left, and settling gives back the rest': [
    ['hold', 'a', 6, 'held'],
    ['balance', { spent: '0', held: '6', left: '4' }],
    ['settle', 'a', 1.5, 'settled 1.5'],
    ['balance', { spent: '1.5', held: '0', left: '8.5' }],
  ],
  'A void gives back all': [
    ['hold', 'a', 6, 'held'],
    ['void', 'a', 'void 0'],
    ['balance', { spent: '0', held: '0', left: '10' }],
  ],
  'A hold for all that is left is taken, one for a cent more is not, and takes nothing': [
    ['hold', 'a', 4, 'held'],
    ['hold', 'b', 6.01, 'refused'],
    ['balance', { spent: '0', held: '4', left: '6' }],
    ['hold', 'c', 6, 'held'],
    ['hold', 'd', 0.01, 'refused'],
    ['balance', { spent: '0', held: '10', left: '0' }],
  ],
  'What settles gives room to the next': [
    ['hold', 'a', 10, 'held'],
    ['hold', 'b', 5, 'refused'],
    ['settle', 'a', 5, 'settled 5'],
    ['hold', 'b2', 5, 'held'],
    ['settle', 'b2', 5, 'settled 5'],
    ['hold', 'c', 0.01, 'refused'],
    ['balance', { spent: '10', held: '0', left: '0' }],
  ],
  'Settling twice books once, and the first cost stands': [
    ['hold', 'a', 6, 'held'],
    ['settle', 'a', 1, 'settled 1'],
    ['settle', 'a', 1, 'settled 1'],
    ['settle', 'a', 5, 'settled 1'],
    ['balance', { spent: '1', held: '0', left: '9' }],
  ],
  'What is settled cannot be voided': [
    ['hold', 'a', 6, 'held'],
    ['settle', 'a', 1, 'settled 1'],
    ['void', 'a', 'settled 1'],
    ['balance', { spent: '1', held: '0', left: '9' }],
  ],
  'What is void cannot be settled': [
    ['hold', 'a', 6, 'held'],
    ['void', 'a', 'void 0'],
    ['settle', 'a', 1, 'void 0'],
    ['balance', { spent: '0', held: '0', left: '10' }],
  ],
  'What was refused cannot be settled': [
    ['hold', 'a', 11, 'refused'],
    ['settle', 'a', 1, 'void 0'],
    ['balance', { spent: '0', held: '0', left: '10' }],
  ],
  'A call that nobody settles is booked at its full hold when its lease ends': [
    ['hold', 'a', 6, 'held'],
    ['sweep', '0 unsettled, 0 voided, 0 completed'],
    ['balance', { spent: '0', held: '6', left: '4' }],
    ['lease ends'],
    ['sweep', '1 unsettled, 0 voided, 0 completed'],
    ['balance', { spent: '6', held: '0', left: '4' }],
    ['sweep', '0 unsettled, 0 voided, 0 completed'],
  ],
  'What the sweep has booked is not booked again by a function that comes late': [
    ['hold', 'a', 6, 'held'],
    ['lease ends'],
    ['sweep', '1 unsettled, 0 voided, 0 completed'],
    ['settle', 'a', 1, 'unsettled 6 unsettled'],
    ['void', 'a', 'unsettled 6 unsettled'],
    ['balance', { spent: '6', held: '0', left: '4' }],
  ],
  'A cost above the hold is booked, though it passes the limit': [
    ['hold', 'a', 9, 'held'],
    ['settle', 'a', 12, 'settled 12 over_hold'],
    ['balance', { spent: '12', held: '0', left: '-2' }],
    ['hold', 'b', 0.01, 'refused'],
  ],
  'A call that turns out free books nothing but itself': [
    ['hold', 'a', 3, 'held'],
    ['settle', 'a', 0, 'settled 0'],
    ['balance', { spent: '0', held: '0', left: '10' }],
  ],
};

onEveryStore('A statement', (open) => {
  it.each(Object.entries(STATEMENTS))('%s', async (_, rows) => {
    const world = await open();
    await world.limits.set({ project: 'demo' }, 'month', 10_000_000_000_000n);
    const calls = new Map<string, CallEntry>();
    for (const [line, row] of rows.entries())
      expect([line, await perform(row, calls, world)]).toEqual([line, row.at(-1)]);
    const { differences } = await world.audit.run([{ period: 'month', at: world.clock.now() }]);
    expect(differences).toEqual([]);
  });
});

async function perform(row: Row, calls: Map<string, CallEntry>, world: LedgerWorld) {
  switch (row[0]) {
    case 'hold':
      return holdRow(row[1], row[2], calls, world);
    case 'settle':
      return end(row[1], settledAt(row[2]), calls, world);
    case 'void':
      return end(row[1], VOID, calls, world);
    case 'lease ends':
      world.clock.pass(LEASE + 1);
      return row[0];
    case 'sweep': {
      const { unsettled, voided, completed } = await world.ledger.sweep({ deep: false });
      return `${unsettled} unsettled, ${voided} voided, ${completed} completed`;
    }
    case 'balance': {
      const account = await world.account({ project: 'demo' });
      const held = [...(account?.holds.values() ?? [])].reduce((sum, { amount }) => sum + amount, 0n);
      const left = account?.limit?.remaining ?? 0n;
      return { spent: formatUsd(account?.spent ?? 0n), held: formatUsd(held), left: formatUsd(left) };
    }
  }
}

async function holdRow(name: string, usd: number, calls: Map<string, CallEntry>, world: LedgerWorld) {
  const id = world.nextId();
  const result = await world.hold(usd, { id });
  const entry = await world.store.getCall({ id, project: 'demo' });
  if (entry !== undefined) calls.set(name, entry);
  if (result.kind === 'held') expect(heldCall(result)).toEqual(entry);
  return result.kind;
}

async function end(name: string, outcome: Outcome, calls: Map<string, CallEntry>, world: LedgerWorld) {
  const call = calls.get(name);
  if (call === undefined) throw new Error(`no call ${name}`);
  const { state, outcome: standing } = await world.ledger.settle(call, outcome);
  expect(state).toBe('closed');
  return [standing?.state, formatUsd(standing?.cost ?? -1n), ...(standing?.flags ?? [])].join(' ');
}
