import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeal, type Seal } from '../../../shared/cache/seal.ts';

const SECRET = 'a secret of the stage, long enough';
const MAX_BYTES = 100_000;

function sealOf(change: { secret?: string; stage?: string } = {}): Seal {
  return createSeal({ secret: SECRET, stage: 'dev', ...change });
}

const seal = sealOf();
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }),
  fc.nat({ max: MAX_BYTES }).map((length) => new Uint8Array(length)),
);

describe('sealed bytes', () => {
  it('open to what was sealed', () => {
    fc.assert(
      fc.property(fc.string(), content, (key, bytes) => {
        const opened = seal.open(key, seal.seal(key, bytes));
        expect(Buffer.compare(opened ?? Buffer.from('none'), bytes)).toBe(0);
      }),
    );
  });

  it('open in another process of the same stage', () => {
    expect(sealOf().open('key', seal.seal('key', Buffer.from('answer')))).toEqual(Buffer.from('answer'));
  });

  it('do not open with any bit flipped', () => {
    fc.assert(
      fc.property(content, fc.nat(), (bytes, at) => {
        const sealed = Buffer.from(seal.seal('key', bytes));
        const bit = at % (sealed.length * 8);
        sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(seal.open('key', sealed)).toBeUndefined();
      }),
    );
  });

  it('do not open with a flipped bit in any byte of the envelope: version, IV, ciphertext, tag', () => {
    const sealed = seal.seal('key', Buffer.from('short'));
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const forged = Buffer.from(sealed);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(seal.open('key', forged)).toBeUndefined();
    }
  });

  it('do not open when cut, or longer', () => {
    const sealed = seal.seal('key', Buffer.from('an answer'));
    for (let length = 0; length < sealed.length; length += 1) {
      expect(seal.open('key', sealed.subarray(0, length))).toBeUndefined();
    }
    expect(seal.open('key', Buffer.concat([sealed, Buffer.alloc(1)]))).toBeUndefined();
  });

  it('do not open as anything random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(seal.open('key', bytes)).toBeUndefined();
        expect(seal.open('key', Buffer.concat([Uint8Array.of(1), bytes]))).toBeUndefined();
      }),
    );
  });

  it('do not open under another key', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, other) => {
        const opened = seal.open(other, seal.seal(key, Buffer.from('answer')));
        expect(opened === undefined).toBe(key !== other);
      }),
    );
  });

  it('do not open in another stage, nor with another secret', () => {
    const sealed = seal.seal('key', Buffer.from('answer'));
    expect(sealOf({ stage: 'prod' }).open('key', sealed)).toBeUndefined();
    expect(sealOf({ secret: `${SECRET}.` }).open('key', sealed)).toBeUndefined();
  });

  it('show nothing of the content, and are never the same twice', () => {
    const text = Buffer.from('the answer is forty-two');
    const [one, other] = [seal.seal('key', text), seal.seal('key', text)];
    expect(Buffer.from(one).includes(text.subarray(0, 8))).toBe(false);
    expect(Buffer.compare(one, other)).not.toBe(0);
  });

  it('need a secret that deserves the name', () => {
    expect(() => sealOf({ secret: 'short' })).toThrow(/at least 16 bytes/);
  });
});
