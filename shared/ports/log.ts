export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What somebody must look into. `docs/operations.md` says of each what it means and what to do. */
export const ALARMS = [
  'alert_unpublished',
  'broken',
  'cache_entry_rejected',
  'cache_fault',
  'cache_secret_unavailable',
  'hit_unbooked',
  'internal_error',
  'ledger_fault',
  'ledger_unreachable',
  'model_unpriced',
  'no_usage',
  'object_unowned',
  'openai_key_refused',
  'over_hold',
  'reconcile_difference',
  'reconcile_failed',
  'sweep_failed',
  'unknown_tier',
  'unpriced',
  'unpriced_tier',
  'unsettled',
  'upstream_lost',
] as const;
export type Alarm = (typeof ALARMS)[number];

/** Structured events. Nothing secret and no prompt or answer may be given to it. */
export interface Log {
  event(level: LogLevel, name: string, fields?: LogFields): void;
  /**
   * One event that is also one count of the metric of this name, whatever the level of the log.
   *
   * @param by a further dimension in which it is counted, too: each value of it is a metric to pay for, so they are few
   */
  alarm(name: Alarm, fields?: LogFields, by?: { readonly model: string }): void;
}
