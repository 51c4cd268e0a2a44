import type { UnnamedOutput } from '../../shared/core/batch-input.ts';
import { formatUsd, type Picodollars } from '../../shared/core/money.ts';
import { REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import type { Admitted } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import type { LedgerBudget } from './ledger-budget.ts';

/** A batch whose requests name no maximum may hold one part in so many of what its limits have left. */
const SHARE = 8n;

/**
 * Refuses a batch that would hold much for a day, for output that nobody expects: its requests name no maximum, and
 * OpenAI runs them as they stand in their file, so that none can be written into them. A caller who means it names one.
 */
export async function refuseUnnamed(
  { work, rules }: Admitted,
  budget: LedgerBudget,
  deps: Pick<ProxyDeps, 'ledger'>,
): Promise<Refusal | undefined> {
  if (work.kind !== 'metered' || work.unnamed === undefined || rules.limits.length === 0) return undefined;
  const room = await budget.spend(({ holding }) => deps.ledger.room(rules.limits, holding));
  const left = room.affordable > 0n ? room.affordable : 0n;
  const most = work.worst.fixed;
  return most <= left / SHARE ? undefined : tooMuch(most, left, work.unnamed);
}

function tooMuch(most: Picodollars, left: Picodollars, unnamed: UnnamedOutput): Refusal {
  const { requests, cost, perOutputToken, naming, maximum } = unnamed;
  const tokensIn = (room: Picodollars) => (room - (most - cost) - naming) / perOutputToken;
  const [fair, atAll] = [tokensIn(left / SHARE), tokensIn(left)];
  const advice =
    atAll < 1n
      ? 'Make smaller batches, or ask an admin to raise the limit.'
      : `Name ${maximum} in each line: up to ${fair < 1n ? atAll : fair} if this batch is to leave room for others` +
        `${fair < 1n ? '' : `, up to ${atAll} if it may take all that is left`}.`;
  return {
    kind: REFUSAL,
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message:
      `${requests} requests of this batch name no ${maximum}, so that it would hold ${formatUsd(most)} USD for up to a ` +
      `day, and its limits have ${formatUsd(left)} USD left. ${advice}`,
    param: 'input_file_id',
    headers: { 'x-should-retry': 'false' },
  };
}
