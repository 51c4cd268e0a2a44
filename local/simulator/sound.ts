import type { ChatCompletionAudio } from 'openai/resources/chat/completions';
import { recordingOf } from '../../shared/core/sound/measure.ts';

const SAMPLE_RATE = 8_000;
/** A token of sound is a tenth of a second; a short hum is enough to stand for it. */
const SAMPLES_A_TOKEN = 80;
const MAX_SAMPLES = 80_000;
const HEADER_BYTES = 44;
/** 2100-01-01: simulated sound does not expire. */
const EXPIRES_AT = 4_102_444_800;

/** An answer as sound: a quiet hum in a WAV file, the longer the more tokens it has. */
export function spokenAudio(id: string, transcript: string, tokens: number): ChatCompletionAudio {
  return {
    id,
    data: hum(Math.min(tokens * SAMPLES_A_TOKEN, MAX_SAMPLES)).toString('base64'),
    expires_at: EXPIRES_AT,
    transcript,
  };
}

/** A frame of silent MP3: 1,152 samples at 44.1 kHz, in 128 kbit/s. */
const MP3_FRAME = Buffer.alloc(417);
MP3_FRAME.set([0xff, 0xfb, 0x90, 0xc4]);
const MP3_FRAMES_A_SECOND = 44_100 / 1_152;

/** The formats of speech that the simulator makes, and their media types. */
export const SPEECH_FORMATS = { mp3: 'audio/mpeg', wav: 'audio/wav', pcm: 'audio/pcm' } as const;
export type SpeechFormat = keyof typeof SPEECH_FORMATS;

/** Sound of so many seconds, at most ten, in one of the formats. */
export function speech(seconds: number, format: SpeechFormat): Buffer {
  if (format === 'mp3') {
    const frames = Math.ceil(Math.min(seconds, 10) * MP3_FRAMES_A_SECOND);
    return Buffer.concat(Array.from({ length: frames }, () => MP3_FRAME));
  }
  const wav = hum(Math.min(Math.ceil(seconds * SAMPLE_RATE), MAX_SAMPLES));
  return format === 'wav' ? wav : wav.subarray(HEADER_BYTES);
}

/** How long an uploaded file plays, in seconds; one that cannot be read counts as 128 kbit/s. */
export function playingSeconds(file: Buffer): number {
  return recordingOf(file)?.seconds ?? file.length / 16_000;
}

/** A quiet hum: a WAV file of 8-bit mono sound. */
export function hum(samples: number): Buffer {
  const wav = Buffer.alloc(HEADER_BYTES + samples);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(HEADER_BYTES - 8 + samples, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(SAMPLE_RATE, 24);
  wav.writeUInt32LE(SAMPLE_RATE, 28);
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(samples, 40);
  for (let at = 0; at < samples; at += 1) wav[HEADER_BYTES + at] = 128 + Math.round(8 * Math.sin(at / 4));
  return wav;
}
