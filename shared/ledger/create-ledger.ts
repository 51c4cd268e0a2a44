import { nextLook } from '../core/deferred.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { settle } from './book.ts';
import { boundedStore } from './bounded.ts';
import { hold } from './hold.ts';
import type { Ledger } from './ledger.ts';
import { readRoom } from './room.ts';
import { sweepStrays } from './strays.ts';
import { sweepCalls } from './sweep.ts';

export interface LedgerParts {
  readonly store: LedgerStore;
  readonly directory: Pick<Directory, 'limit' | 'project' | 'projects'>;
  readonly clock: Clock;
  /** Longer than a function can be at work on one call, in milliseconds: then its call may be settled by the sweep. */
  readonly leaseMs: number;
  /** Bounds for each project; absent: those of `shared/core/project-bounds.ts`. */
  readonly openCalls?: number;
  readonly deferredCalls?: number;
}

/** The ledger of one stage. `docs/ledger.md` says what it guarantees and why. */
export function createLedger(parts: LedgerParts): Ledger {
  return {
    hold: (request, deadline) => hold(request, parts, deadline),
    room: (limits, deadline) => readRoom(limits, parts.clock.now(), boundedStore(parts.store, deadline)),
    settle: (call, outcome) => settle(parts.store, call, outcome),
    async defer(call, deferred) {
      await parts.store.deferCall(call, deferred, nextLook(call, parts.clock.now()));
    },
    async sweep({ deep, ...options }) {
      const swept = await sweepCalls({ ...parts, ...options });
      return { ...swept, strays: deep ? await sweepStrays(parts) : 0 };
    },
  };
}
