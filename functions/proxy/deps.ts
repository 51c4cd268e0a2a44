import type { AnswerCache } from '../../shared/cache/answer-cache.ts';
import type { PriceTable, Tier } from '../../shared/core/price.ts';
import type { Deferrals } from '../../shared/deferred/deferrals.ts';
import type { FreeCalls } from '../../shared/ledger/free-calls.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Objects } from '../../shared/ports/objects.ts';
import type { PriceSource } from '../../shared/ports/price-source.ts';
import type { UnpricedCalls } from '../../shared/ports/unpriced-calls.ts';
import type { Upstream } from '../../shared/ports/upstream.ts';
import type { WindowCounter } from '../../shared/ports/window-counter.ts';

/** How one stage's proxy is set up. */
export interface ProxySettings {
  readonly stage: string;
  /** The project of a call that names none. */
  readonly defaultProject: string;
  /** Patterns of the users who may speak for others with `openai-proxy-user`. */
  readonly trustedCallers: readonly string[];
  /** Whether a call that asks for another stage in `openai-proxy-staging` is refused; it is if this is absent. */
  readonly stagingHeader?: 'checked' | 'ignored';
  /** Patterns of the roles whose session name is enforced to be the person's. */
  readonly sessionRoles: readonly string[];
  /** Patterns of the roles of IAM Identity Center; absent: all that look like one. */
  readonly identityCenterRoles?: readonly string[];
  /** The dearest tier at which OpenAI may serve a request that names none, or `auto`. */
  readonly autoTier: Tier;
  /** The whole exchange with OpenAI may take so long, in milliseconds. */
  readonly upstreamTimeoutMs: number;
  /** How long a call may keep the ledger busy before it is forwarded, in milliseconds. */
  readonly ledgerDeadlineMs: number;
  /** How long a call waits for money that other calls in flight hold, in milliseconds. */
  readonly holdWaitMs: number;
  /** So many requests that cost nothing may be made for a project in a minute; absent: `FREE_CALLS_PER_MINUTE`. */
  readonly freeCallsPerMinute?: number;
  /** A larger request body is refused, in bytes. */
  readonly maxBodyBytes: number;
  /** A larger answer is not kept for the cache, in bytes. */
  readonly maxCachedBytes: number;
}

/** All that the proxy needs from outside; `shared/wire.ts` makes it. */
export interface AppDeps extends Omit<ProxyDeps, 'prices' | 'freeCalls'> {
  readonly prices: PriceSource;
  /** Counts free calls of all functions together; absent: this one counts its own. */
  readonly windowCounter?: WindowCounter;
}

/** The same for one call, whose prices stay as they were when it came; `createApp` makes what all calls share. */
export interface ProxyDeps {
  readonly settings: ProxySettings;
  readonly prices: PriceTable;
  readonly directory: Pick<Directory, 'project' | 'rules'>;
  readonly objects: Objects;
  readonly freeCalls: FreeCalls;
  readonly ledger: Ledger;
  readonly deferrals: Deferrals;
  readonly answers: AnswerCache;
  readonly upstream: Upstream;
  readonly unpricedCalls: Pick<UnpricedCalls, 'count'>;
  readonly clock: Clock;
  readonly log: Log;
  /** 16 random hexadecimal digits. */
  readonly random: () => string;
  readonly sleep: (milliseconds: number) => Promise<void>;
}
