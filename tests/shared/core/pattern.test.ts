import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesAny } from '../../../shared/core/pattern.ts';

describe('patterns', () => {
  it.each([
    ['user/alice', 'user/alice', true],
    ['user/alice', 'user/alice2', false],
    ['user/*', 'user/alice', true],
    ['*', '', true],
    ['*@example.com', 'sso/a@example.com', true],
    ['*@example.com', 'sso/a@example.com.evil', false],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['a*bc*c', 'abc', false],
    ['user/a.b', 'user/aXb', false],
  ])('%s and %s: %s', (pattern, text, expected) => {
    expect(matchesAny([pattern], text)).toBe(expected);
  });

  it('no pattern admits nobody', () => {
    expect(matchesAny([], 'user/alice')).toBe(false);
  });

  it('agrees with a regular expression of the same meaning', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
    fc.assert(
      fc.property(word, text, (pattern, name) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
        expect(matchesAny([pattern], name)).toBe(expression.test(name));
      }),
      { numRuns: 2_000 },
    );
  });
});
