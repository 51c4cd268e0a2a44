import type { Rendered } from '../endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf, textOf } from '../json-members.ts';
import type { Price } from '../price.ts';
import { isGiven } from '../request-checks.ts';

/** The formats of a transcript that are JSON, and those that are text. */
export const JSON_FORMATS: ReadonlySet<string> = new Set(['json', 'verbose_json', 'diarized_json']);
export const TEXT_FORMATS: ReadonlySet<string> = new Set(['text', 'srt', 'vtt']);

/**
 * Whether the recording alone tells what its transcript is billed: it plays as long for every decoder, and the model bills
 * nothing but its seconds.
 */
export function isToldByFile({ file }: JsonObject, { rates }: Price): boolean {
  const { input, audio_input: sound, output } = rates.default ?? {};
  return isObject(file) && file['exact'] === true && (input ?? sound ?? output) === undefined;
}

/** The body that asks for a form of the transcript that tells what it cost, and has all that the caller asked for. */
export function askingForUsage(body: JsonObject): JsonObject {
  switch (body['response_format']) {
    case 'text':
      return { ...body, response_format: 'json' };
    case 'srt':
    case 'vtt':
      // The times are in no other form.
      return { ...body, response_format: 'verbose_json' };
    default:
      return body;
  }
}

/** The same for translations, of which one form alone tells anything. */
export function askingForDuration(body: JsonObject): JsonObject {
  return { ...body, response_format: 'verbose_json' };
}

/**
 * What the caller asked for, of an answer that has more.
 *
 * @returns `undefined` if the answer is what was asked for, or is none
 */
export function renderedTranscript(body: JsonObject, answer: JsonObject): Rendered | undefined {
  const text = textOf(answer['text']);
  if (text === undefined) return undefined;
  const format = isGiven(body, 'response_format') ? body['response_format'] : 'json';
  switch (format) {
    case 'text':
      return plain(`${text}\n`);
    case 'srt':
      return plain(segmentsOf(answer, text).map(srtCue).join(''));
    case 'vtt':
      return plain(`WEBVTT\n\n${segmentsOf(answer, text).map(vttCue).join('')}`);
    case 'json':
      return answer['duration'] === undefined
        ? undefined
        : { contentType: 'application/json', text: JSON.stringify({ text }) };
    default:
      return undefined;
  }
}

function plain(text: string): Rendered {
  return { contentType: 'text/plain; charset=utf-8', text };
}

/** What is said from one time to another, in seconds. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The segments of a verbose answer; all of it in one, if it has none. */
function segmentsOf({ segments, duration }: JsonObject, text: string): readonly Segment[] {
  const found = listOf(segments)
    .filter(isObject)
    .map(({ start, end, text: said }) => ({
      start: secondsOf(start),
      end: secondsOf(end),
      text: textOf(said) ?? '',
    }));
  return found.length > 0 ? found : [{ start: 0, end: secondsOf(duration), text }];
}

function secondsOf(value: JsonValue | undefined): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}

function srtCue({ start, end, text }: Segment, index: number): string {
  return `${index + 1}\n${timeOf(start, ',')} --> ${timeOf(end, ',')}\n${cueText(text)}\n\n`;
}

function vttCue({ start, end, text }: Segment): string {
  return `${timeOf(start, '.')} --> ${timeOf(end, '.')}\n${cueText(text)}\n\n`;
}

/** An arrow would begin another cue. */
function cueText(text: string): string {
  return text.trim().replaceAll('-->', '->');
}

/** Hours, minutes, seconds and thousandths. */
function timeOf(seconds: number, mark: ',' | '.'): string {
  const all = Math.round(seconds * 1_000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const thousandths = String(all % 1_000).padStart(3, '0');
  return `${two(all / 3_600_000)}:${two((all / 60_000) % 60)}:${two((all / 1_000) % 60)}${mark}${thousandths}`;
}
