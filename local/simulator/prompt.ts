import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import type { SimulatedModel } from './models.ts';
import { playingSeconds } from './sound.ts';
import { countTokens } from './tokens.ts';
import { countPicture, type PictureTokens, pictureOf } from './vision.ts';

/** What a request asks, reduced to what is counted. */
export interface Prompt {
  readonly text: string;
  readonly imageTokens: number;
  readonly audioTokens: number;
  /** All tokens of the input together, as they are billed. */
  readonly tokens: number;
  /** Those that fill the context window. */
  readonly filled: number;
  /** One of its pictures has more patches than OpenAI takes. */
  readonly isTooLarge: boolean;
}

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly part: JsonObject }
  | { readonly kind: 'audio'; readonly tokens: number };

const AUDIO_TOKENS_A_SECOND = 10;

/** Parts whose text is in a field named like this, in chat and in responses. */
const TEXT_FIELDS = ['text', 'refusal', 'output', 'arguments', 'input'] as const;

/**
 * Counts the input of `/chat/completions`: the messages, and the tools that they may use.
 *
 * @param sounds the tokens of the sound of earlier answers, by its id
 */
export function chatPrompt(
  body: JsonObject,
  model: SimulatedModel,
  sounds: ReadonlyMap<string, number> = new Map(),
): Prompt {
  const messages = Array.isArray(body['messages']) ? body['messages'] : [];
  const pieces = [
    ...definitions(body, ['tools', 'functions', 'response_format']),
    ...messages.flatMap(messagePieces),
    ...messages.map((message): Piece => ({ kind: 'audio', tokens: sounds.get(soundIn(message) ?? '') ?? 0 })),
  ];
  return promptOf(pieces, model);
}

/**
 * Counts the input of `/responses`.
 *
 * @param earlier what the responses before this one add to it
 */
export function responsePrompt(body: JsonObject, earlier: string, model: SimulatedModel): Prompt {
  const { input, instructions } = body;
  const items = Array.isArray(input) ? input.flatMap(messagePieces) : contentPieces(input);
  const before = [
    ...definitions(body, ['tools', 'text']),
    ...contentPieces(instructions),
    ...contentPieces(earlier),
  ];
  return promptOf([...before, ...items], model);
}

/** The id of the sound that a message names. */
export function soundIn(message: JsonValue): string | undefined {
  const audio = isObject(message) ? message['audio'] : undefined;
  const id = isObject(audio) ? audio['id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

function definitions(body: JsonObject, keys: readonly string[]): Piece[] {
  return keys.flatMap((key): Piece[] => {
    const value = body[key];
    return value === undefined || value === null ? [] : [{ kind: 'text', text: JSON.stringify(value) }];
  });
}

function messagePieces(message: JsonValue): Piece[] {
  if (!isObject(message)) return [];
  const role: Piece = { kind: 'text', text: typeof message['role'] === 'string' ? message['role'] : '' };
  const calls: Piece[] =
    message['tool_calls'] === undefined
      ? []
      : [{ kind: 'text', text: JSON.stringify(message['tool_calls']) }];
  return [
    role,
    ...contentPieces(message['content']),
    ...TEXT_FIELDS.flatMap((f) => contentPieces(message[f])),
    ...calls,
  ];
}

function contentPieces(content: JsonValue | undefined): Piece[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  return Array.isArray(content) ? content.flatMap(partPieces) : [];
}

function partPieces(part: JsonValue): Piece[] {
  if (!isObject(part)) return [];
  switch (part['type']) {
    case 'image_url':
      return [{ kind: 'image', part: isObject(part['image_url']) ? part['image_url'] : {} }];
    case 'input_image':
    case 'computer_screenshot':
      return [{ kind: 'image', part }];
    case 'input_audio':
      return [audio(isObject(part['input_audio']) ? part['input_audio'] : {})];
    case 'file':
      return [file(isObject(part['file']) ? part['file'] : {})];
    case 'input_file':
      return [file(part)];
    default:
      return TEXT_FIELDS.flatMap((field) => contentPieces(part[field]));
  }
}

function audio(part: JsonObject): Piece {
  const { data } = part;
  const bytes = Buffer.from(typeof data === 'string' ? data : '', 'base64');
  return { kind: 'audio', tokens: Math.ceil(playingSeconds(bytes) * AUDIO_TOKENS_A_SECOND) };
}

function file(part: JsonObject): Piece {
  const { file_data: data } = part;
  return { kind: 'text', text: typeof data === 'string' ? data.slice(0, decodedBytes(data)) : '' };
}

function decodedBytes(base64: JsonValue | undefined): number {
  return typeof base64 === 'string' ? Math.floor((base64.length * 3) / 4) : 0;
}

function promptOf(pieces: readonly Piece[], model: SimulatedModel): Prompt {
  const text = pieces.flatMap((piece) => (piece.kind === 'text' ? [piece.text] : [])).join('\n');
  const audioTokens = sum(pieces.map((piece) => (piece.kind === 'audio' ? piece.tokens : 0)));
  const pictures = pieces.flatMap((piece) => (piece.kind === 'image' ? [countOf(piece.part, model)] : []));
  const seen = pictures.filter((picture) => picture !== undefined);
  const imageTokens = sum(seen.map(({ billed }) => billed));
  const said = countTokens(text) + audioTokens;
  return {
    text,
    imageTokens,
    audioTokens,
    tokens: said + imageTokens,
    filled: said + sum(seen.map(({ filled }) => filled)),
    isTooLarge: seen.length < pictures.length,
  };
}

function countOf(part: JsonObject, { id }: SimulatedModel): PictureTokens | undefined {
  const { size, detail } = pictureOf(part);
  return countPicture(id, size, detail);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
