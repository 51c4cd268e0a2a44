import { createHash } from 'node:crypto';

/** OpenAI caches prompts of 1,024 tokens and more, in steps of 128 (its guide to prompt caching). */
const FIRST_STEP = 1_024;
const STEP = 128;
const BYTES_A_TOKEN = 4;
const MAX_STEPS = 2_048;
const MAX_REMEMBERED = 50_000;

/** Remembers the beginnings of long prompts, so that the next one with the same beginning reports cached tokens. */
export class PromptCache {
  readonly #seen = new Set<string>();

  /**
   * Looks a prompt up, and remembers it.
   *
   * @returns `cached`: how many of its tokens were seen before · `cacheable`: how many can be cached at all
   */
  visit(model: string, text: string): { readonly cached: number; readonly cacheable: number } {
    const steps = prefixes(model, text);
    const known = steps.findLast(({ key }) => this.#seen.has(key));
    for (const { key } of steps) this.#seen.add(key);
    this.#forgetOldest();
    return { cached: known?.tokens ?? 0, cacheable: steps.at(-1)?.tokens ?? 0 };
  }

  #forgetOldest(): void {
    for (const key of this.#seen) {
      if (this.#seen.size <= MAX_REMEMBERED) return;
      this.#seen.delete(key);
    }
  }
}

function prefixes(model: string, text: string): { readonly key: string; readonly tokens: number }[] {
  const bytes = Buffer.from(text);
  const hash = createHash('sha256').update(model).update('\0');
  const found: { key: string; tokens: number }[] = [];
  let hashed = 0;
  for (let tokens = FIRST_STEP; tokens * BYTES_A_TOKEN <= bytes.length; tokens += STEP) {
    hash.update(bytes.subarray(hashed, tokens * BYTES_A_TOKEN));
    hashed = tokens * BYTES_A_TOKEN;
    found.push({ key: hash.copy().digest('base64'), tokens });
    if (found.length === MAX_STEPS) break;
  }
  return found;
}
