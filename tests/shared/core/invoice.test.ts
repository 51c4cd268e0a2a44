import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import { itemOf, measuredOfModel, TOOL_NAMES, TOOLS, toolCost } from '../../../shared/core/invoice.ts';
import { BILLED_CLASSES } from '../../../shared/core/usage.ts';

const prices = bundledPrices();
const AT = Date.parse('2026-11-21');

describe('a line of the invoice', () => {
  it.each([
    ['gpt-4o-2024-08-06, input', 'model', 'gpt-4o'],
    ['gpt-4o-mini-2024-07-18, cached input', 'model', 'gpt-4o-mini'],
    ['gpt-4o, input_tokens', 'model', 'gpt-4o'],
    ['priority | gpt-4o-2024-08-06, output, long context', 'model', 'gpt-4o'],
    ['gpt-4o-audio-preview-2024-12-17 audio, input', 'model', 'gpt-4o-audio-preview'],
    ['text-embedding-3-small, input', 'model', 'text-embedding-3-small'],
    ['web search tool calls', 'tool', 'web_search'],
    ['Web search tool calls', 'tool', 'web_search'],
    ['file search tool calls', 'tool', 'file_search'],
    ['code interpreter sessions', 'tool', 'code_interpreter'],
    ['file search vector storage', 'line_item', 'file search vector storage'],
    ['Vector storage', 'line_item', 'Vector storage'],
    ['gpt-4o-2099-01-01, input', 'line_item', 'gpt-4o-2099-01-01, input'],
    ['', 'line_item', ''],
  ])('%j is compared with the %s %j', (lineItem, kind, name) => {
    expect(itemOf(lineItem, prices, AT)).toEqual({ kind, name });
  });
});

describe('what the books counted', () => {
  it('is told in the terms of OpenAI: cached input is input, and a hit was no request', () => {
    const tally = { calls: 5, hits: 2, input: 10, cached_input: 4, cache_write: 1, output: 7, reasoning: 3 };
    expect(measuredOfModel(tally)).toEqual({
      requests: 3,
      input: 15,
      cached_input: 4,
      output: 7,
      characters: 0,
      seconds: 0,
    });
  });

  it.each(BILLED_CLASSES)('has %s among what a model did, or as the use of a tool', (unit) => {
    const counted = Object.values(measuredOfModel({ [unit]: 1 })).some((count) => count > 0);
    const tools = TOOL_NAMES.filter((tool) => TOOLS[tool].classes.some((one: string) => one === unit));
    expect([counted, tools.length]).toEqual(counted ? [true, 0] : [false, 1]);
  });

  it('says what hosted tools cost: $10 and $25 a thousand searches', () => {
    const tally = { web_search: 2, web_search_preview: 1, output: 1_000 };
    expect(toolCost(tally, 'web_search', 'gpt-4o', prices, AT)).toBe(45_000_000_000n);
    expect(toolCost(tally, 'file_search', 'gpt-4o', prices, AT)).toBe(0n);
    expect(toolCost(tally, 'web_search', 'a-model-without-a-price', prices, AT)).toBe(0n);
  });
});
