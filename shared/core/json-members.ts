import type { JsonValue } from './json.ts';

/** A member as a list; the empty list of anything that is none. */
export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** A member as a text; `undefined` of anything that is none. */
export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The bytes of a text in UTF-8; 0 of anything that is no text. */
export function textBytes(value: JsonValue | undefined): number {
  return typeof value === 'string' ? Buffer.byteLength(value, 'utf8') : 0;
}
