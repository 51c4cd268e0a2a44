import type { BilledCost, BilledUsage } from '../core/invoice.ts';

/**
 * Why OpenAI did not tell. `refused`: it does not take the admin key, or what was asked · `unreachable`: there was no
 * answer, or none for now · `unreadable`: the answer is not what OpenAI documents.
 */
export interface InvoiceFailure {
  readonly kind: 'refused' | 'unreachable' | 'unreadable';
  /** In words for an admin; never with a key in it. */
  readonly detail: string;
}

/**
 * OpenAI's own account of an organization, or of one of its projects. Days are UTC, `YYYY-MM-DD`, both included; what
 * was billed on the last two days may not be complete yet.
 */
export interface Invoice {
  /** The project that it is of; absent: the whole organization. */
  readonly project?: string;
  costs(from: string, to: string): Promise<readonly BilledCost[] | InvoiceFailure>;
  usage(from: string, to: string): Promise<readonly BilledUsage[] | InvoiceFailure>;
}
