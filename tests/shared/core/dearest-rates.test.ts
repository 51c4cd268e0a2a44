import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Price, TIERS } from '../../../shared/core/price.ts';
import {
  costOf,
  dearestAudioInput,
  dearestImageInput,
  dearestOutput,
  dearestRates,
  dearestTextInput,
} from '../../../shared/core/pricing.ts';
import { BILLED_CLASSES, type UsageCounts } from '../../../shared/core/usage.ts';
import { FULL, M, PLAIN } from '../../support/prices.ts';

describe('the dearest rates that a request can meet', () => {
  const rates = (
    requestedTier: string | undefined,
    maxInputTokens = 1,
    autoTier: 'default' | 'priority' | 'flex' = 'default',
  ) => dearestRates(FULL, { requestedTier, autoTier, maxInputTokens });

  it.each([
    [undefined, 'default', 2n],
    ['auto', 'default', 2n],
    ['auto', 'priority', 4n],
    ['auto', 'flex', 2n],
    ['default', 'priority', 2n],
    ['flex', 'priority', 2n],
    ['priority', 'default', 4n],
    ['fast', 'default', 4n],
    ['ultrafast', 'default', 12n],
    ['warp', 'default', 12n],
  ] as const)('tier %s, where auto is %s at most: input at $%s a million', (requested, auto, usd) => {
    expect(rates(requested, 1, auto).input).toBe(usd * M);
  });

  it('count the long-context rates only where the input can be long', () => {
    expect(rates('default', 272_000).input).toBe(2n * M);
    expect(rates('default', 272_001).input).toBe(4n * M);
    expect(rates('default', 272_001).output).toBe(15n * M);
  });

  it('bound each kind of token', () => {
    const dearest = rates('default');
    expect(dearestTextInput(dearest, '30m')).toBe(2_500_000n);
    expect(dearestTextInput(dearest, '12h')).toBe(5n * M);
    expect(dearestImageInput(dearest, '30m')).toBe(8n * M);
    expect(dearestAudioInput(dearest, '30m')).toBe(32n * M);
    expect(dearestOutput(dearest)).toBe(10n * M);
    expect(dearestOutput(dearest, { image: true })).toBe(30n * M);
    expect(dearestOutput(dearest, { audio: true })).toBe(64n * M);
  });

  it('hold nothing for tokens that a model does not deal in', () => {
    const dearest = dearestRates(PLAIN, { autoTier: 'default', maxInputTokens: 1 });
    expect(dearestAudioInput(dearest, '30m')).toBe(30n * M);
    expect(dearestOutput(dearest, { audio: true, image: true })).toBe(60n * M);
  });

  it('an image of a model that bills images as text is no cheaper than text', () => {
    const dearest = dearestRates(PLAIN, { autoTier: 'default', maxInputTokens: 1 });
    expect(dearestImageInput(dearest, '30m')).toBe(30n * M);
  });

  const inputOf = (used: UsageCounts): number =>
    Object.entries(used)
      .filter(([unit]) => unit.includes('input') || unit.includes('write'))
      .reduce((total, [, count]) => total + count, 0);
  const bound = (
    price: Price,
    used: UsageCounts,
    requestedTier: string,
    autoTier: (typeof TIERS)[number],
  ): bigint => {
    const dearest = dearestRates(price, { requestedTier, autoTier, maxInputTokens: inputOf(used) });
    return BILLED_CLASSES.reduce((sum, unit) => sum + BigInt(used[unit] ?? 0) * dearest[unit], 0n);
  };

  it.each([
    ['everything', FULL, BILLED_CLASSES],
    ['text', PLAIN, BILLED_CLASSES.filter((unit) => !/audio|image_output|characters/.test(unit))],
  ])(
    'bound the cost of every answer of a model for %s, at every tier it may be served at',
    (_, price, units) => {
      const counts = fc.dictionary(fc.constantFrom(...units), fc.nat(400_000));
      const tier = fc.constantFrom(...TIERS);
      fc.assert(
        fc.property(counts, tier, tier, (used: UsageCounts, requested, auto) => {
          for (const serviceTier of ['default', requested]) {
            const { cost: most } = costOf(price, { counts: used, serviceTier });
            expect(most).toBeLessThanOrEqual(bound(price, used, requested, auto));
          }
          for (const serviceTier of ['default', auto]) {
            const { cost: most } = costOf(price, { counts: used, serviceTier });
            expect(most).toBeLessThanOrEqual(bound(price, used, 'auto', auto));
          }
        }),
      );
    },
  );
});
