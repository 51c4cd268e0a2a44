import type { Price, PriceTable, Rates } from '../../shared/core/price.ts';
import type { PriceSource } from '../../shared/ports/price-source.ts';

/** Picodollars for one token of USD 1 a million, and for one call, or minute, of USD 0.001. */
export const M = 1_000_000n;
export const MILLI = 1_000_000_000n;

const CALLS: Rates = {
  web_search: 10n * MILLI,
  web_search_preview: 25n * MILLI,
  file_search: 2_500_000_000n,
  container_1g: 1_500_000_000n,
  container_4g: 6n * MILLI,
  container_16g: 24n * MILLI,
  container_64g: 96n * MILLI,
};

/** A model with everything, priced in round numbers. */
export const FULL: Price = {
  model: 'everything',
  family: 'everything',
  source: 'test',
  contextWindow: 1_000_000,
  maxOutputTokens: 100_000,
  maxImageTokens: 1_000,
  rates: {
    default: {
      input: 2n * M,
      cached_input: 200_000n,
      cache_write: 2_500_000n,
      cache_write_12h: 5n * M,
      audio_input: 32n * M,
      cached_audio_input: 400_000n,
      image_input: 8n * M,
      cached_image_input: 2n * M,
      output: 10n * M,
      audio_output: 64n * M,
      image_output: 30n * M,
      characters: 15n * M,
      audio_seconds: 100n * M,
      ...CALLS,
    },
    flex: { input: M, cached_input: 100_000n, output: 5n * M, ...CALLS },
    priority: { input: 4n * M, cached_input: 400_000n, output: 20n * M, ...CALLS },
    ultrafast: { input: 12n * M, cached_input: 1_200_000n, output: 60n * M, ...CALLS },
  },
  longContext: {
    over: 272_000,
    rates: { default: { input: 4n * M, cached_input: 400_000n, output: 15n * M, ...CALLS } },
  },
};

/** A text model that lists nothing but plain input and output. */
export const PLAIN: Price = {
  model: 'plain',
  family: 'plain',
  source: 'test',
  contextWindow: 8_192,
  maxOutputTokens: 4_096,
  maxImageTokens: 25_000,
  rates: { default: { input: 30n * M, output: 60n * M } },
};

/** Prices that nobody changes. */
export function fixed(table: PriceTable): PriceSource {
  return { current: async () => table };
}
