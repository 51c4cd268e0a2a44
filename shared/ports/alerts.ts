import type { Picodollars } from '../core/money.ts';
import type { Period } from '../core/period.ts';
import type { Scope } from '../core/scope.ts';

/** Names an alert: there is one for each limit, instance of its period, and threshold. A limit of another amount is another. */
export interface AlertId {
  readonly scope: Scope;
  readonly period: Period;
  /** Such as `2026-11`. */
  readonly periodKey: string;
  readonly amount: Picodollars;
  /** In percent of the limit. */
  readonly threshold: number;
}

/** So much of a limit is used up. */
export interface BudgetAlert extends AlertId {
  /** What was booked in the period when this was seen. */
  readonly used: Picodollars;
}

/** Tells people. Throws where it cannot be said that they were told. */
export interface Alerts {
  publish(alert: BudgetAlert): Promise<void>;
}

/** Decides who publishes an alert, where many see it at once. Throws `Unavailable`. */
export interface AlertClaims {
  /**
   * Claims an alert. `claimed`: the caller publishes it, and says so before `until` · `taken`: somebody else is at it ·
   * `published`: it is done.
   *
   * @param now milliseconds since the epoch
   * @param until when the claim of a publisher that died ends, milliseconds since the epoch
   */
  claim(alert: AlertId, now: number, until: number): Promise<'claimed' | 'taken' | 'published'>;
  /** Says that an alert was published: nobody can claim it any more. */
  publishedAt(alert: AlertId, now: number): Promise<void>;
}
