import type { Transcription, TranscriptionVerbose } from 'openai/resources/audio/transcriptions';
import type { JsonObject } from '../../shared/core/json.ts';
import { findModel, type SimulatedModel } from './models.ts';
import { ANY, checkParameters, type Rules, STRING } from './parameters.ts';
import { digest } from './random.ts';
import { apiError, DONE, frame, isReply, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { playingSeconds } from './sound.ts';
import { answerText } from './text.ts';
import { countTokens, tokenise } from './tokens.ts';

const RULES: Rules = { model: STRING, prompt: STRING, response_format: STRING, temperature: ANY };
const TRANSCRIPTION_RULES: Rules = {
  ...RULES,
  chunking_strategy: ANY,
  include: ANY,
  keywords: ANY,
  known_speaker_names: ANY,
  known_speaker_references: ANY,
  language: STRING,
  languages: ANY,
  stream: STRING,
  timestamp_granularities: ANY,
};

const AUDIO_TOKENS_A_SECOND = 10;

/** What was heard, and what it is billed. */
interface Heard {
  readonly text: string;
  readonly seconds: number;
  readonly usage: NonNullable<Transcription['usage']>;
}

/** `POST /audio/transcriptions` */
export function audioTranscriptions(request: EndpointRequest, simulation: Simulation): Reply {
  const heard = hear(request, TRANSCRIPTION_RULES, 'v1/audio/transcriptions', simulation);
  if (isReply(heard)) return heard;
  const isWhisper = request.body['model'] === 'whisper-1';
  // "Streaming is not supported for the `whisper-1` model and will be ignored."
  if (request.body['stream'] === 'true' && !isWhisper) return { kind: 'stream', frames: frames(heard) };
  return formatted(heard, request.body, true);
}

/** `POST /audio/translations` */
export function audioTranslations(request: EndpointRequest, simulation: Simulation): Reply {
  const heard = hear(request, RULES, 'v1/audio/translations', simulation);
  return isReply(heard) ? heard : formatted(heard, request.body, false);
}

function hear(
  { body, files }: EndpointRequest,
  rules: Rules,
  path: string,
  simulation: Simulation,
): Heard | JsonReply {
  const model = findModel(simulation.models, body['model'], ['transcript'], path);
  if (isReply(model)) return model;
  if (path.endsWith('translations') && model.id !== 'whisper-1') {
    return apiError(400, `The model \`${model.id}\` does not translate.`, { param: 'model' });
  }
  const error = checkParameters(body, rules) ?? unfitFormat(body, model);
  if (error !== undefined) return error;
  const [file] = files.get('file') ?? [];
  if (file === undefined) return apiError(400, "Missing required parameter: 'file'.", { param: 'file' });
  const seconds = playingSeconds(file.bytes);
  const text = answerText(digest(file.bytes.toString('latin1')));
  const counted = bySeconds(model) ? bySecond(seconds) : byToken(seconds, body, text);
  simulation.bill({ kind: 'audio_transcriptions', model: model.snapshot, ...counted.billed });
  return { text, seconds, usage: counted.usage };
}

function bySeconds({ id }: SimulatedModel): boolean {
  return id === 'whisper-1' || id === 'gpt-transcribe';
}

function bySecond(seconds: number) {
  const whole = Math.ceil(seconds);
  return {
    usage: { type: 'duration' as const, seconds: whole },
    billed: { inputTokens: 0, units: { audio_seconds: whole } },
  };
}

function byToken(seconds: number, { prompt }: JsonObject, text: string) {
  const audio_tokens = Math.ceil(seconds * AUDIO_TOKENS_A_SECOND);
  const text_tokens = typeof prompt === 'string' ? countTokens(prompt) : 0;
  const input_tokens = audio_tokens + text_tokens;
  const output_tokens = tokenise(text).length;
  const total_tokens = input_tokens + output_tokens;
  const input_token_details = { audio_tokens, text_tokens };
  return {
    usage: { type: 'tokens' as const, input_tokens, input_token_details, output_tokens, total_tokens },
    billed: {
      inputTokens: input_tokens,
      units: { audio_input: audio_tokens, input: text_tokens, output: output_tokens },
    },
  };
}

/** Which formats a model has, as OpenAI's reference lists them. */
function unfitFormat({ response_format: format }: JsonObject, { id }: SimulatedModel): JsonReply | undefined {
  const formats = formatsOf(id);
  if (format === undefined || formats.includes(String(format))) return undefined;
  const message = `response_format '${format}' is not compatible with model '${id}'. Use one of ${formats.join(', ')} instead.`;
  return apiError(400, message, { param: 'response_format', code: 'unsupported_value' });
}

function formatsOf(id: string): readonly string[] {
  if (id === 'whisper-1') return ['json', 'text', 'srt', 'verbose_json', 'vtt'];
  return id.endsWith('diarize') ? ['json', 'text', 'diarized_json'] : ['json'];
}

function formatted({ text, seconds, usage }: Heard, body: JsonObject, tellsUsage: boolean): Reply {
  const used = tellsUsage ? { usage } : {};
  const end = seconds.toFixed(3).padStart(6, '0');
  switch (body['response_format'] ?? 'json') {
    case 'text':
      return plain(`${text}\n`);
    case 'srt':
      return plain(`1\n00:00:00,000 --> 00:00:${end.replace('.', ',')}\n${text}\n\n`);
    case 'vtt':
      return plain(`WEBVTT\n\n00:00:00.000 --> 00:00:${end}\n${text}\n\n`);
    case 'verbose_json': {
      const verbose: Omit<TranscriptionVerbose, 'usage'> = {
        duration: seconds,
        language: 'english',
        text,
        segments: [],
      };
      return ok({ task: 'transcribe', ...verbose, ...used });
    }
    case 'diarized_json': {
      const segment = {
        id: 'seg_0',
        type: 'transcript.text.segment',
        speaker: 'A',
        start: 0,
        end: seconds,
        text,
      };
      return ok({ task: 'transcribe', duration: seconds, text, segments: [segment], ...used });
    }
    default:
      return ok({ text, ...used });
  }
}

function plain(text: string): Reply {
  return { kind: 'bytes', contentType: 'text/plain; charset=utf-8', bytes: Buffer.from(text) };
}

function* frames({ text, usage }: Heard): Generator<string> {
  for (const delta of tokenise(text)) yield frame({ type: 'transcript.text.delta', delta });
  yield frame({ type: 'transcript.text.done', text, usage });
  yield DONE;
}
