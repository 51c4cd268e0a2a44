import { readFileSync } from 'node:fs';
import type { StreamMeter } from '../../../../shared/core/endpoint.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import type { Price } from '../../../../shared/core/price.ts';
import { SseSplitter } from '../../../../shared/core/sse.ts';
import type { BilledClass } from '../../../../shared/core/usage.ts';

/** A price with a rate for everything, each of them different, as no two classes may be mixed up unnoticed. */
export const RATES: Readonly<Record<BilledClass, bigint>> = {
  input: 1_000_000n,
  cached_input: 100_000n,
  cache_write: 1_250_000n,
  cache_write_12h: 2_500_000n,
  audio_input: 32_000_000n,
  cached_audio_input: 400_000n,
  image_input: 5_000_000n,
  cached_image_input: 500_000n,
  output: 8_000_000n,
  audio_output: 64_000_000n,
  image_output: 40_000_000n,
  web_search: 10_000_000_000n,
  web_search_preview: 25_000_000_000n,
  file_search: 2_500_000_000n,
  characters: 15_000_000n,
  audio_seconds: 100_000_000n,
  container_1g: 1_500_000_000n,
  container_4g: 6_000_000_000n,
  container_16g: 24_000_000_000n,
  container_64g: 96_000_000_000n,
};

export const PRICE: Price = {
  model: 'test-model',
  family: 'test-model',
  source: 'made up',
  rates: { default: RATES, flex: times(RATES, 1n, 2n), priority: times(RATES, 5n, 2n) },
  longContext: { over: 20_000, rates: { default: times(RATES, 2n, 1n), priority: times(RATES, 5n, 1n) } },
  contextWindow: 100_000,
  maxOutputTokens: 8_000,
  maxImageTokens: 1_500,
};

export function times(rates: typeof RATES, numerator: bigint, denominator: bigint): typeof RATES {
  const entries = Object.entries(rates).map(([unit, rate]) => [unit, (rate * numerator) / denominator]);
  return Object.fromEntries(entries) as typeof RATES;
}

/** The bytes of a body, as the endpoints are told them. */
export function bytesOf(body: JsonObject): number {
  return Buffer.byteLength(JSON.stringify(body));
}

/** Replays a recorded stream; returns what became of each event that has JSON in it. */
export function replay(fixture: string, meter: StreamMeter): ('pass' | 'strip')[] {
  const bytes = readFileSync(new URL(`../../../fixtures/sse/${fixture}.txt`, import.meta.url));
  const splitter = new SseSplitter();
  return [...splitter.push(bytes), ...splitter.end()].flatMap((piece) =>
    piece.kind === 'event' && piece.data?.startsWith('{') ? [meter.see(JSON.parse(piece.data))] : [],
  );
}
