import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactor } from '../../../shared/openai/redaction.ts';

const SECRET = 'sk-sk-proj-abc';

function through(pieces: readonly string[]): { readonly out: string; readonly passed: readonly string[] } {
  const redacting = redactor(SECRET);
  const passed = pieces.map((piece) => Buffer.from(redacting.push(Buffer.from(piece))).toString());
  return { out: passed.join('') + Buffer.from(redacting.end()).toString(), passed };
}

/** Texts that are mostly pieces of the secret, which may begin within itself. */
const text = fc
  .array(fc.constantFrom('s', 'k', '-', 'sk-', 'sk-sk-', 'proj-', SECRET, 'x', ' '), { maxLength: 12 })
  .map((parts) => parts.join(''));

describe('A secret', () => {
  it('is taken out of a text however that is cut, and nothing else is', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(20), { maxLength: 8 }), (whole, cuts) => {
        const pieces: string[] = [];
        let rest = whole;
        for (const cut of cuts) {
          pieces.push(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        expect(through([...pieces, rest]).out).toBe(whole.split(SECRET).join('[key]'));
      }),
    );
  });

  it('holds back no byte that it could not begin with', () => {
    expect(through(['data: {"a":1}\n\n']).passed).toEqual(['data: {"a":1}\n\n']);
    expect(through(['data: sk-', 'x\n\n']).passed).toEqual(['data: ', 'sk-x\n\n']);
  });
});
