import type { JsonObject } from './json.ts';

/** A body in two: what is metered, and what is only passed on. */
export interface SplitBody {
  readonly body: JsonObject;
  readonly harmless: JsonObject;
}

/** Takes the members off a body that bill nothing and change no answer. */
export function splitHarmless(whole: JsonObject, names: ReadonlySet<string> | undefined): SplitBody {
  const found = Object.entries(whole).filter(([name]) => names?.has(name));
  if (found.length === 0) return { body: whole, harmless: {} };
  const rest = Object.entries(whole).filter(([name]) => names?.has(name) !== true);
  return { body: Object.fromEntries(rest), harmless: Object.fromEntries(found) };
}
