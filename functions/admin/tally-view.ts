import type { JsonObject } from '../../shared/core/json.ts';
import type { Tally, TallyKey } from '../../shared/core/ledger.ts';
import { tallyEntries } from '../../shared/core/ledger-rules.ts';

/** The classes that count uses of OpenAI's hosted tools, not tokens. */
const TOOLS: ReadonlySet<TallyKey> = new Set([
  'web_search',
  'web_search_preview',
  'file_search',
  'container_1g',
  'container_4g',
  'container_16g',
  'container_64g',
] satisfies TallyKey[]);

/** Tokens by class, and uses of hosted tools by class. */
export function tallyView(tally: Tally): JsonObject {
  const units = tallyEntries(tally).filter(([name]) => name !== 'calls' && name !== 'hits');
  return {
    tokens: Object.fromEntries(units.filter(([name]) => !TOOLS.has(name))),
    tools: Object.fromEntries(units.filter(([name]) => TOOLS.has(name))),
  };
}
