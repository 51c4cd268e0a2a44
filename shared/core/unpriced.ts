/** Under this name all calls are counted whose model has no name of its own among the counts. */
export const OTHER_MODELS = 'other';

/** So many models are counted by name in a month: whoever may call could ask for any number of names. */
export const MOST_UNPRICED_MODELS = 30;

/** What OpenAI's model ids look like, fine-tuned ones and those with the name of a provider before them included. */
const MODEL_ID = /^[a-z0-9][a-z0-9.:_/-]{0,62}[a-z0-9]$/;
/** The base model of a fine-tuned one; what follows names its owner. */
const FINE_TUNED = /^ft:[a-z0-9.-]+/;
/** A key in the place of a model must not get into a log, whatever it looks like. */
const KEY = /^(sk|rk)-/;

/** The name under which a model without a price is counted and logged: its own, if it can be a model's. */
export function countedModel(model: string): string {
  const [base] = FINE_TUNED.exec(model) ?? [model];
  return base !== OTHER_MODELS && MODEL_ID.test(base) && !KEY.test(base) ? base : OTHER_MODELS;
}
