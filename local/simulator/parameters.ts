import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { apiError, type JsonReply } from './reply.ts';

/** What a parameter may be; `null` means "not given" everywhere, as it does in OpenAI's types. */
export type Rule =
  | { readonly type: 'any' | 'string' | 'boolean' | 'object' | 'array' }
  | { readonly type: 'integer' | 'number'; readonly min: number; readonly max: number };

export type Rules = Readonly<Record<string, Rule>>;

export const ANY: Rule = { type: 'any' };
export const STRING: Rule = { type: 'string' };
export const BOOLEAN: Rule = { type: 'boolean' };
export const OBJECT: Rule = { type: 'object' };
export const ARRAY: Rule = { type: 'array' };

/** A whole number within bounds, both included. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Rule {
  return { type: 'integer', min, max };
}

/** A number within bounds, both included. */
export function number(min: number, max: number): Rule {
  return { type: 'number', min, max };
}

const ARTICLES: Readonly<Record<string, string>> = { array: 'an', integer: 'an', object: 'an', decimal: 'a' };

/**
 * Checks a body's parameters one by one.
 *
 * @returns OpenAI's error for the first one that is unknown, of a wrong type or out of bounds
 */
export function checkParameters(body: JsonObject, rules: Rules): JsonReply | undefined {
  for (const [name, value] of Object.entries(body)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      return apiError(400, `Unknown parameter: '${name}'.`, { param: name, code: 'unknown_parameter' });
    }
    if (value === undefined || value === null) continue;
    const error = checkType(name, value, rule) ?? checkBounds(name, value, rule);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** OpenAI's error for a parameter that must be there and is not. */
export function missing(name: string): JsonReply {
  const message = `Missing required parameter: '${name}'.`;
  return apiError(400, message, { param: name, code: 'missing_required_parameter' });
}

/** OpenAI's error for a parameter of a wrong type. */
export function wrongType(name: string, expected: string, value: JsonValue): JsonReply {
  const message = `Invalid type for '${name}': expected ${expected}, but got ${named(typeOf(value))} instead.`;
  return apiError(400, message, { param: name, code: 'invalid_type' });
}

function checkType(name: string, value: JsonValue, rule: Rule): JsonReply | undefined {
  const type = typeOf(value);
  const fits =
    rule.type === 'any' ||
    rule.type === type ||
    (rule.type === 'number' && (type === 'integer' || type === 'decimal'));
  return fits ? undefined : wrongType(name, named(rule.type === 'number' ? 'decimal' : rule.type), value);
}

function checkBounds(name: string, value: JsonValue, rule: Rule): JsonReply | undefined {
  if (rule.type !== 'integer' && rule.type !== 'number') return undefined;
  if (typeof value !== 'number' || (value >= rule.min && value <= rule.max)) return undefined;
  const kind = rule.type === 'integer' ? 'integer' : 'decimal';
  const low = value < rule.min;
  const [side, expected] = low ? ['below minimum', `>= ${rule.min}`] : ['above maximum', `<= ${rule.max}`];
  const message = `Invalid '${name}': ${kind} ${side} value. Expected a value ${expected}, but got ${value} instead.`;
  return apiError(400, message, { param: name, code: `${kind}_${low ? 'below_min' : 'above_max'}_value` });
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isObject(value)) return 'object';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'decimal';
  return typeof value;
}

function named(type: string): string {
  return type === 'null' ? 'null' : `${ARTICLES[type] ?? 'a'} ${type}`;
}
