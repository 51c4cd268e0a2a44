import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheKey, type KeyedBody, type KeyedRequest } from '../../../shared/core/cache-key.ts';
import { canonicalJson } from '../../../shared/core/canonical-json.ts';
import type { JsonValue } from '../../../shared/core/json.ts';

function json(value: JsonValue): KeyedBody {
  return { kind: 'json', value };
}

/** Parses as the proxy may: numbers that a float cannot hold keep their text. */
function parse(text: string): JsonValue {
  const keepSource = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && context.source !== String(value)
      ? Reflect.get(JSON, 'rawJSON').call(JSON, context.source)
      : value;
  return JSON.parse(text, keepSource);
}

const REQUEST: KeyedRequest = {
  stage: 'dev',
  stageGeneration: 0,
  project: 'demo',
  projectGeneration: 0,
  method: 'POST',
  path: '/chat/completions',
  query: '',
  headers: new Headers({ 'content-type': 'application/json' }),
  body: json({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }], n: 1 }),
};

function keyOf(change: Partial<KeyedRequest> = {}): string {
  return cacheKey({ ...REQUEST, ...change });
}

function withHeaders(headers: Record<string, string>): Partial<KeyedRequest> {
  return { headers: new Headers({ 'content-type': 'application/json', ...headers }) };
}

/** Writes the same value in another way: keys in another order, white space, numbers in another notation. */
function rewrite(value: JsonValue): string {
  if (Array.isArray(value)) return `[ ${value.map(rewrite).join(' ,\n')} ]`;
  if (typeof value === 'number') return rewriteNumber(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `\t${JSON.stringify(key)} : ${rewrite(member ?? null)}`,
  );
  return `{${members.reverse().join(' , ')}\r\n}`;
}

function rewriteNumber(value: number): string {
  const text = JSON.stringify(value);
  return /^-?\d+$/.test(text) ? `${text}.000E+0` : text;
}

const jsonValue = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

describe('a cache key', () => {
  it('is safe as a Memcached key', () => {
    expect(keyOf()).toMatch(/^[\w-]{43}$/);
  });

  it('does not change with white space, key order, or the notation of numbers', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(keyOf({ body: json(parse(rewrite(value))) })).toBe(keyOf({ body: json(value) }));
      }),
    );
  });

  it('differs for any two bodies that mean something else, however deep the difference lies', () => {
    const around = fc.dictionary(fc.string(), jsonValue);
    fc.assert(
      fc.property(
        around,
        fc.array(fc.string(), { maxLength: 4 }),
        jsonValue,
        jsonValue,
        (rest, path, one, other) => {
          const wrap = (inner: JsonValue) =>
            path.reduce<JsonValue>((value, key) => [{ ...rest, [key]: value }], inner);
          const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
          expect(keyOf({ body: json(wrap(one)) }) === keyOf({ body: json(wrap(other)) })).toBe(same);
        },
      ),
    );
  });

  /** The same request, with the members of one object in two orders. */
  const schemas: [string, (schema: JsonValue) => JsonValue][] = [
    [
      'a response format of a chat',
      (schema) => ({ response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } }),
    ],
    [
      'a function of a chat',
      (parameters) => ({ tools: [{ type: 'function', function: { name: 'f', parameters } }] }),
    ],
    ['a function of an old chat', (parameters) => ({ functions: [{ name: 'f', parameters }] })],
    [
      'a text format of a response',
      (schema) => ({ text: { format: { type: 'json_schema', name: 'n', schema } } }),
    ],
    ['a function of a response', (parameters) => ({ tools: [{ type: 'function', name: 'f', parameters }] })],
    ['what a function gives', (schema) => ({ tools: [{ type: 'function', output_schema: schema }] })],
    [
      'a function in a namespace',
      (parameters) => ({ tools: [{ type: 'namespace', tools: [{ type: 'function', parameters }] }] }),
    ],
    [
      'a function that was added in the input',
      (parameters) => ({ input: [{ type: 'additional_tools', tools: [{ name: 'f', parameters }] }] }),
    ],
    [
      'a tool of an MCP server that was listed',
      (input_schema) => ({ input: [{ type: 'mcp_list_tools', tools: [{ name: 'f', input_schema }] }] }),
    ],
    ['a grammar under a name of another server', (schema) => ({ guided_json: schema })],
    [
      'what a tool search was asked',
      (value) => ({ input: [{ type: 'tool_search_call', arguments: value }] }),
    ],
  ];
  it.each(schemas)('changes with the order of what is named in %s', (_, body) => {
    const one = { type: 'object', properties: { why: { type: 'string' }, answer: { type: 'number' } } };
    const other = { type: 'object', properties: { answer: { type: 'number' }, why: { type: 'string' } } };
    expect(keyOf({ body: json(body(one)) })).not.toBe(keyOf({ body: json(body(other)) }));
    const spaced = JSON.stringify(body(one), null, 2);
    expect(keyOf({ body: json(parse(spaced)) })).toBe(keyOf({ body: json(body(one)) }));
  });

  it('does not change with the order of members beside a schema, or around it', () => {
    const schema = { type: 'object', properties: { b: {}, a: {} } };
    const one = {
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'hi' }],
      response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema } },
      tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: schema } }],
      logit_bias: { 1: 2, x: 3 },
    };
    const other = {
      logit_bias: { x: 3, 1: 2 },
      tools: [{ function: { parameters: schema, description: 'd', name: 'f' }, type: 'function' }],
      response_format: { json_schema: { schema, strict: true, name: 'n' }, type: 'json_schema' },
      messages: [{ content: 'hi', role: 'user' }],
      model: 'gpt-4o',
    };
    expect(keyOf({ body: json(other) })).toBe(keyOf({ body: json(one) }));
  });

  it('does not change with a leading /v1, the case of the method, or the ? of the query', () => {
    expect(keyOf({ path: '/v1/chat/completions' })).toBe(keyOf());
    expect(keyOf({ method: 'post' })).toBe(keyOf());
    expect(keyOf({ query: '?a=1' })).toBe(keyOf({ query: 'a=1' }));
  });

  it('does not change with headers that change no answer', () => {
    const sdk = {
      accept: '*/*',
      'user-agent': 'x',
      'x-stainless-retry-count': '1',
      'cache-control': 'max-age=1',
    };
    expect(keyOf(withHeaders(sdk))).toBe(keyOf());
    expect(keyOf(withHeaders({ 'content-type': 'Application/JSON; charset=utf-8' }))).toBe(keyOf());
    expect(keyOf(withHeaders({ 'openai-beta': 'b,  a' }))).toBe(
      keyOf(withHeaders({ 'openai-beta': 'a, b' })),
    );
  });

  const others: [string, Partial<KeyedRequest>][] = [
    ['stage', { stage: 'prod' }],
    ['project', { project: 'demo2' }],
    ['cache generation of the stage', { stageGeneration: 1 }],
    ['cache generation of the project', { projectGeneration: 1 }],
    ['method', { method: 'GET' }],
    ['path', { path: '/responses' }],
    ['path that only looks versioned', { path: '/v1chat/completions' }],
    ['query', { query: 'limit=1' }],
    ['beta', withHeaders({ 'openai-beta': 'assistants=v2' })],
    ['content type', withHeaders({ 'content-type': 'text/plain' })],
    ['kind of body', { body: { kind: 'none' } }],
    ['body of the same bytes that is not JSON', { body: { kind: 'bytes', bytes: Buffer.from('{}') } }],
  ];
  it.each(others)('differs for another %s', (_, change) => {
    expect(keyOf(change)).not.toBe(keyOf());
  });

  it('differs for another boundary of a body that is not JSON', () => {
    const form = (boundary: string): Partial<KeyedRequest> => ({
      ...withHeaders({ 'content-type': `multipart/form-data; boundary=${boundary}` }),
      body: { kind: 'bytes', bytes: Buffer.from('the same') },
    });
    expect(keyOf(form('a'))).not.toBe(keyOf(form('b')));
  });

  it('never collides for two stages, projects, generations, paths or queries, wherever their text is cut', () => {
    const fields = fc.record({
      stage: fc.string(),
      stageGeneration: fc.nat(),
      project: fc.string(),
      projectGeneration: fc.nat(),
      path: fc.webPath(),
      query: fc.webQueryParameters(),
    });
    fc.assert(
      fc.property(fields, fields, (one, other) => {
        const normal = (field: typeof one) => [
          ...[field.stage, field.stageGeneration, field.project, field.projectGeneration],
          ...[field.path.replace(/^\/v1(?=\/|$)/, ''), field.query.replace(/^\?/, '')],
        ];
        const same = JSON.stringify(normal(one)) === JSON.stringify(normal(other));
        expect(keyOf(one) === keyOf(other)).toBe(same);
      }),
    );
    expect(keyOf({ stage: 'a', project: 'bc' })).not.toBe(keyOf({ stage: 'ab', project: 'c' }));
    expect(keyOf({ stageGeneration: 1, project: '1' })).not.toBe(keyOf({ stageGeneration: 11, project: '' }));
    expect(keyOf({ stage: 'a","b' })).not.toBe(keyOf({ stage: 'a', project: 'b' }));
  });
});

describe('the canonical form of JSON', () => {
  const different: [string, string, string][] = [
    ['a number from its text', '{"n":1}', '{"n":"1"}'],
    ['null from an absent key', '{"n":null}', '{}'],
    ['false from 0', '{"n":false}', '{"n":0}'],
    ['an empty array from an empty object', '{"n":[]}', '{"n":{}}'],
    ['the order of an array', '[1,2]', '[2,1]'],
    ['nested arrays', '[[1],2]', '[[1,2]]'],
    ['a key from a nested key', '{"a":{"b":1}}', '{"a.b":1}'],
    ['__proto__ from nothing', '{"__proto__":{"a":1}}', '{}'],
    ['one __proto__ from another', '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}'],
    ['integers above 2^53', '{"seed":9007199254740993}', '{"seed":9007199254740992}'],
    ['long fractions', '0.1000000000000000055', '0.1'],
    ['numbers too large for a float', '1e400', '1e401'],
    ['numbers too small for a float', '1e-400', '0'],
    ['absurd exponents', '1e99999999999999999991', '1e99999999999999999992'],
    ['a sign', '-5', '5'],
    ['an object that looks like raw JSON from a number', '{"rawJSON":"1"}', '1'],
    ['a composed letter from a decomposed one', '"\u00e9"', '"e\u0301"'],
    ['a lone surrogate from its escape', '"\\ud800"', '"\\\\ud800"'],
  ];
  it.each(different)('keeps apart %s', (_, one, other) => {
    expect(canonicalJson(parse(one))).not.toBe(canonicalJson(parse(other)));
  });

  const alike: [string, string, string][] = [
    ['1 and 1.0', '1', '1.0'],
    ['exponents', '[100,0.5,12300]', '[1e2,5E-1,1.23e+4]'],
    ['zeros', '[0,0,0]', '[-0,0.00,0e9]'],
    ['large integers', '12345678901234567890', '1.2345678901234567890e19'],
    ['numbers too large for a float', '1e400', '10.0e399'],
    ['escapes in strings and keys', '{"\\u0061":"\\u00e9\\/"}', '{"a":"\u00e9/"}'],
  ];
  it.each(alike)('takes as one %s', (_, one, other) => {
    expect(canonicalJson(parse(one))).toBe(canonicalJson(parse(other)));
  });

  it('leaves out what JSON.stringify leaves out', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe(canonicalJson({ b: 1 }));
  });

  it('reads raw text that is no number as what it stands for', () => {
    const raw = (text: string): JsonValue => Reflect.get(JSON, 'rawJSON').call(JSON, text);
    expect(canonicalJson([raw('"a\\u0062"'), raw('true'), raw('null')])).toBe(
      canonicalJson(['ab', true, null]),
    );
  });

  it('takes any depth, and long runs of zeros, in its stride', () => {
    const deep = JSON.parse(`${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`);
    expect(canonicalJson(deep)).toHaveLength(50_000 * 8 + 3);
    const zeros = '0'.repeat(1_000_000);
    expect(canonicalJson(parse(`1${zeros}1.${zeros}1`))).not.toBe(
      canonicalJson(parse(`1${zeros}1.${zeros}2`)),
    );
  });

  it('refuses what JSON cannot hold', () => {
    const notJson: unknown = [() => 1];
    expect(() => canonicalJson(notJson as JsonValue)).toThrow(TypeError);
  });
});

/** The same value with its keys in order: an independent way to say that two values mean the same. */
function sorted(value: JsonValue | undefined): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value === undefined ? null : value;
  const entries = Object.entries(value).map(([key, member]) => [key, sorted(member)] as const);
  return { members: entries.sort(([a], [b]) => (a < b ? -1 : 1)) };
}
