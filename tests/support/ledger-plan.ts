import fc from 'fast-check';
import type { Period } from '../../shared/core/period.ts';
import type { Scope, Subject } from '../../shared/core/scope.ts';
import type { Fault } from './gated-store.ts';
import { LEASE } from './ledger-world.ts';

/** One thing that a function does on the books. Which call it is about is counted from the first, round and round. */
export type Step = { readonly fault?: Fault | undefined } & (
  | { readonly kind: 'hold'; readonly subject: Subject; readonly usd: number }
  /** `share` of the hold is what it cost, in percent; above 100 is more than was held. */
  | { readonly kind: 'settle'; readonly call: number; readonly share: number }
  | { readonly kind: 'void'; readonly call: number }
  /** What it used is told later; a sweep that looks is told so. */
  | { readonly kind: 'defer'; readonly call: number }
  /** An admin corrects it to this share of its hold, in percent. */
  | { readonly kind: 'correct'; readonly call: number; readonly share: number }
  | { readonly kind: 'sweep'; readonly deep: boolean; readonly isTold: boolean }
  | {
      readonly kind: 'set';
      readonly scope: Scope;
      readonly period: Period;
      readonly usd: number;
      readonly shards?: number | undefined;
    }
  | { readonly kind: 'remove'; readonly scope: Scope; readonly period: Period }
);

/** What happens at the same time, after some time has passed. */
export interface Round {
  readonly passes: number;
  readonly steps: readonly Step[];
}

const DAY_MS = 86_400_000;
const USERS = ['user/alice', 'user/bob'];
const PROJECTS = ['demo', 'lab'];

const subject = fc.record({
  user: fc.constantFrom(...USERS),
  project: fc.constantFrom(...PROJECTS),
  model: fc.constantFrom('gpt-4o', 'o3'),
});
const scope: fc.Arbitrary<Scope> = fc.constantFrom<Scope>(
  {},
  { project: 'demo' },
  { user: 'user/alice' },
  { user: 'user/bob', project: 'demo' },
);
const period = fc.constantFrom<Period>('day', 'month', 'total');
const call = fc.nat({ max: 30 });
const fault: fc.Arbitrary<Fault | undefined> = fc.option(
  fc.record({
    kind: fc.constantFrom<Fault['kind'][]>('dies_before', 'dies_after', 'lost_before', 'lost_after', 'late'),
    at: fc.nat({ max: 12 }),
  }),
  { nil: undefined, freq: 3 },
);

const hold = fc.record({ kind: fc.constant('hold' as const), subject, usd: fc.nat({ max: 8 }), fault });
const settle = fc.record({
  kind: fc.constant('settle' as const),
  call,
  share: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 100 }) }, { weight: 1, arbitrary: fc.constant(150) }),
  fault,
});
const ended = fc.record({ kind: fc.constant('void' as const), call, fault });
const deferred = fc.record({ kind: fc.constant('defer' as const), call, fault });
const corrected = fc.record({
  kind: fc.constant('correct' as const),
  call,
  share: fc.constantFrom(0, 30, 70, 100),
  fault,
});
const sweep = fc.record({
  kind: fc.constant('sweep' as const),
  deep: fc.boolean(),
  isTold: fc.boolean(),
  fault,
});
const remove = fc.record({ kind: fc.constant('remove' as const), scope, period });

const passes = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 60_000 }) },
  { weight: 2, arbitrary: fc.constant(LEASE + 1) },
  { weight: 1, arbitrary: fc.constantFrom(DAY_MS, 12 * DAY_MS) },
);

/**
 * A first limit on everything, so that something always binds; then anything in any order, up to five at a time.
 *
 * @param shards over how many items limits are spread; absent: as many as before
 */
function planWith(shards: fc.Arbitrary<number | undefined>, first?: number): fc.Arbitrary<Round[]> {
  const usd = fc.nat({ max: 30 });
  const set = fc.record({ kind: fc.constant('set' as const), scope, period, usd, shards, fault });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 10, arbitrary: hold },
    { weight: 8, arbitrary: settle },
    { weight: 2, arbitrary: ended },
    { weight: 2, arbitrary: deferred },
    { weight: 2, arbitrary: corrected },
    { weight: 2, arbitrary: sweep },
    { weight: 3, arbitrary: set },
    { weight: 1, arbitrary: remove },
  );
  const round = fc.record({ passes, steps: fc.array(step, { minLength: 1, maxLength: 5 }) });
  return fc.array(round, { minLength: 1, maxLength: 14 }).map((rounds) => [
    {
      passes: 0,
      steps: [{ kind: 'set' as const, scope: {}, period: 'month' as const, usd: 25, shards: first }],
    },
    ...rounds,
  ]);
}

/** Every limit has its account in one item. */
export const plan = planWith(fc.constant(undefined));

/** Limits are spread over shards, and over more, fewer or none of them while calls are in flight. */
export const shardedPlan = planWith(fc.constantFrom(undefined, 1, 2, 3, 5), 3);
