import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';

const MAX_DEPTH = 8;
const MAX_NODES = 2_000;

const STRINGS_BY_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T12:00:00Z',
  date: '2026-01-01',
  time: '12:00:00Z',
  duration: 'PT1H',
  email: 'someone@example.com',
  hostname: 'example.com',
  uri: 'https://example.com/',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000000',
};

interface Walk {
  readonly root: JsonValue | undefined;
  /** Bounds the work on a schema that is wide at every level. */
  nodes: number;
}

/**
 * A value that fits a JSON Schema, as far as the subset that OpenAI's structured outputs allow goes; `null` where
 * the schema recurs without end or is no schema.
 */
export function exampleOf(schema: JsonValue | undefined): JsonValue {
  return example(schema, 0, { root: schema, nodes: 0 });
}

function example(schema: JsonValue | undefined, depth: number, walk: Walk): JsonValue {
  walk.nodes += 1;
  if (!isObject(schema) || depth > MAX_DEPTH || walk.nodes > MAX_NODES) return null;
  if (schema['const'] !== undefined) return schema['const'];
  const choices = schema['enum'];
  if (Array.isArray(choices)) return choices[0] ?? null;
  const other = alternative(schema, depth, walk.root);
  return other === undefined ? ofType(schema, depth, walk) : example(other, depth + 1, walk);
}

/** What stands in for this schema: the target of its reference, or one of its alternatives. */
function alternative(schema: JsonObject, depth: number, root: JsonValue | undefined): JsonValue | undefined {
  const { $ref: ref } = schema;
  if (typeof ref === 'string') return resolve(ref, root) ?? null;
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const list = schema[key];
    if (!Array.isArray(list) || list.length === 0) continue;
    // Deep down, the alternative that ends a recursion is usually `null`, and usually the last.
    return depth > MAX_DEPTH / 2 ? list.at(-1) : list[0];
  }
  return undefined;
}

function resolve(ref: string, root: JsonValue | undefined): JsonValue | undefined {
  let at: JsonValue | undefined = root;
  for (const step of ref.replace(/^#\/?/, '').split('/')) {
    if (step === '') continue;
    if (!isObject(at)) return undefined;
    at = at[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return at;
}

function ofType(schema: JsonObject, depth: number, walk: Walk): JsonValue {
  const { type } = schema;
  const types: readonly JsonValue[] = Array.isArray(type) ? type : [type ?? guessType(schema)];
  switch (types.find((one) => one !== 'null')) {
    case 'object':
      return anObject(schema, depth, walk);
    case 'array':
      return anArray(schema, depth, walk);
    case 'string':
      return aString(schema);
    case 'integer':
    case 'number':
      return aNumber(schema);
    case 'boolean':
      return true;
    default:
      return null;
  }
}

function guessType(schema: JsonObject): string {
  if (schema['properties'] !== undefined) return 'object';
  return schema['items'] === undefined ? 'null' : 'array';
}

function anObject(schema: JsonObject, depth: number, walk: Walk): JsonObject {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, example(property, depth + 1, walk)]),
  );
}

function anArray(schema: JsonObject, depth: number, walk: Walk): JsonValue[] {
  const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : 1;
  if (schema['items'] === undefined || (depth > MAX_DEPTH / 2 && least <= 1)) return [];
  return Array.from({ length: Math.min(Math.max(least, 1), 100) }, () =>
    example(schema['items'], depth + 1, walk),
  );
}

function aString(schema: JsonObject): string {
  const { format, minLength, maxLength } = schema;
  const text = (typeof format === 'string' ? STRINGS_BY_FORMAT[format] : undefined) ?? 'simulated';
  const longer = typeof minLength === 'number' ? text.padEnd(Math.min(minLength, 1_000), '.') : text;
  return typeof maxLength === 'number' ? longer.slice(0, Math.max(0, maxLength)) : longer;
}

function aNumber(schema: JsonObject): number {
  const { minimum, exclusiveMinimum, maximum } = schema;
  if (typeof minimum === 'number') return minimum;
  if (typeof exclusiveMinimum === 'number') return exclusiveMinimum + 1;
  return typeof maximum === 'number' ? Math.min(1, maximum) : 1;
}
