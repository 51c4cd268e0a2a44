import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts';

export type Item = Record<string, AttributeValue>;

/** Integers of any size; DynamoDB keeps 38 digits exactly. */
export function numberAttribute(value: bigint | number): AttributeValue {
  return { N: value.toString() };
}

export function textAttribute(value: string): AttributeValue {
  return { S: value };
}

/** An item without the attributes that have no value. */
export function itemOf(attributes: Readonly<Record<string, AttributeValue | undefined>>): Item {
  const present = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(present);
}

/** Encodes a value that may be absent; `itemOf` then leaves its attribute out. */
export function optional<T>(
  value: T | undefined,
  encode: (value: T) => AttributeValue,
): AttributeValue | undefined {
  return value === undefined ? undefined : encode(value);
}

/** Reads a text. Throws when the item has none: then it is none of ours, and must not be guessed at. */
export function text(item: Item, name: string): string {
  return item[name]?.S ?? corrupt(item, name);
}

export function bigint(item: Item, name: string): bigint {
  return BigInt(item[name]?.N ?? corrupt(item, name));
}

export function number(item: Item, name: string): number {
  return Number(item[name]?.N ?? corrupt(item, name));
}

export function map(item: Item, name: string): Item {
  return item[name]?.M ?? corrupt(item, name);
}

/** Reads a JSON object that is kept as text. */
export function object(item: Item, name: string): JsonObject {
  const value: JsonValue = JSON.parse(text(item, name));
  return isObject(value) ? value : corrupt(item, name);
}

function corrupt(item: Item, name: string): never {
  throw new Error(`the item ${item['pk']?.S ?? '?'} ${item['sk']?.S ?? '?'} has no valid ${name}`);
}
