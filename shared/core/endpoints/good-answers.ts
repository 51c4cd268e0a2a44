import type { AnswerJudge } from '../endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf } from '../json-members.ts';
import { hasText } from './good-choices.ts';

/**
 * A good response: `completed`, with output other than reasoning, and without a refusal. One that is `incomplete` is
 * not, whatever cut it: nothing in it says that its last item is whole.
 */
export const goodResponse: AnswerJudge = {
  json: isGoodResponse,
  events: () => {
    let isGood = false;
    return {
      see: ({ type, response }) => {
        if (type === 'response.completed' && isObject(response)) isGood = isGoodResponse(response);
      },
      isGood: () => isGood,
    };
  },
};

function isGoodResponse({ status, error, incomplete_details: cut, output }: JsonObject): boolean {
  const items = listOf(output).filter(isObject);
  const isWhole = status === 'completed' && isNothing(error) && isNothing(cut);
  return isWhole && items.every(isWholeItem) && items.some(isOutput);
}

function isWholeItem({ status, content }: JsonObject): boolean {
  const isEnded = isNothing(status) || status === 'completed';
  return isEnded && !listOf(content).some((part) => isObject(part) && part['type'] === 'refusal');
}

function isOutput({ type, content }: JsonObject): boolean {
  if (type === 'reasoning') return false;
  return type !== 'message' || listOf(content).some((part) => isObject(part) && hasText(part['text']));
}

/** Good embeddings: one for each input. */
export const goodEmbeddings: AnswerJudge = {
  json: ({ data }, { input }) => {
    const list = listOf(input);
    const inputs = typeof input === 'string' || typeof list[0] === 'number' ? 1 : list.length;
    const embeddings = listOf(data).filter((each) => isObject(each) && isEmbedding(each['embedding']));
    return embeddings.length > 0 && embeddings.length === inputs;
  },
};

function isEmbedding(value: JsonValue | undefined): boolean {
  return hasText(value) || listOf(value).length > 0;
}

/** Good moderations: a verdict for each input; parts of text and images are one input. */
export const goodModerations: AnswerJudge = {
  json: ({ results }, { input }) => {
    const texts = listOf(input).filter((each) => typeof each === 'string').length;
    const verdicts = listOf(results).filter((each) => isObject(each) && typeof each['flagged'] === 'boolean');
    return verdicts.length === Math.max(1, texts);
  },
};

/** A transcript in which something was heard. Of subtitles, a line that is no number, no time and no heading. */
export const goodTranscript: AnswerJudge = {
  json: ({ text }) => hasText(text),
  bytes: (bytes) => {
    const lines = new TextDecoder().decode(bytes).split('\n');
    return lines.some((line) => hasText(line) && !/^(WEBVTT\b.*|\d+|.*-->.*)$/.test(line.trim()));
  },
  events: () => {
    let isGood = false;
    return {
      see: ({ type, text }) => {
        if (type === 'transcript.text.done') isGood = hasText(text);
      },
      isGood: () => isGood,
    };
  },
};

/** What each format of sound begins with; PCM with anything. */
const BEGINNINGS: Readonly<Record<string, RegExp>> = {
  mp3: /^(?:ID3|\xff[\xe0-\xff])/,
  aac: /^(?:ADIF|\xff[\xf0-\xff]|[\s\S]{4}ftyp)/,
  flac: /^fLaC/,
  opus: /^OggS/,
  wav: /^RIFF/,
  pcm: /^[\s\S]/,
};

/** Good speech: sound in the format that was asked for, and not another text in its place. */
export const goodSpeech: AnswerJudge = {
  bytes: (bytes, { response_format: format }) => {
    const beginning = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
    return BEGINNINGS[typeof format === 'string' ? format : 'mp3']?.test(beginning) === true;
  },
  events: () => {
    let hasSound = false;
    let isDone = false;
    return {
      see: ({ type, audio }) => {
        if (type === 'speech.audio.delta') hasSound ||= hasText(audio);
        if (type === 'speech.audio.done') isDone = true;
      },
      isGood: () => hasSound && isDone,
    };
  },
};

function isNothing(value: JsonValue | undefined): boolean {
  return value === undefined || value === null;
}
