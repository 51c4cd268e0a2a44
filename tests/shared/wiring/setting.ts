import type { WiredFunctions } from '../../support/wired-functions.ts';

/** One visible effect of variables of the configuration in one function. */
export interface Setting {
  readonly variables: readonly string[];
  readonly name: string;
  readonly check: (stage: WiredFunctions) => Promise<void>;
}

/**
 * @param variables separated by spaces
 * @param effect what the function does by them; its name is put before
 */
export function setting(
  where: 'proxy' | 'admin' | 'sweep',
  variables: string,
  effect: string,
  check: Setting['check'],
): Setting {
  return { variables: variables.split(' '), name: `${variables}: the ${where} ${effect}`, check };
}
