import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SimulatedModel } from '../../../local/simulator/models.ts';
import { takeTurn } from '../../../local/simulator/output.ts';
import { chatPrompt } from '../../../local/simulator/prompt.ts';
import { exampleOf } from '../../../local/simulator/schema.ts';
import { tokenise } from '../../../local/simulator/tokens.ts';

const GPT_4O = { id: 'gpt-4o' } as SimulatedModel;

const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.lorem());

describe('simulated tokens', () => {
  it('are the text again when joined, and never more than its bytes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokenise(text);
        expect(tokens.join('')).toBe(text);
        expect(tokens.length).toBeLessThanOrEqual(Buffer.byteLength(text));
      }),
    );
  });

  it('of an input are never more than the bytes of the body that carried it', () => {
    const message = fc.record({ role: fc.constantFrom('user', 'system', 'assistant'), content: anyText });
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        const body = { messages };
        expect(chatPrompt(body, GPT_4O).tokens).toBeLessThanOrEqual(Buffer.byteLength(JSON.stringify(body)));
      }),
    );
  });

  it('of a turn never exceed its maximum, reasoning and thrown-away predictions included', () => {
    const turn = fc.record({
      text: anyText,
      prediction: anyText,
      reasoningTokens: fc.nat(200),
      maxTokens: fc.nat(300),
    });
    fc.assert(
      fc.property(turn, (given) => {
        const output = takeTurn(given);
        expect(output.outputTokens).toBeLessThanOrEqual(given.maxTokens);
        const parts = output.tokens.length + output.reasoningTokens + output.rejectedPredictionTokens;
        expect(output.outputTokens).toBe(parts);
        expect(output.acceptedPredictionTokens).toBeLessThanOrEqual(output.tokens.length);
      }),
    );
  });
});

describe('an example of a schema', () => {
  it('has the types, formats and bounds that it asks for', () => {
    const schema = {
      type: 'object',
      properties: {
        id: { type: 'string', format: 'uuid' },
        age: { type: ['integer', 'null'], minimum: 18 },
        tags: { type: 'array', items: { enum: ['a', 'b'] }, minItems: 2 },
        kind: { const: 'person' },
        name: { anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] },
      },
    };
    expect(exampleOf(schema)).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      age: 18,
      tags: ['a', 'a'],
      kind: 'person',
      name: 'sim',
    });
  });

  it('ends where the schema does not', () => {
    const node = {
      type: 'object',
      properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] }, value: { type: 'number' } },
    };
    expect(JSON.stringify(exampleOf(node))).toMatch(/^\{"next":\{.*"value":1\}$/);
    expect(exampleOf({ $ref: '#' })).toBeNull();
    expect(exampleOf({ $ref: '#/nowhere' })).toBeNull();
  });

  it('of anything at all is some JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (schema) => {
        expect(() => JSON.parse(JSON.stringify(exampleOf(JSON.parse(JSON.stringify(schema)))))).not.toThrow();
      }),
    );
  });
});
