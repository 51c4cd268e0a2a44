import type { PriceTable } from '../../shared/core/price.ts';
import type { Audit, Limits } from '../../shared/ledger/ledger.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import type { Invoice } from '../../shared/ports/invoice.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Objects } from '../../shared/ports/objects.ts';
import type { StagePrices } from '../../shared/ports/stage-prices.ts';
import type { Trail } from '../../shared/ports/trail.ts';
import type { UnpricedCalls } from '../../shared/ports/unpriced-calls.ts';
import type { Endpoint } from '../../shared/pricing/row.ts';

/** What the admin function works with; one stage's. */
export interface AdminDeps {
  readonly directory: Directory;
  readonly store: LedgerStore;
  readonly objects: Objects;
  readonly limits: Limits;
  readonly audit: Audit;
  /** What each model costs in this stage: as the function was built, and as its admins set it. */
  readonly prices: PriceTable;
  /** The same at OpenAI's global endpoint: the prices that are published, and that admins set. */
  readonly listPrices: PriceTable;
  readonly endpoint: Endpoint;
  readonly stagePrices: StagePrices;
  readonly unpricedCalls: Pick<UnpricedCalls, 'inMonth'>;
  readonly trail: Trail;
  /** OpenAI's own account of what it billed; `undefined` where no admin key is configured. */
  readonly invoice: Invoice | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** The name under which the stage knows the caller with this ARN; `undefined` when the ARN is of no known form. */
  readonly userOfArn: (arn: string) => string | undefined;
  /** Patterns of the roles whose sessions are booked each on its own name (`SESSION_ROLES`). */
  readonly sessionRoles: readonly string[];
}
