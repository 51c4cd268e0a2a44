import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pack, unpack } from '../../../shared/cache/packing.ts';

const MAX_BYTES = 100_000;

describe('packed content', () => {
  it('unpacks to what was packed', async () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.nat({ max: MAX_BYTES }).map((length) => new Uint8Array(length)),
    );
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        const unpacked = await unpack(await pack(bytes), MAX_BYTES);
        expect(Buffer.compare(unpacked ?? Buffer.from('none'), bytes)).toBe(0);
      }),
    );
  });

  it('is smaller than a stream of events that repeats itself', async () => {
    const stream = Buffer.from('data: {"object":"chat.completion.chunk"}\n\n'.repeat(1_000));
    expect((await pack(stream)).length).toBeLessThan(stream.length / 20);
  });

  it('does not unpack to more than is allowed', async () => {
    const bomb = await pack(new Uint8Array(50_000_000));
    expect(bomb.length).toBeLessThan(10_000);
    expect(await unpack(bomb, MAX_BYTES)).toBeUndefined();
    expect(await unpack(await pack(new Uint8Array(MAX_BYTES)), MAX_BYTES)).toHaveLength(MAX_BYTES);
    expect(await unpack(await pack(new Uint8Array(MAX_BYTES + 1)), MAX_BYTES)).toBeUndefined();
  });

  it('is nothing else', async () => {
    for (const bytes of [[], [7], [1, 2, 3]]) expect(await unpack(Buffer.from(bytes), 10)).toBeUndefined();
  });
});
