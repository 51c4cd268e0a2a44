import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { audioFacts } from '../../../shared/core/audio-duration.ts';
import { createSound } from '../../../shared/mediabunny/sound.ts';
import { MP3_FRAME_SECONDS, mp3, opus, wav } from '../../support/audio.ts';

const sound = createSound();
const factsOf = async (file: Uint8Array) => audioFacts(file, await sound.seconds(file));

describe('an audio file', () => {
  it('plays for as long as its frames do', async () => {
    expect(await sound.seconds(wav(2.5))).toBeCloseTo(2.5, 3);
    expect(await sound.seconds(mp3(1_000))).toBeCloseTo(1_000 * MP3_FRAME_SECONDS, 2);
    expect(await sound.seconds(opus(250))).toBeCloseTo(5, 1);
  });

  it('of no known format plays for nobody knows how long, and at most as speech at the lowest rate', async () => {
    expect(await factsOf(Buffer.alloc(75_000))).toEqual({ most_seconds: 100 });
    expect(await factsOf(new Uint8Array())).toEqual({ most_seconds: 0 });
  });

  it('that is damaged is not trusted', async () => {
    const file = wav(2);
    expect(await sound.seconds(file.subarray(0, 20))).toBeUndefined();
    const { most_seconds } = await factsOf(mp3(100).subarray(3));
    expect(most_seconds).toBeGreaterThanOrEqual(100 * MP3_FRAME_SECONDS);
  });
});

describe('a head that claims less than there is', () => {
  it('of a WAV file counts for nothing: it plays for as long as it has bytes', async () => {
    const facts = await factsOf(wav(500, { claimed: 8_000 }));
    expect(facts.seconds).toBeCloseTo(500, 1);
    expect(facts.most_seconds).toBeCloseTo(500, 1);
  });

  it('of a WAV file about its bytes a second counts for nothing', async () => {
    expect((await factsOf(wav(10, { byteRate: 4_000_000 }))).most_seconds).toBeCloseTo(10, 1);
  });

  it('of a WAV file of another coding leaves the bound of its bytes', async () => {
    const { most_seconds } = await factsOf(wav(100, { format: 0x55, byteRate: 800_000 }));
    expect(most_seconds).toBeGreaterThan(1_000);
  });

  it('of an MP3 file counts for nothing: its frames are counted', async () => {
    expect((await factsOf(mp3(5_000, 10))).seconds).toBeCloseTo(5_000 * MP3_FRAME_SECONDS, 0);
  });
});

test('silence in tiny packets is as long as it plays, though its bytes would not tell', async () => {
  const file = opus(30_000);
  const { seconds = 0, most_seconds } = await factsOf(file);
  expect(file.byteLength / 750).toBeLessThan(120);
  expect(seconds).toBeCloseTo(600, 0);
  expect(most_seconds).toBe(seconds);
});

test('whatever a file says, it is read to an end, and the bound is none below the duration', async () => {
  const sample = fc.constantFrom(wav(1), mp3(40), mp3(40, 3), opus(100));
  const changes = fc.array(fc.tuple(fc.nat(20_000), fc.nat(255)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sample, changes, fc.nat(20_000), async (file, changed, end) => {
      const broken = Buffer.from(file.subarray(0, end));
      for (const [at, byte] of changed) if (at < broken.length) broken[at] = byte;
      const { seconds = 0, most_seconds } = await factsOf(broken);
      expect(Number.isFinite(most_seconds)).toBe(true);
      expect(most_seconds).toBeGreaterThanOrEqual(seconds);
    }),
    { numRuns: 400 },
  );
});
