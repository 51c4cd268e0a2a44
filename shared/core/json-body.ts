import { isObject, type JsonObject } from './json.ts';
import { invalidRequest, type Refusal } from './refusal.ts';

/** Deeper than any request that means something, and shallow enough for every recursive reader after this one. */
const MAX_DEPTH = 200;

/** A number outside of text that JavaScript may print otherwise: 16 characters and more, or with an exponent. */
const DELICATE_NUMBER = /[[:,\s]-?\d(?:[\d.]{15}|[\d.]*[eE])/;

/** What TypeScript does not know of the "JSON.parse source text access" proposal, which Node 22 has. */
interface SourceTextJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
}
const sourceTextJson = JSON as unknown as SourceTextJson;

/** The JSON object of a request, in a wrapping of its own: no member that a caller chose can make it look like a refusal. */
export interface JsonBody {
  readonly kind: 'json';
  readonly json: JsonObject;
}

/**
 * Reads the JSON object that a caller sent. What is forwarded is always made from the result, so that OpenAI cannot
 * read the same bytes in another way (a repeated key counts as its last, here and there).
 *
 * A number that JavaScript would change, such as a seed over 2^53 or 1e400, becomes an object that
 * `stringifyBody` prints as it came; such a body never grows on the way through.
 *
 * @returns a 400 refusal, without any text of the body, when it is no UTF-8, no JSON, no object, or nested too deeply
 */
export function parseJsonBody(bytes: Uint8Array): JsonBody | Refusal {
  const text = decode(bytes);
  if (text === undefined) return refuse('The request body is not UTF-8. Send JSON in UTF-8.');
  const value = parse(text);
  if (value === undefined) {
    return refuse(
      'We could not parse the JSON body of your request. Check that it is one complete JSON object.',
    );
  }
  if (!isObject(value)) return refuse('The request body must be a JSON object.');
  if (isTooDeep(value)) return refuse(`The request body is nested more than ${MAX_DEPTH} levels deep.`);
  return { kind: 'json', json: value };
}

/** Prints a body that `parseJsonBody` read, as UTF-8. */
export function stringifyBody(body: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(body));
}

/**
 * Reads JSON in which amounts of money stand as numbers: a number that is no safe integer arrives as its own text, so
 * that nothing of it is lost.
 *
 * @returns `undefined` when the text is no JSON
 */
export function parseExactNumbers(text: string): unknown {
  try {
    return sourceTextJson.parse(text, (_key, each, { source }) => {
      if (typeof each !== 'number' || source === undefined) return each;
      return /^-?\d+$/.test(source) && Number.isSafeInteger(each) ? each : source;
    });
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (!DELICATE_NUMBER.test(text) || isTooDeep(value)) return value;
    return sourceTextJson.parse(text, (_key, each, { source }) =>
      typeof each === 'number' && source !== undefined && !survives(each, source)
        ? sourceTextJson.rawJSON(source)
        : each,
    );
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether a number can be printed from its value: nothing is lost, and nothing grows. */
function survives(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false;
  if (/^-?\d+$/.test(source) && !Number.isSafeInteger(value)) return false;
  return JSON.stringify(value).length <= source.length;
}

/** Goes level by level, so that no depth can exhaust the stack. */
function isTooDeep(root: unknown): boolean {
  let level: object[] = isContainer(root) ? [root] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    const next: object[] = [];
    for (const container of level) {
      for (const child of Object.values(container)) if (isContainer(child)) next.push(child);
    }
    level = next;
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function refuse(message: string): Refusal {
  return invalidRequest('invalid_json', message);
}
