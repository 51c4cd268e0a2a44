import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { recordingFacts, recordingOf } from '../../../../shared/core/sound/measure.ts';
import { MP3_FRAME_SECONDS, mp3, opus, SLOW_FRAME_SECONDS, slowMp3, wav } from '../../../support/audio.ts';

const secondsOf = (file: Uint8Array) => recordingOf(file)?.seconds ?? Number.NaN;
const isExact = (file: Uint8Array) => recordingOf(file)?.isExact;

describe('a recording', () => {
  it.each<[string, Buffer, number]>([
    ['a WAV file', wav(2.5), 2.5],
    ['an MP3 file', mp3(1_000), 1_000 * MP3_FRAME_SECONDS],
    ['an MP3 file at the lowest rate', slowMp3(1_000), 1_000 * SLOW_FRAME_SECONDS],
    ['an Ogg file', opus(250), 5],
  ])('plays for as long as its frames do: %s', (_what, file, seconds) => {
    expect(secondsOf(file)).toBeCloseTo(seconds, 2);
    expect(isExact(file)).toBe(true);
  });

  it('in no known format is not measured', () => {
    const speex = opus(10);
    speex.write('Speex   ', speex.indexOf('OpusHead'), 'latin1');
    for (const file of [Buffer.alloc(75_000), Buffer.alloc(0), Buffer.from('RIFF'), wav(0), speex]) {
      expect(recordingOf(file)).toBeUndefined();
      expect(recordingFacts(file)).toEqual({});
    }
  });

  it.each<[string, string]>([
    ['AIFF', 'FORM\0\0\x10\0AIFF'],
    ['AU', '.snd\0\0\0\x18'],
    ['CAF', 'caff\0\x01\0\0'],
    ['ASF', '\x30\x26\xb2\x75\x8e\x66\xcf\x11'],
    ['AVI', 'RIFF\0\0\x10\0AVI '],
    ['an MPEG program stream', '\0\0\x01\xba'],
    ['AMR', '#!AMR\n'],
  ])(
    'in a container that is not known is not measured by frames that are hidden in it: %s',
    (_what, mark) => {
      expect(recordingOf(Buffer.concat([Buffer.from(mark, 'latin1'), mp3(100)]))).toBeUndefined();
    },
  );

  it('that was cut within a frame plays the rest', () => {
    expect(secondsOf(mp3(100).subarray(200))).toBeCloseTo(99 * MP3_FRAME_SECONDS, 1);
  });

  it('in a coding whose bytes bound no length is not measured', () => {
    // TrueSpeech.
    expect(recordingOf(wav(100, { format: 0x22 }))).toBeUndefined();
    // MP3 that is none.
    expect(recordingOf(wav(100, { format: 0x55 }))).toBeUndefined();
  });

  it('is not longer for tags, whose sizes are believed as far as every decoder believes them', () => {
    const tag = (content: Buffer) =>
      Buffer.concat([
        Buffer.from('ID3\x03\0\0\0\0', 'latin1'),
        Buffer.from([content.length >> 7, content.length & 127]),
        content,
      ]);
    const tagged = Buffer.concat([tag(mp3(20)), mp3(100), Buffer.from('TAG'), Buffer.alloc(125)]);
    expect(secondsOf(tagged)).toBeCloseTo(100 * MP3_FRAME_SECONDS, 3);
    expect(isExact(tagged)).toBe(true);
    const inTheMiddle = Buffer.concat([mp3(100), tag(slowMp3(200))]);
    expect(secondsOf(inTheMiddle)).toBeGreaterThan(200 * SLOW_FRAME_SECONDS);
    const noTag = Buffer.from(tag(slowMp3(200)));
    noTag[6] = 0x80;
    expect(secondsOf(noTag)).toBeCloseTo(200 * SLOW_FRAME_SECONDS, 1);
  });
});

describe('a head that claims less than there is counts for nothing:', () => {
  it('the size of the sound in a WAV file', () => {
    const file = wav(500, { claimed: 8_000 });
    expect(recordingOf(file)).toEqual({ seconds: 500, isExact: false });
    // A size of 0 or of all ones is what programs write that do not know it yet.
    for (const claimed of [0, 0xffffffff]) {
      expect(recordingOf(wav(500, { claimed }))).toEqual({ seconds: 500, isExact: true });
    }
  });

  it('chunks that follow the sound are none', () => {
    const list = Buffer.concat([Buffer.from('LIST\x10\0\0\0', 'latin1'), Buffer.alloc(16)]);
    expect(recordingOf(Buffer.concat([wav(5), list]))).toEqual({ seconds: 5, isExact: true });
  });

  it('the bytes a second of a WAV file', () => {
    expect(recordingOf(wav(10, { byteRate: 4_000_000 }))).toEqual({ seconds: 10, isExact: true });
  });

  it('the block of a WAV file, unless it is smaller than its samples', () => {
    const options = { rate: 1_000, blockAlign: 65_535 };
    expect(recordingOf(wav(1_000, options))).toEqual({ seconds: 1_000, isExact: false });
  });

  it('the number of frames in an MP3 file', () => {
    expect(secondsOf(mp3(5_000, 10))).toBeCloseTo(5_000 * MP3_FRAME_SECONDS, 0);
  });

  it('the times in an Ogg file', () => {
    const file = opus(5_000, 50);
    expect(secondsOf(file)).toBeCloseTo(100, 1);
    expect(isExact(file)).toBe(false);
  });
});

describe('joined recordings play for as long as all of them:', () => {
  it('Ogg files', () => {
    const joined = Buffer.concat([opus(50), opus(30_000)]);
    expect(secondsOf(joined)).toBeCloseTo(601, 1);
    expect(isExact(joined)).toBe(false);
  });

  it('MP3 files, also at rates of their own', () => {
    const joined = Buffer.concat([mp3(3), slowMp3(20_000)]);
    expect(secondsOf(joined)).toBeGreaterThan(20_000 * SLOW_FRAME_SECONDS);
    expect(secondsOf(joined)).toBeLessThan(20_000 * SLOW_FRAME_SECONDS + 1);
    const alike = Buffer.concat([mp3(100), mp3(100)]);
    expect(secondsOf(alike)).toBeCloseTo(200 * MP3_FRAME_SECONDS, 2);
    expect(isExact(alike)).toBe(true);
  });

  it('WAV files, where the first may play the others as its own sound', () => {
    const slow = wav(100, { rate: 1_000 });
    const joined = Buffer.concat([wav(1), slow]);
    expect(recordingOf(joined)).toEqual({ seconds: 101, isExact: false });
    expect(secondsOf(Buffer.concat([slow, wav(100)]))).toBeGreaterThan(900);
  });
});

test('silence in tiny packets is as long as it plays, though its bytes would not tell', () => {
  const file = opus(30_000);
  expect(file.byteLength / 750).toBeLessThan(120);
  expect(recordingOf(file)?.seconds).toBeCloseTo(600, 0);
});

test('frames that do not follow each other count by their heads, so that no decoder finds more', () => {
  // Each large frame hides small ones, which a decoder finds that does not trust a single head.
  const hiding = Buffer.concat(
    Array.from({ length: 50 }, () => {
      const large = Buffer.from(mp3(1));
      slowMp3(5).copy(large, 4);
      return Buffer.concat([large, Buffer.alloc(1)]);
    }),
  );
  const file = Buffer.concat([slowMp3(20), hiding]);
  expect(secondsOf(file)).toBeGreaterThanOrEqual(50 * (MP3_FRAME_SECONDS + 5 * SLOW_FRAME_SECONDS));
  expect(isExact(file)).toBe(false);
});

test('a file whose parts overlap so often that reading it would take too long is not measured', () => {
  // Each of these pages is damaged, and claims the bytes of hundreds that follow it.
  const page = Buffer.alloc(27 + 255, 255);
  page.write('OggS', 0, 'latin1');
  page[26] = 255;
  const pages = Array.from({ length: 2_000 }, () => page);
  expect(recordingOf(Buffer.concat([opus(5), ...pages]))).toBeUndefined();
  // Each of these clusters goes on to the end of the file, in an element that nobody looks into.
  const cluster = Buffer.from('ec8c1f43b67510ffffffa3820000', 'hex');
  const tracks = Buffer.concat([
    Buffer.from('1654ae6b90ae8ed78101838102', 'hex'),
    Buffer.from([0x86, 0x86]),
    Buffer.from('A_OPUS'),
  ]);
  const clusters = Array.from({ length: 2_000 }, () => cluster);
  const matroska = Buffer.concat([Buffer.from('1a45dfa380', 'hex'), tracks, ...clusters]);
  expect(recordingOf(matroska)).toBeUndefined();
});

test('whatever a file says, it is read to an end', () => {
  const sample = fc.constantFrom(wav(1), mp3(40), mp3(40, 3), opus(100), Buffer.concat([opus(50), opus(50)]));
  const changes = fc.array(fc.tuple(fc.nat(20_000), fc.nat(255)), { maxLength: 12 });
  fc.assert(
    fc.property(sample, changes, fc.nat(20_000), (file, changed, end) => {
      const broken = Buffer.from(file.subarray(0, end));
      for (const [at, byte] of changed) if (at < broken.length) broken[at] = byte;
      const { seconds = 0 } = recordingOf(broken) ?? {};
      expect(Number.isFinite(seconds)).toBe(true);
      expect(seconds).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 400 },
  );
});
