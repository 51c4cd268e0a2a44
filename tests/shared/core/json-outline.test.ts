import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatCompletions } from '../../../shared/core/endpoints/chat-completions.ts';
import { completions } from '../../../shared/core/endpoints/completions.ts';
import { embeddings } from '../../../shared/core/endpoints/embeddings.ts';
import { responses } from '../../../shared/core/endpoints/responses.ts';
import type { JsonObject, JsonValue } from '../../../shared/core/json.ts';
import { isObject } from '../../../shared/core/json.ts';
import { type Outline, OutlineReader } from '../../../shared/core/json-outline.ts';

type Root = { readonly [member: string]: Outline };

function outlined(text: string, root: Root, size = 7, maxBytes?: number): JsonObject | undefined {
  const reader = new OutlineReader(root, maxBytes);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return reader.value();
}

/** What the reader keeps, by the definition instead of by the byte. */
function expected(value: JsonValue | undefined, outline: Outline): JsonValue {
  if (outline === true) return value ?? null;
  if (Array.isArray(value)) return value.map((each) => expected(each, outline));
  if (!isObject(value)) return null;
  const members = Object.keys(value).filter((name) => Object.hasOwn(outline, name));
  return Object.fromEntries(members.map((name) => [name, expected(value[name], outline[name] ?? true)]));
}

const NAMES = ['a', 'b', 'usage', '__proto__', 'é"\\\n', ''];

const outline: fc.Arbitrary<Outline> = fc.letrec<{ outline: Outline }>((tie) => ({
  outline: fc.oneof(
    { maxDepth: 3 },
    fc.constant(true as const),
    fc.dictionary(fc.constantFrom(...NAMES.filter((name) => name !== '__proto__')), tie('outline')),
  ),
})).outline;

const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
    ),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('json')),
  ),
}));

describe('the outline of a JSON object', () => {
  it('has, of an object that was cut, the members that had come whole', () => {
    const object = fc.dictionary(fc.constantFrom(...NAMES), json);
    fc.assert(
      fc.property(object, fc.nat(3), fc.nat(), (value, indent, cut) => {
        const text = JSON.stringify(value, null, indent);
        const known = JSON.parse(text) as JsonObject;
        const names = Object.keys(known).filter((name) => name !== '__proto__');
        const reader = new OutlineReader(Object.fromEntries(names.map((name) => [name, true as const])));
        const came = Buffer.from(text).subarray(0, cut % (Buffer.byteLength(text) + 1));
        reader.push(came);
        const members = reader.members() ?? {};
        const found = Object.keys(members);
        // They are the first of the object's, each as it is.
        expect(found).toEqual(names.slice(0, found.length));
        for (const name of found) expect(members[name]).toEqual(known[name]);
        if (came.length === Buffer.byteLength(text)) expect(found).toEqual(names);
      }),
      { numRuns: 1_000 },
    );
  });

  it('has none of a text that is no object', () => {
    const reader = new OutlineReader({ a: true });
    reader.push(Buffer.from('<html>{"a":1}'));
    expect(reader.members()).toBeUndefined();
  });

  it('is what a parser would have found there, cut anywhere, written in any way', () => {
    const object = fc.dictionary(fc.constantFrom(...NAMES), json);
    const root = fc.dictionary(fc.constantFrom('a', 'b', 'usage', 'é"\\\n'), outline);
    fc.assert(
      fc.property(object, root, fc.nat(3), fc.integer({ min: 1, max: 20 }), (value, wanted, indent, size) => {
        const text = JSON.stringify(value, null, indent);
        const known = JSON.parse(text) as JsonObject;
        expect(outlined(text, wanted, size)).toEqual(expected(known, wanted));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes of a repeated member the last, as parsers do', () => {
    expect(outlined('{"usage":{"n":1},"x":2,"usage":{"n":3}}', { usage: true })).toEqual({ usage: { n: 3 } });
  });

  it('reads names however they are escaped', () => {
    expect(outlined('{"us\\u0061ge":1}', { usage: true })).toEqual({ usage: 1 });
  });

  it('may follow a byte order mark and white space', () => {
    expect(outlined('\uFEFF \n{"a":1} \n', { a: true })).toEqual({ a: 1 });
  });

  it.each([
    '',
    '{',
    '{"a":1',
    '{"a":1}}',
    '{"a":1}x',
    '[{"a":1}]',
    '"a"',
    '{"a":}',
    '{a:1}',
    '{"a":tru}',
    '\uFFFE',
  ])('is none of what is no complete object: %j', (text) => {
    expect(outlined(text, { a: true })).toBeUndefined();
  });

  it('is given up where it would not be small', () => {
    const text = JSON.stringify({ a: 'x'.repeat(2_000) });
    expect(outlined(text, { a: true }, 64, 1_000)).toBeUndefined();
    expect(outlined(text, { b: true }, 64, 1_000)).toEqual({});
  });
});

/** Answers with every member that any endpoint's rules look at, and many that none does. */
const USAGE = {
  prompt_tokens: 1_000,
  completion_tokens: 100,
  input_tokens: 1_000,
  output_tokens: 100,
  total_tokens: 1_100,
  prompt_tokens_details: { cached_tokens: 400 },
  output_tokens_details: { reasoning_tokens: 20 },
};
const HEAD = { id: 'x', model: 'gpt-4o-2024-08-06', service_tier: 'flex', usage: USAGE, created: 1 };
const TEXT = { type: 'output_text', text: 'usage": {"' };

describe.each([
  [
    'chat completions',
    chatCompletions,
    {
      ...HEAD,
      choices: [
        { index: 0, message: { content: 'a', annotations: [{ type: 'url_citation', url_citation: {} }] } },
        { index: 1, message: { content: 'b', annotations: [] } },
        { index: 2, message: null },
      ],
    },
  ],
  ['completions', completions, { ...HEAD, choices: [{ text: 'a' }, { text: 'b' }] }],
  ['embeddings', embeddings, { ...HEAD, data: [{ index: 0, embedding: [0.1, -2e-7] }] }],
  [
    'responses',
    responses,
    {
      ...HEAD,
      status: 'completed',
      tool_usage: { web_search: { num_requests: 3 }, image_gen: {} },
      tools: [
        { type: 'web_search_preview' },
        { type: 'code_interpreter', container: { type: 'auto', memory_limit: '4g' } },
        { type: 'shell', environment: { type: 'container_auto', memory_limit: '16g' } },
      ],
      output: [
        { type: 'web_search_call', action: { type: 'search', queries: ['a', 'b'] } },
        { type: 'web_search_call', action: { type: 'open_page' } },
        { type: 'file_search_call', results: [{ text: 'x' }] },
        { type: 'code_interpreter_call', container_id: 'c1', code: '1' },
        { type: 'code_interpreter_call', container_id: 'c1', code: '2' },
        { type: 'shell_call', environment: { container_id: 'c2' } },
        { type: 'message', content: [TEXT, TEXT] },
      ],
    },
  ],
] as const)('what the rules of %s read', (_name, rules, answer) => {
  const text = JSON.stringify(answer);

  it('tells the same as the whole answer', () => {
    const read = outlined(text, rules.reads);
    expect(read && rules.served(read, {})).toEqual(rules.served(answer as unknown as JsonObject, {}));
    expect(rules.served(answer as unknown as JsonObject, {})?.counts).toMatchObject({
      input: expect.any(Number),
    });
  });

  it('is small, whatever else is in the answer', () => {
    expect(JSON.stringify(outlined(text, rules.reads)).length).toBeLessThan(text.length);
  });
});

it('counted searches do without the count that OpenAI gives', () => {
  const answer = {
    ...HEAD,
    tools: [{ type: 'web_search' }],
    output: [{ type: 'web_search_call', action: { type: 'search', queries: ['a', 'b'] } }],
  };
  const read = outlined(JSON.stringify(answer), responses.reads);
  expect(read && responses.served(read, {})?.counts.web_search).toBe(2);
});
