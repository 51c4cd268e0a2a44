import type { CallEntry, Outcome } from '../../shared/core/ledger.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import { type LedgerStore, Unavailable } from '../../shared/ports/ledger-store.ts';
import { faulty } from './gated-store.ts';
import type { Round, Step } from './ledger-plan.ts';
import { dollars, LEASE, type LedgerWorld, settledAt, VOID } from './ledger-world.ts';

const DAY_MS = 86_400_000;

/** What is known of a call from outside the books. */
export interface Known {
  readonly id: string;
  readonly project: string;
  readonly held: bigint;
  /** `held`: it may have been forwarded · `refused` · `failed`: nothing was forwarded, the caller saw a fault. */
  result: 'held' | 'refused' | 'failed';
  call?: CallEntry;
  /** What functions tried to book it at. */
  readonly tried: Outcome[];
  /** What the ledger said that it was booked at. */
  readonly told: Outcome[];
}

export interface Actors {
  readonly known: readonly Known[];
  /** Whether limits only ever rose, and no call cost more than it held: then nothing may pass a limit. */
  readonly strict: () => boolean;
  readonly play: (round: Round) => Promise<void>;
  /** Everything that was on its way arrives, every lease ends, and the sweep looks at it all, and again, twice at once. */
  readonly settleDown: () => Promise<void>;
}

/**
 * Functions of a stage at work on the same books, each step one function.
 *
 * @param shared the store as all of them see it; each may lose it in its own way
 * @param rules where they read the limits that bind a call
 */
export function createActors(
  world: LedgerWorld,
  shared: LedgerStore,
  rules: Pick<Directory, 'rules'>,
): Actors {
  const known: Known[] = [];
  const late: (() => Promise<unknown>)[] = [];
  let strict = true;

  async function hold(step: Extract<Step, { kind: 'hold' }>, store: LedgerStore) {
    const call: Known = {
      id: world.nextId(),
      project: step.subject.project,
      held: dollars(step.usd),
      result: 'failed',
      tried: [],
      told: [],
    };
    known.push(call);
    const { limits } = await rules.rules(step.subject);
    const { id } = call;
    const result = await world.hold(step.usd, {
      id,
      subject: step.subject,
      limits,
      ledger: world.with(store).ledger,
    });
    call.result = result.kind;
    if (result.kind === 'held') call.call = result.call;
  }

  async function end(n: number, outcomeOf: (held: bigint) => Outcome, store: LedgerStore) {
    const call = known[n % Math.max(1, known.length)];
    if (call?.call === undefined) return;
    const outcome = outcomeOf(call.held);
    if (outcome.cost > call.held) strict = false;
    call.tried.push(outcome);
    const entry = await world.with(store).ledger.settle(call.call, outcome);
    if (entry.outcome !== undefined) call.told.push(entry.outcome);
  }

  async function defer(n: number, store: LedgerStore) {
    const call = known[n % Math.max(1, known.length)]?.call;
    if (call === undefined) return;
    await world.with(store).ledger.defer(call, { kind: 'batch', object: `batch_${n}` });
  }

  async function correct(n: number, share: number, store: LedgerStore) {
    const call = known[n % Math.max(1, known.length)];
    if (call === undefined) return;
    const cost = (call.held * BigInt(share)) / 100n;
    await world.with(store).corrections.correct(call, { cost, reason: 'a test' });
  }

  function sweep({ deep, isTold }: { deep: boolean; isTold: boolean }, store: LedgerStore) {
    const truth = async ({ id, held }: CallEntry) => {
      if (!isTold) return undefined;
      const outcome = costing(held / 3n);
      known.find((call) => call.id === id)?.tried.push(outcome);
      return outcome;
    };
    return world.with(store).ledger.sweep({ deep, truth });
  }

  async function set(step: Extract<Step, { kind: 'set' }>, store: LedgerStore) {
    const before = await world.directory.limit(step.scope, step.period);
    // What was spent before a limit, or under a higher one, may be past it; nobody can take that back.
    if (known.length > 0 && (before === undefined || before.amount > dollars(step.usd))) strict = false;
    await world.with(store).limits.set(step.scope, step.period, dollars(step.usd), step.shards);
  }

  async function act(step: Step, store: LedgerStore): Promise<void> {
    switch (step.kind) {
      case 'hold':
        return hold(step, store);
      case 'settle':
        return end(step.call, (held) => costing((held * BigInt(step.share)) / 100n), store);
      case 'void':
        return end(step.call, () => VOID, store);
      case 'sweep':
        return void (await sweep(step, store));
      case 'correct':
        return correct(step.call, step.share, store);
      case 'defer':
        return defer(step.call, store);
      case 'set':
        return set(step, store);
      case 'remove':
        return void (await world.limits.remove(step.scope, step.period));
    }
  }

  return {
    known,
    strict: () => strict,
    async play({ passes, steps }) {
      if (passes > LEASE) await deliver();
      if (passes >= DAY_MS) await dailySweep();
      world.clock.pass(passes);
      const acts = steps.map((step) => act(step, faulty(shared, step.fault, late)).catch(expectUnavailable));
      await Promise.all([deliver(), ...acts]);
    },
    async settleDown() {
      await deliver();
      await dailySweep();
      await Promise.all([dailySweep(), dailySweep()]);
    },
  };

  /** What is on its way arrives within seconds, not after days. */
  async function deliver() {
    await Promise.all(late.splice(0).map((run) => run()));
  }

  async function dailySweep() {
    world.clock.pass(LEASE + 1);
    await sweep({ deep: true, isTold: true }, shared);
  }
}

function costing(cost: bigint): Outcome {
  return settledAt(0, { cost });
}

/** Every fault in a plan is one of the store; anything else is a bug. */
function expectUnavailable(error: unknown): void {
  if (!(error instanceof Unavailable)) throw error;
}
