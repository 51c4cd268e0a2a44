import type { JsonObject } from '../core/json.ts';

/** A price that an admin set for a stage, beside those that the function was built with. */
export interface StagePrice {
  readonly model: string;
  /** The first UTC day on which it holds, `YYYY-MM-DD`. */
  readonly from: string;
  /** The row as it is kept; whoever reads it checks it, as another release may have written it. */
  readonly row: JsonObject;
  /** Who set it, in the admin's own word. */
  readonly setBy: string;
  /** Milliseconds since the epoch. */
  readonly setAt: number;
}

/** The prices of one stage, by model and day. Reads see every write that was acknowledged before. Throws `Unavailable`. */
export interface StagePrices {
  /** Sets a price, in place of that of the same model and day. */
  put(price: StagePrice): Promise<void>;
  /** Removes a price and returns what it was; `undefined` when there was none of this model and day. */
  remove(model: string, from: string): Promise<StagePrice | undefined>;
  /** All of them, in the order of model (as a URL encodes it) and day. */
  all(): Promise<readonly StagePrice[]>;
}
