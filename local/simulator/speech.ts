import type { JsonValue } from '../../shared/core/json.ts';
import { findModel } from './models.ts';
import { ANY, checkParameters, missing, number, type Rules, STRING } from './parameters.ts';
import { apiError, frame, isReply, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { SPEECH_FORMATS, type SpeechFormat, speech } from './sound.ts';
import { countTokens } from './tokens.ts';

const RULES: Rules = {
  input: STRING,
  instructions: STRING,
  model: STRING,
  response_format: STRING,
  speed: number(0.25, 4),
  stream_format: STRING,
  voice: ANY,
};

/** OpenAI's limit for a text, in characters. */
const MAX_CHARACTERS = 4_096;
/** A token of sound is a tenth of a second; people speak three tokens of text in a second. */
const AUDIO_TOKENS_A_SECOND = 10;
const TEXT_TOKENS_A_SECOND = 3;
const EVENTS = 4;

/** `POST /audio/speech` */
export function audioSpeech({ body }: EndpointRequest, simulation: Simulation): Reply {
  const model = findModel(simulation.models, body['model'], ['speech'], 'v1/audio/speech');
  if (isReply(model)) return model;
  const error = checkParameters(body, RULES);
  if (error !== undefined) return error;
  const { input, instructions = '', stream_format: streamFormat } = body;
  if (typeof input !== 'string') return missing('input');
  const characters = [...input].length;
  if (characters > MAX_CHARACTERS) {
    return apiError(400, `String should have at most ${MAX_CHARACTERS} characters.`, { param: 'input' });
  }
  const format = body['response_format'] ?? 'mp3';
  if (!isFormat(format))
    return apiError(400, 'The simulator speaks mp3, wav and pcm.', { param: 'response_format' });
  const byCharacter = model.id.startsWith('tts-1');
  if (byCharacter && streamFormat === 'sse') {
    return apiError(400, `stream_format 'sse' is not supported for ${model.id}.`, { param: 'stream_format' });
  }
  const inputTokens = countTokens(input + String(instructions ?? ''));
  const seconds = Math.max(0.5, countTokens(input) / TEXT_TOKENS_A_SECOND);
  const outputTokens = Math.ceil(seconds * AUDIO_TOKENS_A_SECOND);
  simulation.bill({
    kind: 'audio_speeches',
    model: model.snapshot,
    inputTokens,
    units: byCharacter ? { characters } : { input: inputTokens, audio_output: outputTokens },
  });
  const sound = speech(seconds, format);
  if (streamFormat !== 'sse') return { kind: 'bytes', contentType: SPEECH_FORMATS[format], bytes: sound };
  return { kind: 'stream', frames: frames(sound, inputTokens, outputTokens) };
}

function isFormat(format: JsonValue): format is SpeechFormat {
  return typeof format === 'string' && Object.hasOwn(SPEECH_FORMATS, format);
}

function* frames(sound: Buffer, inputTokens: number, outputTokens: number): Generator<string> {
  const size = Math.ceil(sound.length / EVENTS);
  for (let at = 0; at < sound.length; at += size) {
    const audio = sound.subarray(at, at + size).toString('base64');
    yield frame({ type: 'speech.audio.delta', audio }, 'speech.audio.delta');
  }
  const usage = {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  yield frame({ type: 'speech.audio.done', usage }, 'speech.audio.done');
}
