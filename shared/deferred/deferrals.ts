import { randomUUID } from 'node:crypto';
import type { CallEntry, Deferred, Outcome } from '../core/ledger.ts';
import { toldOutcome } from '../core/told-outcome.ts';
import type { Served } from '../core/usage.ts';
import type { Ledger, Truth } from '../ledger/ledger.ts';
import { callFacts, raiseAlarms } from '../ledger/tell.ts';
import type { Clock } from '../ports/clock.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { Log } from '../ports/log.ts';
import type { Objects } from '../ports/objects.ts';
import type { PriceSource } from '../ports/price-source.ts';
import { withLaterTime } from './later-time.ts';

export interface DeferralsParts {
  readonly ledger: Pick<Ledger, 'settle'>;
  readonly store: Pick<LedgerStore, 'getCall'>;
  readonly objects: Pick<Objects, 'own' | 'owners' | 'bookContainer'>;
  readonly truth: Truth;
  readonly prices: PriceSource;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Settles calls whose cost OpenAI tells later, by whoever first comes to know it; once, as every settlement is. Throws
 * `Unavailable` where the books cannot be reached: then the sweep settles them.
 */
export interface Deferrals {
  /** Settles the call that made this object, if it is open still, by what an answer told of it. */
  told(object: Deferred, served: Served): Promise<void>;
  /** Asks OpenAI, and settles the call that made this object. `open`: that is not known yet. */
  look(object: Deferred): Promise<'settled' | 'open'>;
}

/** The deferred calls of one stage. */
export function createDeferrals(parts: DeferralsParts): Deferrals {
  const { ledger, store, objects, truth, prices, clock, log } = parts;

  async function openCall(id: string): Promise<CallEntry | undefined> {
    const owner = (await objects.owners([id])).get(id);
    if (owner?.call === undefined) return undefined;
    const call = await store.getCall({ id: owner.call, project: owner.project });
    return call?.state === 'open' ? call : undefined;
  }

  /** Only who decided tells of it: the sweep and others may come to know it at the same time. */
  async function settle(call: CallEntry, outcome: Outcome): Promise<void> {
    const decidedBy = randomUUID();
    const { outcome: standing } = await ledger.settle(call, { ...outcome, decidedBy });
    if (standing?.decidedBy !== decidedBy) return;
    raiseAlarms(call, standing, log);
    log.event('info', 'call', callFacts(call, standing));
  }

  return {
    async told({ object }, served) {
      const call = await openCall(object);
      if (call === undefined) return;
      const timed = await withLaterTime(call, object, served, parts);
      await settle(call, toldOutcome(call, timed, await prices.current(), clock.now()));
    },
    async look(deferred) {
      const call = await openCall(deferred.object);
      if (call === undefined) return 'settled';
      const outcome = await truth(call, deferred);
      if (outcome === undefined) return 'open';
      await settle(call, outcome);
      return 'settled';
    },
  };
}
