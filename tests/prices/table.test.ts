import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readBase } from '../../prices/genai.ts';
import { mergeTable } from '../../prices/merge.ts';
import { OVERLAY } from '../../prices/overlay.ts';
import { renderTable, summarize } from '../../prices/report.ts';
import { parseTable } from '../../prices/schema.ts';
import { sdkModels } from '../../prices/sdk-models.ts';

const text = readFileSync(new URL('../../prices/table.json', import.meta.url), 'utf8');
const table = parseTable(JSON.parse(text));
const base = readBase();

describe('prices/table.json', () => {
  it('is what "npm run prices:update" writes', () => {
    expect(text).toBe(renderTable(parseTable(mergeTable(base, OVERLAY))));
  });

  it('names the source of every price and refusal', () => {
    for (const row of [...table.prices, ...table.refused]) {
      expect(row.source, row.model).toMatch(/https:\/\/\w|openai \d/);
      expect(row.sourceDate, row.model).toMatch(/^20\d\d-\d\d-\d\d$/);
    }
  });

  it('takes from the base only what the base itself prices the model with', () => {
    for (const { base: entry, models } of OVERLAY.groups) {
      if (entry === undefined) continue;
      for (const model of models) expect(base.entryOf(model), model).toBe(entry);
    }
  });

  it('leaves no entry of the base unexplained', () => {
    const questions = summarize(table, table, base, OVERLAY).filter((line) => line.startsWith('?'));
    expect(questions).toEqual([]);
  });

  it('has no rate of 0 but for the moderation models', () => {
    for (const { model, rates, calls, longContext } of table.prices) {
      if (model.includes('moderation')) continue;
      const all = [...Object.values(rates), ...Object.values(longContext?.rates ?? {}), calls ?? {}];
      for (const rate of all.flatMap((byClass) => Object.values(byClass)))
        expect(rate, model).toBeGreaterThan(0);
    }
  });

  it('never sells output below input, nor the cache above it', () => {
    for (const { model, rates, longContext } of table.prices) {
      for (const tier of [...Object.values(rates), ...Object.values(longContext?.rates ?? {})]) {
        const { input = 0, output = input, cached_input: cached = input, cache_write: write = input } = tier;
        expect(output, model).toBeGreaterThanOrEqual(input);
        expect(cached, model).toBeLessThanOrEqual(input);
        expect(write, model).toBeGreaterThanOrEqual(input);
      }
    }
  });

  it('says of every model since 5 March 2026 that regional endpoints charge more for it, evenly', () => {
    for (const { model, regional, rates, calls, longContext } of table.prices) {
      const since =
        /^gpt-(5\.[4-9]|6|daybreak|audio-1\.5|transcribe|image-2)|^chat(gpt-image)?-latest|chatgpt-image/.test(
          model,
        );
      expect(regional ?? false, model).toBe(since);
      const all = [...Object.values(rates), ...Object.values(longContext?.rates ?? {}), calls ?? {}];
      for (const rate of regional ? all.flatMap((byClass) => Object.values(byClass)) : [])
        expect((rate * 11) % 10, model).toBe(0);
    }
  });

  it('says of each model what its answers do not show', () => {
    for (const { model, reasons, searchPerCall, rates } of table.prices) {
      const reasoner = /^(o\d|gpt-[5-9]|codex|computer-use)/.test(model);
      if (reasoner || rates.default?.output === undefined)
        expect(reasons, model).toBe(reasoner ? undefined : false);
      expect(searchPerCall ?? false, model).toBe(/-search-(preview|api)/.test(model));
    }
  });

  it('names one model that the image tool uses where none is named, and what its images come to', () => {
    const marked = table.prices.filter(({ imageToolDefault }) => imageToolDefault);
    expect(marked.map(({ model }) => model)).toHaveLength(1);
  });

  it('knows every tool that a model of /responses can call', () => {
    for (const { model, calls, contextWindow } of table.prices) {
      if (!/^(gpt-(4\.1|4o|5|6)|o\d)/.test(model) || /audio|search|transcribe|tts/.test(model)) continue;
      expect(Object.keys(calls ?? {}), `${model} ${contextWindow}`).toEqual(
        expect.arrayContaining([
          'web_search',
          'web_search_preview',
          'file_search',
          'container_1g',
          'container_64g',
        ]),
      );
    }
  });
});

describe("the models of the openai package's types", () => {
  const unions = sdkModels();
  const known = new Set([...table.prices, ...table.refused].map(({ model }) => model));

  it.each([
    ['ChatModel', 'gpt-4o'],
    ['AllModels', 'o3-pro'],
    ['ResponsesModel', 'gpt-5-codex'],
    ['EmbeddingModel', 'text-embedding-3-small'],
    ['ModerationModel', 'omni-moderation-latest'],
    ['ImageModel', 'gpt-image-2'],
    ['AudioModel', 'whisper-1'],
    ['SpeechModel', 'tts-1'],
    ['completions.d.ts', 'davinci-002'],
  ])('are found in %s, %s among them', (type, model) => {
    expect(unions.get(type)).toContain(model);
  });

  it.each([...unions].filter(([, models]) => models.length > 0))(
    '%s: each has a price or a reasoned refusal',
    (_, models) => {
      expect(models.filter((model) => !known.has(model))).toEqual([]);
    },
  );
});
