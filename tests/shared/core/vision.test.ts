import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countPicture } from '../../../local/simulator/vision.ts';
import { bundledPrices } from '../../../prices/load.ts';
import table from '../../../prices/table.json' with { type: 'json' };
import { mostPictureTokens, type Picture, pictureTokens } from '../../../shared/core/vision.ts';

const prices = bundledPrices();
const TODAY = Date.parse('2026-11-30');

function visionOf(model: string) {
  const found = prices.find(model, TODAY);
  if (found.kind !== 'priced') throw new Error(`${model} has no price`);
  return found.price;
}

function most(model: string, picture: Picture): number {
  const { vision } = visionOf(model);
  if (vision === undefined) throw new Error(`${model} has no rules for pictures`);
  return pictureTokens(vision, picture);
}

const seeing = [...new Set(table.prices.filter((row) => 'vision' in row).map(({ model }) => model))];
const edge = fc.oneof(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 1, max: 70_000 }));
const detail = fc.constantFrom('low', 'high', 'original', 'auto');

describe('the tokens of a picture', () => {
  it('are never fewer than the guide counts, of any size, detail and model, nor is what they fill of the window', () => {
    expect(seeing.length).toBeGreaterThan(80);
    fc.assert(
      fc.property(fc.constantFrom(...seeing), edge, edge, detail, (model, width, height, asked) => {
        const counted = countPicture(model, { width, height }, asked);
        if (counted === undefined) return;
        const { vision, maxImageTokens } = visionOf(model);
        expect(counted.billed).toBeLessThanOrEqual(most(model, { detail: asked, size: { width, height } }));
        expect(counted.billed).toBeLessThanOrEqual(most(model, { detail: asked }));
        expect(counted.billed).toBeLessThanOrEqual(maxImageTokens);
        const share = (counted.filled * (vision?.inflation ?? 0)) / 100;
        expect(counted.billed).toBeLessThanOrEqual(share + 1);
      }),
      { numRuns: 10_000, endOnFailure: true },
    );
  });

  it('are near what the guide counts where the size is seen', () => {
    fc.assert(
      fc.property(edge, edge, detail, (width, height, asked) => {
        const counted = countPicture('gpt-6.1-sol', { width, height }, asked);
        if (counted === undefined) return;
        // A picture that is scaled down to fit loses up to a row and a column of patches.
        const bound = most('gpt-6.1-sol', { detail: asked, size: { width, height } });
        const isScaled = asked === 'high' || asked === 'low';
        if (!isScaled && Math.max(width, height) > 65_535) return;
        expect(bound).toBeLessThanOrEqual(isScaled ? 3_001 : counted.billed + 1);
      }),
      { endOnFailure: true },
    );
  });

  it.each([
    ['gpt-6-astra', 'high', 1_024, 1_024, 1_229],
    ['gpt-6-astra', 'high', 2_048, 2_048, 3_000],
    ['gpt-6-astra', 'high', 4_096, 512, 2_458],
    ['gpt-6.1-sol', 'auto', 4_032, 3_024, 14_364],
    ['gpt-6.1-sol', 'auto', 4_800, 6_400, 36_000],
    ['gpt-6.1-sol', 'low', 4_800, 6_400, 231],
    ['gpt-5.5', 'auto', 9_000, 9_000, 12_000],
    ['gpt-5.4', 'low', 3_000, 3_000, 4_916],
    ['gpt-5.4', 'auto', 3_000, 3_000, 3_000],
  ] as const)('%s, detail %s, %d x %d: %d, and one for rounding', (model, asked, width, height, tokens) => {
    expect(most(model, { detail: asked, size: { width, height } })).toBe(tokens + 1);
  });

  it.each([
    ['gpt-4o', 'high', 1_024, 1_024, 765],
    ['gpt-4o', 'high', 2_048, 4_096, 1_105],
    ['gpt-4o', 'low', 4_096, 8_192, 85],
    ['gpt-4o-mini', 'auto', 1_024, 1_024, 2_833 + 4 * 5_667],
    ['gpt-5', 'high', 512, 512, 70 + 140],
    ['o3', 'low', 99, 99, 75],
  ] as const)('%s, detail %s, %d x %d: %d', (model, asked, width, height, tokens) => {
    expect(most(model, { detail: asked, size: { width, height } })).toBe(tokens);
  });

  it('of a detail that the API does not have are those of the dearest', () => {
    expect(most('gpt-6.1-sol', { detail: 'unknown' })).toBe(36_001);
    expect(most('gpt-5.4', { detail: 'unknown' })).toBe(12_001);
  });

  it.each(seeing)('are for %s never more than its price says at most', (model) => {
    const { vision, maxImageTokens } = visionOf(model);
    expect(maxImageTokens).toBe(vision === undefined ? undefined : mostPictureTokens(vision));
  });
});
