import { canonicalNumber } from './canonical-number.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Of ECMAScript's "JSON.parse source text access", which TypeScript does not know yet; Node has it from version 21. */
const isRawJson: unknown = Reflect.get(JSON, 'isRawJSON');

/** What is left to write: a piece of text, or a value. A stack of these instead of recursion, as callers choose the depth. */
type Task = { readonly text: string } | { readonly value: JsonValue | undefined; readonly inOrder: boolean };

/**
 * Writes a JSON value so that two values that mean the same, and only they, are written the same: object keys in
 * code unit order, no white space, numbers by value. The order of arrays counts. As in `JSON.stringify`, a key that
 * holds `undefined` is not there. Numbers kept in their source text by `JSON.rawJSON` are compared exactly, so
 * integers above 2^53 stay apart.
 *
 * The text is for comparing and hashing; it is not meant to be parsed.
 *
 * @param keepsOrder whether the order of keys counts in all that the member of this name holds; absent: nowhere
 * @throws TypeError for what JSON cannot hold (a function, a symbol), which is a bug of the caller
 */
export function canonicalJson(value: JsonValue, keepsOrder: (name: string) => boolean = () => false): string {
  let text = '';
  const tasks: Task[] = [{ value, inOrder: false }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if ('text' in task) text += task.text;
    else if (Array.isArray(task.value)) pushArray(tasks, task.value, task.inOrder);
    else if (isPlainObject(task.value)) pushObject(tasks, task.value, task.inOrder, keepsOrder);
    else text += scalar(task.value);
  }
  return text;
}

function pushArray(tasks: Task[], items: readonly JsonValue[], inOrder: boolean): void {
  tasks.push({ text: ']' });
  for (let index = items.length - 1; index >= 0; index -= 1) {
    tasks.push({ value: items[index], inOrder }, { text: index === 0 ? '' : ',' });
  }
  tasks.push({ text: '[' });
}

function pushObject(
  tasks: Task[],
  object: JsonObject,
  inOrder: boolean,
  keepsOrder: (name: string) => boolean,
): void {
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  if (!inOrder) keys.sort();
  tasks.push({ text: '}' });
  for (let index = keys.length - 1; index >= 0; index -= 1) {
    const key = keys[index] ?? '';
    tasks.push(
      { value: object[key], inOrder: inOrder || keepsOrder(key) },
      { text: `${index === 0 ? '' : ','}${JSON.stringify(key)}:` },
    );
  }
  tasks.push({ text: '{' });
}

function scalar(value: JsonValue | undefined): string {
  switch (typeof value) {
    case 'number':
      // The common case, token ids, in a shorter way to the same text.
      return Number.isSafeInteger(value) && value % 10 !== 0 ? `${value}e0` : canonicalNumber(String(value));
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'undefined':
      return 'null';
    default: {
      if (value === null) return 'null';
      const raw = rawText(value);
      if (raw === undefined) throw new TypeError(`not a JSON value: ${typeof value}`);
      return /^[-\d]/.test(raw) ? canonicalNumber(raw) : canonicalPrimitive(raw);
    }
  }
}

/** A string or literal that came as raw JSON: `JSON.rawJSON` takes every primitive. */
function canonicalPrimitive(raw: string): string {
  return JSON.stringify(JSON.parse(raw));
}

function isPlainObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && rawText(value) === undefined;
}

/** The source text of a value made by `JSON.rawJSON`, which an ordinary object with the same field is not. */
function rawText(value: unknown): string | undefined {
  if (typeof isRawJson !== 'function' || isRawJson(value) !== true) return undefined;
  const text: unknown = Reflect.get(Object(value), 'rawJSON');
  return typeof text === 'string' ? text : undefined;
}
