import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordingOf } from '../../../../shared/core/sound/measure.ts';
import { type Ffmpeg, hasFfmpeg, NO_FFMPEG, startFfmpeg } from '../../../support/ffmpeg.ts';
import { spoiled, spoils } from '../../../support/spoiled-recordings.ts';

/*
 * Recordings as FFmpeg makes them, and what becomes of them when they are joined, cut and lied about, held against what
 * FFmpeg plays of them.
 */

const SECONDS = 3;
/** So far the beginning and the end of a recording may be off, which encoders fill up and decoders trim. */
const TRIMMED = 0.3;

const PLAIN: ReadonlyMap<string, readonly string[]> = new Map([
  ['pcm.wav', []],
  ['mulaw.wav', ['-c:a', 'pcm_mulaw']],
  ['mp3.wav', ['-c:a', 'libmp3lame']],
  ['constant.mp3', ['-b:a', '32k']],
  ['variable.mp3', ['-q:a', '5']],
  ['slow.mp3', ['-ar', '8000', '-b:a', '8k']],
  ['layer-2.mp2', []],
  ['flac.flac', []],
  ['opus.ogg', ['-c:a', 'libopus']],
  ['long-packets.ogg', ['-c:a', 'libopus', '-frame_duration', '60']],
  ['vorbis.ogg', ['-c:a', 'libvorbis']],
  ['flac.ogg', ['-c:a', 'flac']],
  ['opus.webm', ['-c:a', 'libopus']],
  ['vorbis.webm', ['-c:a', 'libvorbis']],
]);
/** Of these the length is near, but not exact. */
const NEAR: ReadonlyMap<string, readonly string[]> = new Map([
  ['aac.m4a', []],
  ['alac.m4a', ['-c:a', 'alac']],
  ['fragments.mp4', ['-movflags', 'frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '500000']],
  ['aac.aac', []],
  ['aac.mka', ['-c:a', 'aac']],
  ['adpcm.wav', ['-c:a', 'adpcm_ima_wav']],
  ['ms.wav', ['-c:a', 'adpcm_ms']],
]);
const NAMES = [...PLAIN.keys(), ...NEAR.keys()];

// A machine without it leaves this out and says so; CI does not.
if (!hasFfmpeg()) console.warn(NO_FFMPEG);
const isLeftOut = !hasFfmpeg() && process.env['CI'] === undefined;
/** Each of some sixty files starts a decoder, and a machine with other work to do is not quick. */
const PATIENCE = { timeout: 240_000 };

describe.skipIf(isLeftOut)('what FFmpeg plays of a recording', PATIENCE, () => {
  let ffmpeg: Ffmpeg;
  let made: ReadonlyMap<string, Buffer>;
  beforeAll(() => {
    ffmpeg = startFfmpeg();
    made = ffmpeg.encode(SECONDS, new Map([...PLAIN, ...NEAR]));
  });
  afterAll(() => ffmpeg.close());

  it.each(NAMES)('is as long as we say: %s', async (name) => {
    const file = made.get(name) ?? Buffer.alloc(0);
    const played = await ffmpeg.played(file);
    expect(played).toBeGreaterThan(SECONDS - TRIMMED);
    const { seconds = 0, isExact } = recordingOf(file) ?? {};
    expect(Math.abs(seconds - played)).toBeLessThan(TRIMMED);
    expect(isExact).toBe(PLAIN.has(name));
  });

  it('is never longer than we say, whatever became of it', async () => {
    const asked = fc.tuple(fc.constantFrom(...NAMES), spoils(NAMES));
    await fc.assert(
      fc.asyncProperty(asked, async ([name, done]) => {
        const file = spoiled(made.get(name) ?? Buffer.alloc(0), done, made);
        const recording = recordingOf(file);
        // It is refused then.
        if (recording === undefined) return;
        const played = await ffmpeg.played(file);
        expect(played).toBeLessThanOrEqual(recording.seconds + TRIMMED);
        if (recording.isExact && played > 0) expect(recording.seconds).toBeLessThan(played + 2 * TRIMMED);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});
