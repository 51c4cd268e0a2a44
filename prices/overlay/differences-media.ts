import type { Explanation } from './types.ts';

const ESTIMATED =
  'The price list\'s "estimated cost" of a minute, as a bound for an answer that tells seconds and no tokens.';
const TEXT_ALONE =
  "The base has the previews' text rates alone, so that audio would pass at them. The models' pages have these.";
const IMAGES =
  'What the model puts out is an image, which the base counts as plain output: the same rate under both names.';

export const MEDIA_DIFFERENCES: readonly Explanation[] = [
  {
    models: [
      'chatgpt-image-latest',
      'gpt-image-2.5-flare',
      'gpt-image-2.5-flare-2026-09-08',
      'gpt-image-2.5-sunburst',
      'gpt-image-2.5-sunburst-2026-09-08',
      'gpt-image-2.6-flare',
      'gpt-image-2.6-sunburst',
    ],
    differs: { model: ['none', 'listed'] },
    reason:
      'Not in the base yet. The rates are those of its page, or of gpt-image-2, as the launch reports of 2.5 and 2.6 say.',
  },
  {
    models: [
      'gpt-4o-mini-tts-2025-03-20',
      'gpt-4o-mini-tts-2025-12-15',
      'tts-1',
      'tts-1-1106',
      'tts-1-hd',
      'tts-1-hd-1106',
    ],
    differs: { model: ['none', 'listed'] },
    reason:
      'The base has no speech by the character, nor snapshots of gpt-4o-mini-tts. The pages have these rates.',
  },
  {
    models: ['gpt-4o-mini-transcribe-2025-03-20', 'gpt-4o-mini-transcribe-2025-12-15'],
    differs: { model: ['none', 'listed'] },
    reason: 'The base has the alias alone; a snapshot costs the same (page of gpt-4o-mini-transcribe).',
  },
  {
    models: ['gpt-4o-mini-transcribe'],
    differs: { audio_seconds: ['none', '50'] },
    reason: ESTIMATED,
  },
  {
    models: ['gpt-4o-transcribe', 'gpt-4o-transcribe-diarize'],
    differs: { audio_seconds: ['none', '100'] },
    reason: ESTIMATED,
  },
  {
    models: ['gpt-4o-audio-preview', 'gpt-4o-audio-preview-2024-12-17', 'gpt-4o-audio-preview-2025-06-03'],
    differs: { audio_input: ['none', '40'], audio_output: ['none', '80'] },
    reason: TEXT_ALONE,
  },
  {
    models: ['gpt-4o-audio-preview-2024-10-01'],
    differs: { audio_input: ['none', '100'], audio_output: ['none', '200'] },
    reason: TEXT_ALONE,
  },
  {
    models: ['gpt-4o-mini-audio-preview', 'gpt-4o-mini-audio-preview-2024-12-17'],
    differs: { audio_input: ['none', '10'], audio_output: ['none', '20'] },
    reason: TEXT_ALONE,
  },
  {
    models: ['gpt-4o-mini-tts'],
    differs: { audio_output: ['none', '12'] },
    reason:
      'What the model puts out is audio, which the base counts as plain output: the same rate under both names.',
  },
  {
    models: ['gpt-image-1'],
    differs: { image_output: ['none', '40'] },
    reason: IMAGES,
  },
  {
    models: ['gpt-image-1-mini'],
    differs: { image_output: ['none', '8'] },
    reason: IMAGES,
  },
  {
    models: ['gpt-image-2', 'gpt-image-2-2026-04-21'],
    differs: { image_output: ['none', '30'] },
    reason: IMAGES,
  },
];
