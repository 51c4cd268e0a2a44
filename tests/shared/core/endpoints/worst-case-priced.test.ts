import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioSpeech } from '../../../../shared/core/endpoints/audio-speech.ts';
import {
  audioTranscriptions,
  audioTranslations,
} from '../../../../shared/core/endpoints/audio-transcriptions.ts';
import { completions } from '../../../../shared/core/endpoints/completions.ts';
import { decisions } from '../../../../shared/core/endpoints/decisions.ts';
import { embeddings } from '../../../../shared/core/endpoints/embeddings.ts';
import { imageEdits, imageGenerations } from '../../../../shared/core/endpoints/images.ts';
import { responsesCompact } from '../../../../shared/core/endpoints/responses-compact.ts';
import type { Price, Rates } from '../../../../shared/core/price.ts';
import type { BilledClass } from '../../../../shared/core/usage.ts';
import { given, of, share } from './bounded.ts';
import {
  countAll,
  expectCaught,
  expectHeld,
  mostShown,
  picture,
  pictures,
  priceOf,
  type SentPicture,
  said,
  seeingPrice,
  type Telling,
  TOLD_LESS,
  tiersOf,
  usageOf,
  usageParts,
} from './priced.ts';

const NO_TIERS = { auto: 'priority' } as const;
const inputImage = ({ url, detail }: SentPicture) => ({
  type: 'input_image',
  image_url: url,
  ...given('detail', detail),
});
const modelOf = (...names: readonly string[]): fc.Arbitrary<Price> => fc.constantFrom(...names).map(priceOf);

/** A price with a rate that is half as high. */
const halved =
  (unit: BilledClass): Telling =>
  (price) => {
    const half = (rates: Rates): Rates => {
      const rate = rates[unit];
      return rate === undefined ? rates : { ...rates, [unit]: rate / 2n };
    };
    const tiers = Object.entries(price.rates).map(([tier, rates]) => [tier, half(rates)]);
    return { ...price, rates: Object.fromEntries(tiers) };
  };

/** A property of an endpoint, and what it finds to be too little to tell the bound. */
type Case = readonly [
  endpoint: string,
  isHeld: (tell?: Telling) => fc.IProperty<unknown>,
  toldLess: Readonly<Record<string, Telling>>,
];

const asUnknown = (property: unknown) => property as fc.IProperty<unknown>;

const compact: Case = [
  '/responses/compact',
  (tell) =>
    asUnknown(
      fc.property(
        seeingPrice.chain((price) => fc.tuple(fc.constant(price), tiersOf(price))),
        said,
        pictures,
        fc.option(picture, { freq: 4 }),
        usageParts,
        ([price, tiers], text, sent, stored, parts) => {
          const body = {
            model: price.model,
            input: [{ role: 'user', content: [{ type: 'input_text', text }, ...sent.map(inputImage)] }],
            ...given('service_tier', tiers.named),
            ...given('previous_response_id', stored === null ? null : 'resp_1'),
          };
          expectHeld(
            responsesCompact,
            body,
            price,
            tiers,
            () => {
              const seen = countAll(price.model, sent);
              const free = price.contextWindow - (seen?.filled ?? 0) - Buffer.byteLength(text);
              if (seen === undefined || free < 0) return undefined;
              const before = stored === null ? 0 : mostShown(price.model, free, stored);
              const searched = price.searchPerCall === true ? free : 0;
              const input = seen.billed + Buffer.byteLength(text) + Math.max(before, searched);
              const usage = usageOf(['input', 'output'], { input, output: price.maxOutputTokens }, parts);
              return { model: price.model, service_tier: tiers.served, output: [], usage };
            },
            tell,
          );
        },
      ),
    ),
  TOLD_LESS,
];

const decided: Case = [
  '/decisions',
  (tell) =>
    asUnknown(
      fc.property(
        modelOf('gpt-6-luna', 'gpt-6.1-sol', 'gpt-5.4-nano', 'gpt-4o-mini'),
        said,
        pictures,
        fc.integer({ min: 1, max: 400 }),
        share,
        (price, text, sent, count, part) => {
          const questions = Array.from({ length: count }, () => ({
            type: 'predicate',
            instructions: 'Is it?',
          }));
          const input = [{ role: 'user', content: [{ type: 'input_text', text }, ...sent.map(inputImage)] }];
          expectHeld(
            decisions,
            { model: price.model, input, questions },
            price,
            NO_TIERS,
            () => {
              const seen = countAll(price.model, sent);
              const bytes = Buffer.byteLength(text);
              if (seen === undefined || seen.filled + bytes > price.contextWindow) return undefined;
              return { model: price.model, usage: { input_tokens: of(count * (seen.billed + bytes), part) } };
            },
            tell,
          );
        },
      ),
    ),
  { pictures: TOLD_LESS.pictures, 'what is read': halved('input') },
];

const completed: Case = [
  '/completions',
  (tell) =>
    asUnknown(
      fc.property(
        modelOf('gpt-3.5-turbo-instruct', 'davinci-002', 'babbage-002'),
        fc.array(fc.nat(20_000), { minLength: 1, maxLength: 4 }),
        fc.option(fc.integer({ min: 1, max: 9 })),
        fc.option(fc.integer({ min: 0, max: 20_000 })),
        usageParts,
        (price, sizes, n, max, parts) => {
          const prompt = sizes.map((size) => 'x'.repeat(size));
          const body = { model: price.model, prompt, ...given('n', n), ...given('max_tokens', max) };
          expectHeld(
            completions,
            body,
            price,
            NO_TIERS,
            () => {
              const input = sizes.reduce((sum, size) => sum + Math.min(size, price.contextWindow), 0);
              const most = Math.min(max ?? 16, price.maxOutputTokens);
              const output = sizes.length * (n ?? 1) * most;
              return {
                model: price.model,
                choices: [],
                usage: usageOf(['prompt', 'completion'], { input, output }, parts),
              };
            },
            tell,
          );
        },
      ),
    ),
  { 'its window': TOLD_LESS['its window'], output: TOLD_LESS.output, 'what is read': halved('input') },
];

const embedded: Case = [
  '/embeddings',
  (tell) =>
    asUnknown(
      fc.property(
        modelOf('text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'),
        fc.oneof(
          fc.array(
            fc.nat(9_000).map((size) => 'x'.repeat(size)),
            { minLength: 1, maxLength: 40 },
          ),
          fc.array(fc.array(fc.nat(99), { maxLength: 200 }), { minLength: 1, maxLength: 20 }),
        ),
        share,
        (price, input, part) => {
          expectHeld(
            embeddings,
            { model: price.model, input },
            price,
            NO_TIERS,
            () => {
              const tokens = input.reduce((sum, each) => sum + Math.min(8_192, each.length), 0);
              if (tokens > 300_000) return undefined;
              return { model: price.model, usage: { prompt_tokens: of(tokens, part) } };
            },
            tell,
          );
        },
      ),
    ),
  { 'what is read': halved('input') },
];

/** The tokens of an image, as OpenAI's guide, calculator and users tell them, and of one that it is made from, at most. */
const DRAWN = [
  ['gpt-image-1', 'low', '1024x1024', 272, 6_821],
  ['gpt-image-1-mini', 'high', '1024x1536', 6_240, 6_821],
  ['gpt-image-1.5', null, null, 6_240, 6_821],
  ['gpt-image-2', 'low', '1024x1024', 196, 1_536],
  ['gpt-image-2', 'high', '3584x2048', 12_329, 1_536],
  ['gpt-image-2', 'auto', 'auto', 12_329, 1_536],
  ['gpt-image-2.5-flare', 'xhigh', '1024x1024', 3_122, 1_536],
  ['gpt-image-2.5-sunburst', 'max', '1024x1024', 7_024, 1_536],
  ['gpt-image-2.6-sunburst', 'medium', '1024x1024', 1_756, 1_536],
] as const;
const PLANNED = 800;

const drawn: Case = [
  '/images/generations, /images/edits',
  (tell) =>
    asUnknown(
      fc.property(
        fc.constantFrom(...DRAWN),
        fc.nat(32_000),
        fc.record({
          n: fc.option(fc.integer({ min: 1, max: 10 })),
          partial: fc.option(fc.integer({ min: 0, max: 3 })),
          frames: fc.option(fc.integer({ min: 2, max: 16 }), { freq: 3 }),
          images: fc.nat(16),
        }),
        share,
        ([model, quality, size, most, handed], letters, { n, partial, frames, images }, part) => {
          const price = priceOf(model);
          const edits = images > 0;
          const body = {
            model,
            prompt: 'x'.repeat(letters),
            ...given('quality', quality),
            ...given('size', size),
            ...given('n', n),
            ...given('partial_images', partial),
            ...given('frame_count', frames),
            ...given('output_format', frames === null ? null : 'gif'),
            ...(edits ? { image: Array.from({ length: images }, () => ({ bytes: 9 })) } : {}),
          };
          const count = n ?? 1;
          const text_tokens = of(count * letters, part);
          const image_tokens = of(count * images * handed, part);
          const made = of(count * (most * (frames ?? 1) + (partial ?? 0) * 100), part);
          const planned = of(count * PLANNED, part);
          const usage = {
            input_tokens: text_tokens + image_tokens,
            input_tokens_details: { text_tokens, image_tokens },
            output_tokens: made + planned,
            output_tokens_details: { image_tokens: made, text_tokens: planned },
          };
          expectHeld(edits ? imageEdits : imageGenerations, body, price, NO_TIERS, () => ({ usage }), tell);
        },
      ),
    ),
  {
    'what it draws': halved('image_output'),
    'the sizes of images': (price) => ({ ...price, imageOutput: { units: { low: 1, medium: 1, high: 1 } } }),
  },
];

const spoken: Case = [
  '/audio/speech',
  (tell) =>
    asUnknown(
      fc.property(
        modelOf('tts-1', 'tts-1-hd', 'gpt-4o-mini-tts'),
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 90 }),
          fc.nat(4_096).map((size) => 'x'.repeat(size)),
        ),
        usageParts,
        (price, input, parts) => {
          const body = { model: price.model, input, voice: 'ash' };
          expectHeld(
            audioSpeech,
            body,
            price,
            NO_TIERS,
            () => {
              if (price.rates.default?.characters !== undefined) return undefined;
              const read = Math.min(price.contextWindow, Buffer.byteLength(input));
              return {
                usage: usageOf(['input', 'output'], { input: read, output: price.maxOutputTokens }, parts),
              };
            },
            tell,
          );
          const told = (tell ?? ((each: Price) => each))(price);
          const byCharacter = audioSpeech.plain?.(body, price)?.served?.counts.characters ?? 0;
          const held = audioSpeech.worstCase(body, told, { bodyBytes: 0, autoTier: 'default' }).fixed;
          const rate = price.rates.default?.characters ?? 0n;
          expect(BigInt(byCharacter) * rate).toBeLessThanOrEqual(held);
        },
      ),
    ),
  { characters: halved('characters'), output: TOLD_LESS.output },
];

const heard: Case = [
  '/audio/transcriptions, /audio/translations',
  (tell) =>
    asUnknown(
      fc.property(
        modelOf('whisper-1', 'gpt-transcribe', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe'),
        fc.double({ min: 0, max: 1_500, noNaN: true }),
        fc.nat(900),
        fc.boolean(),
        share,
        (price, seconds, letters, isCut, part) => {
          const isTokens = price.rates.default?.audio_input !== undefined;
          const body = {
            model: price.model,
            file: { bytes: 9, seconds, exact: true },
            prompt: 'x'.repeat(letters),
            ...(isCut ? { chunking_strategy: 'auto' } : {}),
          };
          const audio_tokens = of(Math.floor(seconds * 10), part);
          const usage = isTokens
            ? {
                type: 'tokens',
                input_tokens: audio_tokens + letters,
                input_token_details: { audio_tokens, text_tokens: letters },
                output_tokens: of(price.maxOutputTokens, part),
                total_tokens: 0,
              }
            : { type: 'duration', seconds };
          const fits = isCut || !isTokens || audio_tokens + letters <= price.contextWindow;
          expectHeld(audioTranscriptions, body, price, NO_TIERS, () => (fits ? { usage } : undefined), tell);
          if (isTokens || isCut) return;
          expectHeld(audioTranslations, body, price, NO_TIERS, () => ({ duration: seconds }), tell);
        },
      ),
    ),
  { 'seconds of sound': halved('audio_seconds'), output: TOLD_LESS.output },
];

describe.each([compact, decided, completed, embedded, drawn, spoken, heard])('%s', (_, isHeld, toldLess) => {
  it('costs no more than is held for it, at the price of its model', () => {
    fc.assert(isHeld(), { numRuns: 600 });
  });

  it.each(Object.entries(toldLess))(
    'would cost more than is held, did the price say less of %s',
    (__, tell) => {
      expectCaught(isHeld(tell), 5_000);
    },
  );
});
