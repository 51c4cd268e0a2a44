import { modelPage, PRICING, UNKNOWN_IMAGE_TOKENS } from './common.ts';
import type { Group, TierRule } from './types.ts';

const READ = '2026-11-27';

/** The three sizes of the models before gpt-image-2 ("Image generation" guide, "Cost and latency"). */
const THREE_SIZES = {
  sizes: {
    low: { '1024x1024': 272, '1024x1536': 408, '1536x1024': 400 },
    medium: { '1024x1024': 1_056, '1024x1536': 1_584, '1536x1024': 1_568 },
    high: { '1024x1024': 4_160, '1024x1536': 6_240, '1536x1024': 6_208 },
  },
} as const;

/**
 * By the calculator of the guide "Image generation": units of gpt-image-2 from low to high are 16, 48 and 96, those of
 * gpt-image-2.5 from low to max 16, 24, 48, 64 and 96. Both have the dearer of the two.
 */
const ANY_SIZE = { units: { low: 16, medium: 48, high: 96, xhigh: 96, max: 96 } } as const;

/**
 * Of gpt-image-2.6 low and medium are seen to take up to four times the tokens of 2.5, so twice the units (32 and 48), and
 * high and above the same (https://docs.laozhang.ai/en/api-capabilities/gpt-image-2-6): these leave room above that.
 */
const ANY_SIZE_2_6 = { units: { low: 48, medium: 64, high: 96, xhigh: 96, max: 96 } } as const;

/**
 * What a call of an image model can take in: 16 images, and a prompt of 32,000 characters, each of them four tokens at
 * most ("Create image edit" of the API reference). No page states a context window.
 */
const IMAGE_WINDOW = 16 * UNKNOWN_IMAGE_TOKENS + 32_000 * 4;

/**
 * "50% cost discount compared to synchronous APIs" ("Batch" guide). No page says that cached input is halved as well: it
 * is billed as plain input of the batch.
 */
const IMAGE_BATCH: TierRule = {
  factor: '0.5',
  long: false,
  only: ['input', 'image_input', 'output', 'image_output'],
};

const IMAGE = {
  tiers: { batch: IMAGE_BATCH },
  contextWindow: IMAGE_WINDOW,
  vision: UNKNOWN_IMAGE_TOKENS,
  // The dearest image of the guide "Image generation": high quality, 1024 x 1536, and three partial images of 100.
  maxOutputTokens: 6_240 + 3 * 100,
  sourceDate: READ,
} as const;

/**
 * Since gpt-image-2 an image can have 8.3 megapixels, five times as many as 1024 x 1536, and qualities above high. No
 * page says how many tokens that is; this is twice as many a pixel as the older models need at most.
 */
const LARGE_IMAGE = { ...IMAGE, maxOutputTokens: 66_000, regional: true } as const;

/** The text that an image model puts out has a price of its own on the page of gpt-image-1.5 alone. */
const IMAGES: readonly Group[] = [
  {
    ...IMAGE,
    family: 'gpt-image-1',
    models: ['gpt-image-1'],
    base: 'gpt-image-1',
    imageOutput: THREE_SIZES,
    rates: { image_output: '40' },
    source: modelPage('gpt-image-1'),
  },
  {
    ...IMAGE,
    family: 'gpt-image-1-mini',
    models: ['gpt-image-1-mini'],
    base: 'gpt-image-1-mini',
    imageOutput: THREE_SIZES,
    rates: { image_output: '8' },
    source: modelPage('gpt-image-1-mini'),
  },
  {
    ...IMAGE,
    family: 'gpt-image-1.5',
    models: ['gpt-image-1.5', 'gpt-image-1.5-2025-12-16'],
    base: 'gpt-image-1.5',
    imageOutput: THREE_SIZES,
    source: modelPage('gpt-image-1.5'),
  },
  {
    ...IMAGE,
    family: 'chatgpt-image-latest',
    models: ['chatgpt-image-latest'],
    periods: [
      {
        rates: {
          input: '5',
          cached_input: '1.25',
          image_input: '8',
          cached_image_input: '2',
          output: '10',
          image_output: '32',
        },
      },
    ],
    // An alias, which can be moved to a model that makes larger images.
    maxOutputTokens: LARGE_IMAGE.maxOutputTokens,
    regional: true,
    source: modelPage('chatgpt-image-latest'),
  },
  {
    ...LARGE_IMAGE,
    family: 'gpt-image-2',
    models: ['gpt-image-2', 'gpt-image-2-2026-04-21'],
    base: 'gpt-image-2',
    imageOutput: ANY_SIZE,
    rates: { image_output: '30' },
    source: modelPage('gpt-image-2'),
  },
  ...['gpt-image-2.5-sunburst', 'gpt-image-2.5-flare'].map((name) => ({
    ...sinceImage2(name, '2026-09-08'),
    imageOutput: ANY_SIZE,
  })),
  ...['gpt-image-2.6-sunburst', 'gpt-image-2.6-flare'].map((name) => ({
    ...sinceImage2(name),
    imageOutput: ANY_SIZE_2_6,
    // "Default: `gpt-image-2.6-sunburst`" (API reference of responses, openai 7.57).
    imageToolDefault: 'gpt-image-2.6-sunburst',
  })),
];

/** "$5 text input, $8 image input, $30 image output", as gpt-image-2; the cached rates are on the page of 2.6 Sunburst. */
function sinceImage2(name: string, snapshot?: string): Group {
  return {
    ...LARGE_IMAGE,
    family: name,
    models: snapshot === undefined ? [name] : [name, `${name}-${snapshot}`],
    periods: [
      {
        rates: {
          input: '5',
          cached_input: '1.25',
          image_input: '8',
          cached_image_input: '2',
          output: '30',
          image_output: '30',
        },
      },
    ],
    source: modelPage(name),
  };
}

/** Billed by nothing that fills a window. */
const NO_TOKENS = {
  reasons: false,
  contextWindow: 1,
  maxOutputTokens: 0,
  vision: 0,
  sourceDate: READ,
} as const;

const SPEECH: readonly Group[] = [
  {
    ...NO_TOKENS,
    family: 'tts-1',
    models: ['tts-1', 'tts-1-1106'],
    periods: [{ rates: { characters: '15' } }],
    source: modelPage('tts-1'),
  },
  {
    ...NO_TOKENS,
    family: 'tts-1-hd',
    models: ['tts-1-hd', 'tts-1-hd-1106'],
    periods: [{ rates: { characters: '30' } }],
    source: modelPage('tts-1-hd'),
  },
  {
    family: 'gpt-4o-mini-tts',
    models: ['gpt-4o-mini-tts', 'gpt-4o-mini-tts-2025-03-20', 'gpt-4o-mini-tts-2025-12-15'],
    // Its output is audio, under whatever name it is counted.
    periods: [{ rates: { input: '0.6', output: '12', audio_output: '12' } }],
    // "Max 2,000 input tokens"; for the output no page has a bound, so it is that of the model it is made of.
    contextWindow: 2_000,
    maxOutputTokens: 16_384,
    vision: 0,
    reasons: false,
    source: modelPage('gpt-4o-mini-tts'),
    sourceDate: READ,
  },
];

/**
 * A minute of sound is 600 tokens, and what is said in it some 250: only at $6 (mini: $3) for sound does that come to the
 * $0.006 (mini: $0.003) a minute of the price list. The models' pages list the rate of text for both.
 */
const TRANSCRIPTION = {
  reasons: false,
  contextWindow: 16_000,
  maxOutputTokens: 2_000,
  vision: 0,
  sourceDate: READ,
} as const;

/**
 * USD for a million seconds are those for a minute times 16,666.67: $0.006 are 100, $0.0045 are 75, $0.003 are 50. The
 * models that bill tokens have the price list's "estimated cost" of a minute as their rate for seconds: a bound, for
 * an answer that tells nothing else.
 */
const TRANSCRIPTIONS: readonly Group[] = [
  {
    ...NO_TOKENS,
    family: 'whisper-1',
    models: ['whisper-1'],
    base: 'whisper-1',
    source: modelPage('whisper-1'),
  },
  {
    ...NO_TOKENS,
    family: 'gpt-transcribe',
    models: ['gpt-transcribe'],
    base: 'gpt-transcribe',
    regional: true,
    source: PRICING,
  },
  {
    ...TRANSCRIPTION,
    family: 'gpt-4o-transcribe',
    models: ['gpt-4o-transcribe', 'gpt-4o-transcribe-diarize'],
    base: 'gpt-4o-transcribe',
    rates: { audio_seconds: '100' },
    source: modelPage('gpt-4o-transcribe'),
  },
  {
    ...TRANSCRIPTION,
    family: 'gpt-4o-mini-transcribe',
    models: ['gpt-4o-mini-transcribe'],
    base: 'gpt-4o-mini-transcribe',
    rates: { audio_seconds: '50' },
    source: modelPage('gpt-4o-mini-transcribe'),
  },
  {
    ...TRANSCRIPTION,
    family: 'gpt-4o-mini-transcribe',
    models: ['gpt-4o-mini-transcribe-2025-03-20', 'gpt-4o-mini-transcribe-2025-12-15'],
    periods: [{ rates: { input: '1.25', output: '5', audio_input: '3', audio_seconds: '50' } }],
    source: modelPage('gpt-4o-mini-transcribe'),
  },
];

export const MEDIA: readonly Group[] = [...IMAGES, ...SPEECH, ...TRANSCRIPTIONS];
