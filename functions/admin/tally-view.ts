import type { JsonObject } from '../../shared/core/json.ts';
import type { Tally, TallyKey } from '../../shared/core/ledger.ts';
import { tallyEntries } from '../../shared/core/ledger-rules.ts';
import { UNITS } from '../../shared/core/usage.ts';

/** Where each unit is shown; what is not here is a detail of the tokens. */
const SHOWN_UNDER = {
  token: 'tokens',
  character: 'speech',
  second: 'speech',
  call: 'tools',
  minute: 'tools',
} as const;

/**
 * What was used, by class: tokens · uses of hosted tools, and the minutes of their containers · characters spoken and
 * seconds listened to, where there were any.
 */
export function tallyView(tally: Tally): JsonObject {
  const units = tallyEntries(tally).filter(([name]) => name !== 'calls' && name !== 'hits');
  const under = (part: string) => Object.fromEntries(units.filter(([name]) => partOf(name) === part));
  const speech = under('speech');
  return {
    tokens: under('tokens'),
    tools: under('tools'),
    ...(Object.keys(speech).length === 0 ? {} : { speech }),
  };
}

function partOf(name: TallyKey): (typeof SHOWN_UNDER)[keyof typeof SHOWN_UNDER] {
  const unit = Object.hasOwn(UNITS, name) ? UNITS[name as keyof typeof UNITS] : 'token';
  return SHOWN_UNDER[unit];
}
