import { describe, expect, it } from 'vitest';
import { responses } from '../../../../shared/core/endpoints/responses.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import { bytesOf, PRICE, RATES } from './support.ts';

const MINUTES = 'What was said in the last minutes? ';
const ask = (more: JsonObject = {}) => ({ model: 'm', input: MINUTES, service_tier: 'default', ...more });
const at = (compact_threshold: number | null) => ({
  context_management: [{ type: 'compaction', compact_threshold }],
});
const worst = (body: JsonObject) =>
  responses.worstCase(body, PRICE, { bodyBytes: bytesOf(body), autoTier: 'default' });
const total = (body: JsonObject) => {
  const { fixed, perOutputToken, maxOutputTokens } = worst(body);
  return fixed + perOutputToken * BigInt(maxOutputTokens);
};
const window = BigInt(PRICE.contextWindow) * 2n * RATES.audio_input;

describe('a context that may be made shorter', () => {
  it('is held as any other where it cannot reach the threshold, with all that is put out', () => {
    for (const threshold of [200_000, 9_000]) {
      const body = ask(at(threshold));
      const plain = ask({ context_management: [{ type: 'compaction', compact_threshold: 0 }].slice(1) });
      const bytes = BigInt(bytesOf(body) - bytesOf(plain));
      expect(worst(body)).toEqual({ ...worst(plain), fixed: worst(plain).fixed + bytes * RATES.cache_write });
    }
  });

  it('is read once more, with all that is put out, where it can reach the threshold', () => {
    const body = ask({ ...at(8_000), max_output_tokens: 7_900 });
    const read = BigInt(bytesOf(body) + 256) * RATES.cache_write;
    expect(worst(body)).toMatchObject({
      fixed: 2n * read,
      perOutputToken: RATES.output + RATES.cache_write,
      maxOutputTokens: 7_900,
    });
  });

  it.each([
    ['no threshold', at(null)],
    ['a threshold of another kind', { context_management: [{ type: 'compaction', compact_threshold: '9' }] }],
    ['an item that asks for it', { input: [{ role: 'user', content: 'x' }, { type: 'compaction_trigger' }] }],
  ])('may be so with %s', (_, more) => {
    expect(worst(ask(more)).perOutputToken).toBe(RATES.output + RATES.cache_write);
    expect(worst(ask(more)).fixed).toBeLessThan(2_000n * RATES.cache_write);
  });

  it('counts the pictures in it, and what it costs more once its input is long', () => {
    const pictures = {
      input: [
        {
          role: 'user',
          content: Array.from({ length: 8 }, () => ({ type: 'input_image', image_url: 'https://x.test/a' })),
        },
      ],
      max_output_tokens: 10,
    };
    const eight = 12_000n * RATES.image_input;
    expect(total(ask({ ...pictures, ...at(14_000) }))).toBeLessThan(eight + 2_000n * RATES.cache_write);
    expect(total(ask({ ...pictures, ...at(12_000) }))).toBeGreaterThan(2n * 2n * eight);
  });

  it('that nobody sees is held at two windows, unless the threshold is past the window', () => {
    expect(worst(ask({ previous_response_id: 'resp_1', ...at(90_000) })).fixed).toBe(2n * window);
    expect(worst(ask({ previous_response_id: 'resp_1', ...at(200_000) })).fixed).toBe(window);
  });

  it('is held at a second window for each turn of hosted tools', () => {
    const tools = { tools: [{ type: 'tool_search' }], max_tool_calls: 1 };
    const text = BigInt(PRICE.contextWindow) * 2n * RATES.cache_write;
    expect(worst(ask({ ...tools, ...at(90_000) })).fixed).toBe(2n * 2n * text);
    expect(worst(ask({ ...tools, ...at(200_000) })).fixed).toBe(2n * text);
  });

  it('has its maximum of output sent, as what is put out to make it shorter counts towards it', () => {
    expect(worst(ask(at(8_000)))).toMatchObject({ sendMaximum: true });
    expect(worst(ask(at(200_000)))).not.toHaveProperty('sendMaximum');
  });

  it('is said to be what makes a call dear, with what would make it fit', () => {
    expect(worst(ask({ ...at(8_000), max_output_tokens: 7_900 })).levers).toEqual([
      `name a compact_threshold above ${bytesOf(ask({ ...at(8_000), max_output_tokens: 7_900 })) + 256 + 7_900}`,
    ]);
    const body = ask({ input: [{ type: 'compaction_trigger' }] });
    expect(worst(body).levers).toEqual(['leave out the compaction_trigger']);
    expect(worst(ask(at(200_000)))).not.toHaveProperty('levers');
  });
});
