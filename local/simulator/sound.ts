import type { ChatCompletionAudio } from 'openai/resources/chat/completions';
import { digest } from './random.ts';

const SAMPLE_RATE = 8_000;
/** A token of sound is a tenth of a second; a short hum is enough to stand for it. */
const SAMPLES_A_TOKEN = 80;
const MAX_SAMPLES = 80_000;
const HEADER_BYTES = 44;
/** 2100-01-01: simulated sound does not expire. */
const EXPIRES_AT = 4_102_444_800;

/**
 * An answer as sound: a quiet hum in a WAV file, the longer the more tokens it has.
 *
 * @param index tells the choices of one answer apart
 */
export function spokenAudio(transcript: string, tokens: number, index: number): ChatCompletionAudio {
  return {
    id: `audio_${digest(transcript, index).slice(0, 24)}`,
    data: hum(Math.min(tokens * SAMPLES_A_TOKEN, MAX_SAMPLES)).toString('base64'),
    expires_at: EXPIRES_AT,
    transcript,
  };
}

/** @returns a WAV file of 8-bit mono sound */
function hum(samples: number): Buffer {
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
