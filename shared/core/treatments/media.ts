import { audioSpeech } from '../endpoints/audio-speech.ts';
import { audioTranscriptions, audioTranslations } from '../endpoints/audio-transcriptions.ts';
import { imageEdits, imageGenerations } from '../endpoints/images.ts';
import { type Content, metered, type Row } from './row.ts';

const FORM: readonly Content[] = ['multipart/form-data'];
const IMAGE_BOUND =
  'the prompt by its bytes, and all images that it is handed, for each image of `n`; output by size and quality where OpenAI publishes its tokens, else at the most of the model; 100 tokens a partial image; an SVG also at the most of its author';
const IMAGE_USAGE = '`usage`, `svg_usage`; in a stream the `completed` event of each image';
const SOUND_BOUND =
  'the sound as long as a decoder plays it at most, whatever its heads say, in tokens or seconds, whichever the model bills (a file that cannot be measured is refused); the prompt by its bytes';

/** What is asked of models of sound and images. */
export const MEDIA: readonly Row[] = [
  metered(
    'POST /audio/speech',
    'audio.speech',
    audioSpeech,
    {
      worstCase: 'characters of the text; else its bytes, and sound at the most of the model',
      usage:
        'tts-1: the characters of the request; else `speech.audio.done`, for which events are asked, and given as the sound they carry',
      cache: 'yes',
    },
    { gives: ['audio/*', 'text/event-stream'] },
  ),
  metered(
    'POST /audio/transcriptions',
    'audio.transcriptions',
    audioTranscriptions,
    {
      worstCase: SOUND_BOUND,
      usage:
        '`usage`, `duration`, in a stream `transcript.text.done`; where the caller asked for a form that has none, the length of the file, if every decoder plays it as long and the model bills it by the second; else JSON is asked for, and given as the caller asked',
      cache: 'yes, by what the fields say and the file holds',
    },
    { takes: FORM, gives: ['application/json', 'text/plain', 'text/event-stream'] },
  ),
  metered(
    'POST /audio/translations',
    'audio.translations',
    audioTranslations,
    {
      worstCase: SOUND_BOUND,
      usage:
        '`duration`; where the caller asked for a form that has none, the length of the file, if every decoder plays it as long; else `verbose_json` is asked for, and given as the caller asked',
      cache: 'yes, by what the fields say and the file holds',
    },
    { takes: FORM, gives: ['application/json', 'text/plain'] },
  ),
  metered(
    'POST /images/generations',
    'images.generations',
    imageGenerations,
    { worstCase: IMAGE_BOUND, usage: IMAGE_USAGE, cache: 'no' },
    { gives: ['application/json', 'text/event-stream'] },
  ),
  metered(
    'POST /images/edits',
    'images.edits',
    imageEdits,
    { worstCase: IMAGE_BOUND, usage: IMAGE_USAGE, cache: 'no' },
    { takes: ['application/json', ...FORM], gives: ['application/json', 'text/event-stream'] },
  ),
];
