import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheControl } from '../../../shared/core/cache-control.ts';

const BOTH = { read: true, store: true };
const NEITHER = { read: false, store: false };

function control(value: string) {
  return cacheControl(new Headers({ 'cache-control': value }));
}

describe('what a request says about caching', () => {
  it('is, without a word, to read and to store', () => {
    expect(cacheControl(new Headers())).toEqual(BOTH);
  });

  it.each(['0', ' 0 ', 'false', 'OFF', 'no'])('can be openai-proxy-caching: %j, neither', (value) => {
    const headers = new Headers({ 'openai-proxy-caching': value, 'cache-control': 'max-age=60' });
    expect(cacheControl(headers)).toEqual(NEITHER);
  });

  it.each(['1', '', 'true', 'yes', '00', 'banana'])('is not changed by openai-proxy-caching: %j', (value) => {
    expect(cacheControl(new Headers({ 'openai-proxy-caching': value }))).toEqual(BOTH);
  });

  it.each([
    ['no-store', NEITHER],
    ['No-Store', NEITHER],
    ['no-cache, no-store', NEITHER],
    ['no-cache', { read: false, store: true }],
    ['max-age=60', { ...BOTH, maxAgeSeconds: 60 }],
    ['max-age="60"', { ...BOTH, maxAgeSeconds: 60 }],
    ['max-age=0', { ...BOTH, maxAgeSeconds: 0 }],
    ['max-age=60, max-age=30', { ...BOTH, maxAgeSeconds: 30 }],
    ['no-transform,max-age=5;no-cache', { read: false, store: true, maxAgeSeconds: 5 }],
    [`max-age=${'9'.repeat(400)}`, { ...BOTH, maxAgeSeconds: Number.MAX_SAFE_INTEGER }],
  ])('is read from cache-control: %s', (value, expected) => {
    expect(control(value)).toEqual(expected);
  });

  it.each([
    'max-age',
    'max-age=',
    'max-age=-1',
    'max-age=1.5',
    'max-age=soon',
    'max-age = 5',
    'no-storey',
    'xno-store',
    'x="no-store, no-cache"',
    'x = "no-store"',
    ',,;;==""',
    '"no-store',
  ])('is not changed by the malformed or unknown cache-control: %s', (value) => {
    expect(control(value)).toEqual(BOTH);
  });

  it('never fails, whatever is sent', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]*$/), (value) => {
        const { read, store, maxAgeSeconds = 0 } = control(value);
        expect([typeof read, typeof store, Number.isSafeInteger(maxAgeSeconds)]).toEqual([
          'boolean',
          'boolean',
          true,
        ]);
      }),
    );
  });
});
