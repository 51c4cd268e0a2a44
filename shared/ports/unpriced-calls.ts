/** How often a model was asked for, and refused since it has no price. */
export interface UnpricedModel {
  /** Or `other`: all that have no place among the models that are counted by name. */
  readonly model: string;
  readonly calls: number;
  /** When it was last asked for, milliseconds since the epoch. */
  readonly lastAt: number;
}

/** The calls of a stage that were refused for want of a price, by UTC month and model. Throws `Unavailable`. */
export interface UnpricedCalls {
  /**
   * Counts one call.
   *
   * @param model as `countedModel` names it
   * @param at milliseconds since the epoch
   * @returns the name that it was counted under: the model's, or `other` once `MOST_UNPRICED_MODELS` have one
   */
  count(model: string, at: number): Promise<string>;
  /** What was counted in a month, `YYYY-MM`, in no order. */
  inMonth(month: string): Promise<readonly UnpricedModel[]>;
}
