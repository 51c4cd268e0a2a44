import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeal, type Seal } from '../../../shared/cache/seal.ts';

const SECRET = 'a secret of the stage, long enough';
const MAX_BYTES = 100_000;

function sealOf(change: { secret?: string; stage?: string; maxContentBytes?: number } = {}): Seal {
  return createSeal({ secret: SECRET, stage: 'dev', maxContentBytes: MAX_BYTES, ...change });
}

const seal = sealOf();
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }),
  fc.nat({ max: MAX_BYTES }).map((length) => new Uint8Array(length)),
);

describe('sealed bytes', () => {
  it('open to what was sealed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), content, async (key, bytes) => {
        const opened = await seal.open(key, await seal.seal(key, bytes));
        expect(Buffer.compare(opened ?? Buffer.from('none'), bytes)).toBe(0);
      }),
    );
  });

  it('open in another process of the same stage', async () => {
    expect(await sealOf().open('key', await seal.seal('key', Buffer.from('answer')))).toEqual(
      Buffer.from('answer'),
    );
  });

  it('do not open with any bit flipped', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.nat(), async (bytes, at) => {
        const sealed = Buffer.from(await seal.seal('key', bytes));
        const bit = at % (sealed.length * 8);
        sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(await seal.open('key', sealed)).toBeUndefined();
      }),
    );
  });

  it('do not open with a flipped bit in any byte of the envelope: version, IV, ciphertext, tag', async () => {
    const sealed = await seal.seal('key', Buffer.from('short'));
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const forged = Buffer.from(sealed);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await seal.open('key', forged)).toBeUndefined();
    }
  });

  it('do not open when cut, or longer', async () => {
    const sealed = await seal.seal('key', Buffer.from('an answer'));
    for (let length = 0; length < sealed.length; length += 1) {
      expect(await seal.open('key', sealed.subarray(0, length))).toBeUndefined();
    }
    expect(await seal.open('key', Buffer.concat([sealed, Buffer.alloc(1)]))).toBeUndefined();
  });

  it('do not open as anything random', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await seal.open('key', bytes)).toBeUndefined();
        expect(await seal.open('key', Buffer.concat([Uint8Array.of(1), bytes]))).toBeUndefined();
      }),
    );
  });

  it('do not open under another key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (key, other) => {
        const opened = await seal.open(other, await seal.seal(key, Buffer.from('answer')));
        expect(opened === undefined).toBe(key !== other);
      }),
    );
  });

  it('do not open in another stage, nor with another secret', async () => {
    const sealed = await seal.seal('key', Buffer.from('answer'));
    expect(await sealOf({ stage: 'prod' }).open('key', sealed)).toBeUndefined();
    expect(await sealOf({ secret: `${SECRET}.` }).open('key', sealed)).toBeUndefined();
  });

  it('show nothing of the content, and are never the same twice', async () => {
    const text = Buffer.from('the answer is forty-two');
    const [one, other] = [await seal.seal('key', text), await seal.seal('key', text)];
    expect(Buffer.from(one).includes(text.subarray(0, 8))).toBe(false);
    expect(Buffer.compare(one, other)).not.toBe(0);
  });

  it('are smaller than a stream of events that repeats itself', async () => {
    const stream = Buffer.from('data: {"object":"chat.completion.chunk"}\n\n'.repeat(1_000));
    expect((await seal.seal('key', stream)).length).toBeLessThan(stream.length / 20);
  });

  it('do not unpack to more than is allowed', async () => {
    const generous = sealOf({ maxContentBytes: 50_000_000 });
    const bomb = await generous.seal('key', new Uint8Array(50_000_000));
    expect(bomb.length).toBeLessThan(10_000);
    expect(await seal.open('key', bomb)).toBeUndefined();
    expect(await seal.open('key', await seal.seal('key', new Uint8Array(MAX_BYTES)))).toHaveLength(MAX_BYTES);
    expect(await seal.open('key', await seal.seal('key', new Uint8Array(MAX_BYTES + 1)))).toBeUndefined();
  });

  it('need a secret that deserves the name', () => {
    expect(() => sealOf({ secret: 'short' })).toThrow(/at least 16 bytes/);
  });
});
