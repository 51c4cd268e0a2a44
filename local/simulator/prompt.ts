import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { playingSeconds } from './sound.ts';
import { countTokens } from './tokens.ts';

/** What a request asks, reduced to what is counted. */
export interface Prompt {
  readonly text: string;
  readonly imageTokens: number;
  readonly audioTokens: number;
  /** All tokens of the input together. */
  readonly tokens: number;
}

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly tokens: number }
  | { readonly kind: 'audio'; readonly tokens: number };

/** OpenAI's guide to vision counts 85 tokens in low detail, and 170 for each of four tiles beside them in high detail. */
const LOW_DETAIL_TOKENS = 85;
const HIGH_DETAIL_TOKENS = 765;

const AUDIO_TOKENS_A_SECOND = 10;

/** Parts whose text is in a field named like this, in chat and in responses. */
const TEXT_FIELDS = ['text', 'refusal', 'output', 'arguments', 'input'] as const;

/**
 * Counts the input of `/chat/completions`: the messages, and the tools that they may use.
 *
 * @param maxImageTokens the most tokens that the model makes of one image
 */
export function chatPrompt(body: JsonObject, maxImageTokens: number): Prompt {
  const messages = Array.isArray(body['messages']) ? body['messages'] : [];
  const pieces = [
    ...definitions(body, ['tools', 'functions', 'response_format']),
    ...messages.flatMap(messagePieces),
  ];
  return promptOf(pieces, maxImageTokens);
}

/**
 * Counts the input of `/responses`.
 *
 * @param earlier what the responses before this one add to it
 * @param maxImageTokens the most tokens that the model makes of one image
 */
export function responsePrompt(body: JsonObject, earlier: string, maxImageTokens: number): Prompt {
  const { input, instructions } = body;
  const items = Array.isArray(input) ? input.flatMap(messagePieces) : contentPieces(input);
  const before = [
    ...definitions(body, ['tools', 'text']),
    ...contentPieces(instructions),
    ...contentPieces(earlier),
  ];
  return promptOf([...before, ...items], maxImageTokens);
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
      return [image(isObject(part['image_url']) ? part['image_url'] : {})];
    case 'input_image':
      return [image(part)];
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

function image(part: JsonObject): Piece {
  return { kind: 'image', tokens: part['detail'] === 'low' ? LOW_DETAIL_TOKENS : HIGH_DETAIL_TOKENS };
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

function promptOf(pieces: readonly Piece[], maxImageTokens: number): Prompt {
  const sum = (kind: 'image' | 'audio', most: number) =>
    pieces.reduce((total, piece) => (piece.kind === kind ? total + Math.min(piece.tokens, most) : total), 0);
  const text = pieces.flatMap((piece) => (piece.kind === 'text' ? [piece.text] : [])).join('\n');
  const imageTokens = sum('image', maxImageTokens);
  const audioTokens = sum('audio', Number.POSITIVE_INFINITY);
  return { text, imageTokens, audioTokens, tokens: countTokens(text) + imageTokens + audioTokens };
}
