import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bundledPrices } from '../../../../prices/load.ts';
import { audioSpeech } from '../../../../shared/core/endpoints/audio-speech.ts';
import {
  audioTranscriptions,
  audioTranslations,
} from '../../../../shared/core/endpoints/audio-transcriptions.ts';
import { decisions } from '../../../../shared/core/endpoints/decisions.ts';
import { imageEdits, imageGenerations } from '../../../../shared/core/endpoints/images.ts';
import { responses } from '../../../../shared/core/endpoints/responses.ts';
import { responsesCompact } from '../../../../shared/core/endpoints/responses-compact.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import type { Price } from '../../../../shared/core/price.ts';
import { costOf } from '../../../../shared/core/pricing.ts';
import { autoTiers, expectBounded, given, of, price, share, shares, tiers } from './bounded.ts';
import { PRICE } from './support.ts';

const WINDOW = PRICE.contextWindow;
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.nat(30_000).map((size) => 'x'.repeat(size)),
);

/** What images of a model, size and quality are known to put out: as OpenAI's pages and its calculator say. */
const KNOWN = fc.constantFrom<[string, string | null, string | null, number]>(
  ['gpt-image-1.5', 'low', '1024x1024', 272],
  ['gpt-image-1.5', 'high', '1024x1536', 6_240],
  ['gpt-image-1.5', null, null, 6_240],
  ['gpt-image-2', 'low', '1024x1024', 196],
  ['gpt-image-2', 'high', '1024x1024', 7_024],
  ['gpt-image-2', 'high', '3584x2048', 12_329],
  ['gpt-image-2', 'auto', 'auto', 12_329],
  ['gpt-image-2', null, null, 12_329],
  ['gpt-image-2.5-flare', 'xhigh', '1024x1024', 3_122],
  ['gpt-image-2.5-sunburst', 'max', '1024x1024', 7_024],
  ['gpt-image-2.6-flare', 'low', '1024x1024', 784],
  ['gpt-image-2.6-sunburst', 'medium', '1024x1024', 1_756],
  ['gpt-image-2.6-sunburst', null, null, 12_329],
  ['chatgpt-image-latest', 'low', '1024x1024', PRICE.maxOutputTokens],
);

const LISTED = bundledPrices();
const imageOutputOf = (model: string): Pick<Price, 'imageOutput'> => {
  const found = LISTED.find(model, Date.UTC(2026, 10, 21));
  const imageOutput = found.kind === 'priced' ? found.price.imageOutput : undefined;
  return imageOutput === undefined ? {} : { imageOutput };
};

const imageUsage = (
  most: { text: number; image: number; out: number; planned: number },
  [a, b, c, d, e, f]: [number, number, number, number, number, number],
) => {
  const words = of(most.text, a);
  const pictures = of(most.image, b);
  const drawn = of(most.out, c);
  const planned = of(most.planned, d);
  const cachedImages = of(pictures, e);
  return {
    input_tokens: words + pictures,
    input_tokens_details: { text_tokens: words, image_tokens: pictures },
    cached_tokens: cachedImages + of(words, f),
    cached_tokens_details: { cached_image_tokens: cachedImages, cached_text_tokens: of(words, f) },
    output_tokens: drawn + planned,
    output_tokens_details: { image_tokens: drawn, text_tokens: planned },
    total_tokens: words + pictures + drawn + planned,
  };
};

const imageOptions = fc.record({
  n: fc.option(fc.integer({ min: 1, max: 10 })),
  partial: fc.option(fc.integer({ min: 0, max: 3 })),
  frames: fc.option(fc.integer({ min: 2, max: 16 }), { freq: 3 }),
  images: fc.nat(4),
  mask: fc.boolean(),
  svg: fc.boolean(),
});
type ImageOptions = typeof imageOptions extends fc.Arbitrary<infer T> ? T : never;
interface Drawing {
  readonly model: string;
  readonly quality: string | null;
  readonly size: string | null;
  readonly prompt: string;
}

/** A request for images, made from others or not, and what it hands to the model. */
function imageRequest(asked: ImageOptions, { model, quality, size, prompt }: Drawing) {
  const edits = asked.images > 0;
  const isSvg = asked.svg && !edits;
  const frames = isSvg ? null : asked.frames;
  const masks = edits && asked.mask ? 1 : 0;
  const file = { bytes: 9 };
  const body = {
    model,
    prompt,
    ...given('quality', quality),
    ...given('size', size),
    ...given('n', asked.n),
    ...given('partial_images', asked.partial),
    ...given('frame_count', frames),
    ...given('output_format', frames === null ? null : 'gif'),
    ...(isSvg ? { output_format: 'svg', svg: { model: 'test-author' } } : {}),
    ...(edits ? { image: Array.from({ length: asked.images }, () => file) } : {}),
    ...given('mask', masks === 0 ? null : file),
  };
  return { body, edits, isSvg, handed: asked.images + masks, frames: frames ?? 1 };
}

test('no images cost more than their worst case, nor does the author of an SVG', () => {
  fc.assert(
    fc.property(
      price,
      price,
      autoTiers,
      KNOWN,
      text,
      imageOptions,
      shares,
      (made, wrote, autoTier, [model, quality, size, known], prompt, asked, parts) => {
        const { body, edits, isSvg, handed, frames } = imageRequest(asked, { model, quality, size, prompt });
        const count = asked.n ?? 1;
        const usage = imageUsage(
          {
            text: count * (Buffer.byteLength(prompt) + 6 + handed * 16),
            image: count * handed * PRICE.maxImageTokens,
            out: count * (known * frames + (asked.partial ?? 0) * 100),
            planned: count * 800,
          },
          parts,
        );
        const svg_usage = {
          model: 'test-author',
          input_tokens: of(WINDOW, parts[0]),
          output_tokens: of(PRICE.maxOutputTokens, parts[1]),
          reasoning_tokens: of(PRICE.maxOutputTokens, parts[1]),
        };
        const answer = { usage, ...(isSvg ? { svg_usage } : {}) };
        const rules = edits ? imageEdits : imageGenerations;
        const prices = new Map([['test-author', { ...wrote, model: 'test-author' }]]);
        // Only text models search the web.
        const { searchPerCall: _, ...table } = {
          ...made,
          ...imageOutputOf(model),
          contextWindow: 20 * WINDOW,
        };
        const { searchPerCall: __, ...written } = wrote;
        prices.set('test-author', written);
        expectBounded(rules, body, table, autoTier, () => answer, prices);
        if (count > 1 || isSvg) return;
        const meter = rules.streamMeter(body);
        meter.see({ type: edits ? 'image_edit.completed' : 'image_generation.completed', usage });
        expect(meter.served()).toEqual(rules.served(answer, body));
      },
    ),
    { numRuns: 500 },
  );
});

test('no response costs more than its worst case, with the images that it has made', () => {
  const options = fc.record({
    calls: fc.option(fc.integer({ min: 1, max: 5 })),
    made: fc.nat(5),
    seen: fc.nat(3),
    partial: fc.option(fc.integer({ min: 0, max: 3 })),
    max: fc.integer({ min: 1, max: 9_000 }),
    unnamed: fc.boolean(),
  });
  fc.assert(
    fc.property(
      price,
      price,
      tiers,
      KNOWN,
      options,
      shares,
      (table, drawn, tier, [model, quality, size, known], asked, parts) => {
        const tool = {
          type: 'image_generation',
          ...(asked.unnamed ? {} : { model }),
          ...given('quality', quality),
          ...given('size', size),
          ...given('partial_images', asked.partial),
        };
        const images = Array.from({ length: asked.seen }, () => ({
          type: 'input_image',
          image_url: 'https://x.test/a.png',
        }));
        const written = {
          model: 'test-model',
          input: [{ role: 'user', content: [{ type: 'input_text', text: 'x' }, ...images] }],
          tools: [tool],
          max_output_tokens: asked.max,
          ...given('service_tier', tier[0]),
          ...given('max_tool_calls', asked.calls),
        };
        const body = responses.withDefaults?.(written, { defaultImageModel: () => model }, 0) ?? {};
        const { searchPerCall: _, ...price } = { ...drawn, ...imageOutputOf(model) };
        expect(responses.otherModels?.(body)).toEqual([model]);
        expectBounded(
          responses,
          body,
          table,
          tier[1],
          (forwarded, max) => {
            const calls = Number(forwarded['max_tool_calls']);
            const made = Math.min(asked.made, calls);
            const handed = Array.from({ length: made }, (_each, before) => asked.seen + before);
            const image_gen = imageUsage(
              {
                text: made * 8_000,
                image: handed.reduce((sum, each) => sum + each, 0) * PRICE.maxImageTokens,
                out: made * (known + (asked.partial ?? 0) * 100),
                planned: made * 800,
              },
              parts,
            );
            const input = of((calls + 1) * WINDOW, parts[0]);
            return {
              service_tier: tier[2],
              tools: forwarded['tools'] ?? [],
              output: [],
              tool_usage: { image_gen },
              usage: { input_tokens: input, output_tokens: of(max, parts[1]), total_tokens: input },
            };
          },
          new Map([[model, price]]),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('no transcript or translation costs more than its worst case, in tokens or in seconds', () => {
  const options = fc.record({
    seconds: fc.double({ min: 0, max: 4_000, noNaN: true }),
    chunks: fc.option(fc.integer({ min: 1, max: 5 })),
    references: fc.nat(4),
    bills: fc.constantFrom('tokens', 'seconds', 'duration', 'nothing'),
  });
  fc.assert(
    fc.property(price, autoTiers, text, options, shares, (made, autoTier, prompt, asked, [a, b, c]) => {
      const { seconds } = asked;
      const file = { bytes: 9, seconds, exact: true };
      const transcript = {
        model: 'test-model',
        file,
        prompt,
        ...(asked.chunks === null ? {} : { chunking_strategy: 'auto' }),
        ...(asked.references === 0
          ? {}
          : {
              known_speaker_references: Array.from(
                { length: asked.references },
                () => 'data:audio/wav;base64,AAAA',
              ),
            }),
      };
      const heard = (seconds + asked.references * 10) * 10;
      const chunks = Math.min(asked.chunks ?? 1, 1 + Math.floor(seconds / 2));
      const most = asked.chunks === null ? WINDOW : Number.MAX_SAFE_INTEGER;
      const audio_tokens = of(Math.min(most, Math.floor(heard)), a);
      const text_tokens = of(Math.min(most - audio_tokens, chunks * Buffer.byteLength(prompt)), b);
      const output =
        asked.chunks === null ? PRICE.maxOutputTokens : PRICE.maxOutputTokens + Math.floor(seconds * 5);
      const tokens = {
        type: 'tokens',
        input_tokens: audio_tokens + text_tokens,
        input_token_details: { audio_tokens, text_tokens },
        output_tokens: of(output, c),
        total_tokens: 0,
      };
      const answers: Readonly<Record<string, JsonObject>> = {
        tokens: { usage: tokens },
        seconds: { usage: { type: 'duration', seconds } },
        duration: { duration: seconds },
        nothing: {},
      };
      const answer = answers[asked.bills] ?? {};
      const { searchPerCall: _, ...either } = made;
      const { audio_seconds: __, ...noSeconds } = made.rates.default ?? {};
      const table = asked.bills === 'tokens' ? { ...either, rates: { default: noSeconds } } : either;
      expectBounded(audioTranscriptions, transcript, table, autoTier, () => answer);
      if (asked.bills === 'tokens') return;
      expectBounded(audioTranslations, { model: 'test-model', file, prompt }, table, autoTier, () => answer);
    }),
    { numRuns: 500 },
  );
});

test('no speech costs more than its worst case, by the character or in tokens', () => {
  fc.assert(
    fc.property(
      price,
      autoTiers,
      fc.boolean(),
      text,
      text,
      share,
      share,
      (made, autoTier, byCharacter, input, more, a, b) => {
        const body = { model: 'test-model', input, voice: 'ash', instructions: more };
        const { searchPerCall: _, ...table } = made;
        if (byCharacter) {
          const { characters = 0n } = made.rates.default ?? {};
          const spoken = { ...table, rates: { default: { characters } }, maxOutputTokens: 0 };
          const served = audioSpeech.plain?.(body, spoken)?.served ?? { counts: {} };
          const worst = audioSpeech.worstCase(body, spoken, { bodyBytes: 0, autoTier });
          expect(served.counts.characters).toBe([...input].length);
          expect(worst.fixed).toBeGreaterThanOrEqual(costOf(spoken, served).cost);
          return;
        }
        const usage = {
          input_tokens: of(Math.min(WINDOW, Buffer.byteLength(input) + Buffer.byteLength(more)), a),
          output_tokens: of(PRICE.maxOutputTokens, b),
        };
        expectBounded(audioSpeech, body, table, autoTier, () => ({ usage }));
      },
    ),
    { numRuns: 500 },
  );
});

test('no decisions and no compaction cost more than their worst case', () => {
  const counts = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(3));
  fc.assert(
    fc.property(price, tiers, text, counts, shares, (made, tier, said, [questions, images], [a, b, c, d]) => {
      const { searchPerCall: _, longContext: __, ...table } = made;
      const picture = { type: 'input_image', image_url: 'https://x.test/a.png' };
      const content = [{ type: 'input_text', text: said }, ...Array.from({ length: images }, () => picture)];
      const input = [{ role: 'user', content }];
      const asks = Array.from({ length: questions }, () => ({
        type: 'predicate',
        instructions: said.slice(0, 50),
      }));
      const once = Buffer.byteLength(said) + images * PRICE.maxImageTokens;
      const body = { model: 'test-model', input, questions: asks };
      const usage = { input_tokens: of(questions * Math.min(WINDOW, once), a), output_tokens: 9 };
      expectBounded(decisions, body, table, tier[1], () => ({ usage }));
      const compact = { model: 'test-model', input, ...given('service_tier', tier[0]) };
      const read = of(Math.min(WINDOW, once), b);
      const cached_tokens = of(read, c);
      expectBounded(responsesCompact, compact, made, tier[1], () => ({
        service_tier: tier[2],
        usage: {
          input_tokens: read,
          input_tokens_details: { cached_tokens, cache_write_tokens: read - cached_tokens },
          output_tokens: of(PRICE.maxOutputTokens, d),
        },
      }));
    }),
    { numRuns: 400 },
  );
});
