import { formatUsd } from '../../shared/core/money.ts';
import type { ConcurrencyResult } from './concurrency.ts';
import type { CrashResult } from './crashes.ts';

/** How many calls found no money though it was there, or money that nobody can use: 1 stands for the latter. */
export function lockoutOf(result: ConcurrencyResult | CrashResult): number {
  const stranded = result.reckoning.stranded === 0n ? 0 : 1;
  return 'lockedOut' in result ? result.lockedOut + stranded : stranded;
}

/** Says what of a run under load is not as promised; nothing, if all is. */
export function faultsOfConcurrency(result: ConcurrencyResult, gathered: number): string[] {
  const { samples, reckoning, statuses, mostForwarded } = result;
  const faults = [...reckoning.problems, ...faultsOfSamples(samples)];
  if (mostForwarded < gathered)
    faults.push(`only ${mostForwarded} calls were at the upstream at once, not ${gathered}`);
  for (const [status, count] of statuses)
    if (!/^(200$|429 )/.test(status)) faults.push(`${count} calls ended with ${status}`);
  if (reckoning.settled !== statuses.get('200'))
    faults.push(`${statuses.get('200')} calls were answered, and ${reckoning.settled} settled`);
  if (reckoning.unsettled > 0) faults.push(`${reckoning.unsettled} calls are unsettled, and nobody died`);
  if (statuses.has('429 rate_limit_exceeded'))
    faults.push('a call was told that others hold the money, and there were no others');
  if (result.lockedOut > 0) faults.push(`${result.lockedOut} calls were refused that fit into what is left`);
  if (result.leastRefused === undefined)
    faults.push(`the limit was never exhausted: ${formatUsd(result.remaining)} USD are left`);
  return faults;
}

/**
 * Says what of a run with kills is not as promised; nothing, if all is.
 *
 * @param before where functions were killed in an earlier run: a shorter one need not come to each of those points again
 */
export function faultsOfCrashes(
  result: CrashResult,
  kills: number,
  before: ReadonlyMap<string, number> = new Map(),
): string[] {
  const { samples, reckoning, otherStatuses, bookedTooEarly, afterwards } = result;
  const faults = [...reckoning.problems, ...faultsOfSamples(samples)];
  if (killsIn(result) < kills) faults.push(`only ${killsIn(result)} processes were killed, not ${kills}`);
  if (kills >= result.points.length * 2) {
    for (const { name } of result.points)
      if (!result.kills.has(name) && !before.has(name)) faults.push(`nobody was killed ${name}`);
  }
  if (otherStatuses.length > 0) faults.push(`calls ended with ${[...new Set(otherStatuses)].join(', ')}`);
  if (bookedTooEarly > 0) faults.push(`${bookedTooEarly} calls are booked whose holds were not all durable`);
  for (const [what, count] of Object.entries(afterwards))
    if (count > 0) faults.push(`a sweep after the sweeps still found ${count} ${what}`);
  return faults;
}

/** How many processes were killed in all. */
export function killsIn({ kills }: CrashResult): number {
  return [...kills.values()].reduce((sum, count) => sum + count, 0);
}

function faultsOfSamples({ overspend, inconsistent, rounds }: ConcurrencyResult['samples']): string[] {
  const faults: string[] = [];
  if (rounds === 0) faults.push('no limit was looked at while calls were in flight');
  if (overspend > 0n)
    faults.push(`a limit was passed by ${formatUsd(overspend)} USD while calls were in flight`);
  if (inconsistent > 0) faults.push(`remaining was wrong at ${inconsistent} instants`);
  return faults;
}
