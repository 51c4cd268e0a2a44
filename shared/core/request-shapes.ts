import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { listOf } from './json-members.ts';
import type { Refusal } from './refusal.ts';
import { type Check, isGiven, refuseMember } from './request-checks.ts';

/** Members that are arrays, where they are given. */
export function arrays(...names: readonly string[]): Check {
  return (body) => {
    const wrong = names.find((name) => isGiven(body, name) && !Array.isArray(body[name]));
    return wrong === undefined ? undefined : refuseMember(wrong, `${wrong} must be an array.`);
  };
}

/**
 * One text, an array of texts, an array of token numbers, or an array of such arrays, where it is given: what can be
 * completed or embedded. Anything else, also a mixture, could come to more than a bound that is made for these.
 */
export function textsOrTokens(name: string): Check {
  return (body) => {
    const value = body[name];
    const fits = !isGiven(body, name) || isText(value) || isListOf(value, isText) || isTokens(value);
    return fits || isListOf(value, isTokens)
      ? undefined
      : refuseMember(
          name,
          `${name} must be a string, or an array of strings, of tokens, or of token arrays.`,
        );
  };
}

/**
 * A list of messages or items, each of them an object, and what is said in each of them a text or a list of parts that
 * are objects.
 *
 * @param contents the members of an item that hold such content
 */
export function itemsWithContent(name: string, contents: readonly string[]): Check {
  return (body) => {
    for (const [index, item] of listOf(body[name]).entries()) {
      const refusal = isObject(item)
        ? unfitContent(item, `${name}[${index}]`, contents)
        : refuseMember(`${name}[${index}]`, `${name}[${index}] must be an object.`);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  };
}

function unfitContent(item: JsonObject, path: string, contents: readonly string[]): Refusal | undefined {
  const wrong = contents.find((name) => isGiven(item, name) && !isContent(item[name]));
  if (wrong === undefined) return undefined;
  return refuseMember(`${path}.${wrong}`, `${path}.${wrong} must be a string or an array of objects.`);
}

function isContent(value: JsonValue | undefined): boolean {
  return isText(value) || isListOf(value, isObject);
}

function isText(value: JsonValue | undefined): boolean {
  return typeof value === 'string';
}

function isTokens(value: JsonValue | undefined): boolean {
  return isListOf(value, (token) => Number.isSafeInteger(token));
}

function isListOf(value: JsonValue | undefined, test: (each: JsonValue) => boolean): boolean {
  return Array.isArray(value) && value.every(test);
}
