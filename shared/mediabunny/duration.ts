import { BufferSource, FLAC, Input, MP3, MP4, OGG, QTFF, WAVE, WEBM } from 'mediabunny';

/** The formats that OpenAI transcribes, and no more, so that a bundle has only their readers. */
const FORMATS = [FLAC, MP3, MP4, OGG, QTFF, WAVE, WEBM];

/**
 * How long the main audio track of a file plays, in seconds, by its packets; `undefined` where it has none. Rejects on
 * what is no such file.
 */
export async function duration(file: Uint8Array): Promise<number | undefined> {
  // A copy of its own: the file may be a part of a larger buffer.
  const input = new Input({ source: new BufferSource(new Uint8Array(file)), formats: FORMATS });
  const track = await input.getPrimaryAudioTrack();
  return track?.computeDuration();
}
