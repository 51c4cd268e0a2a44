import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wireEvent } from '../support/targets.ts';
import { type AttackStage, refusalOf, startAttackStage } from './support/stage.ts';

/* A project is named so that a key, a pattern or a header that is made of it might mean another one. */

let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage();
});
afterAll(() => stage.close());

const TRICKS: readonly (readonly [string, (victim: string) => string, string])[] = [
  ['a part of a key', (victim) => `${victim}#rules`, 'unknown_project'],
  ['a key before it', (victim) => `project#${victim}`, 'unknown_project'],
  ['an encoded part', (victim) => `${victim}%23`, 'unknown_project'],
  ['itself, encoded', (victim) => victim.replace('p-', 'p%2D'), 'unknown_project'],
  ['itself in capitals', (victim) => victim.toUpperCase(), 'unknown_project'],
  ['itself and more', (victim) => `${victim}x`, 'unknown_project'],
  ['a part of itself', (victim) => victim.slice(0, -1), 'unknown_project'],
  ['a scope', (victim) => `=${victim}`, 'unknown_project'],
  ['a path', (victim) => `../${victim}`, 'unknown_project'],
  ['a path below it', (victim) => `${victim}/..`, 'unknown_project'],
  ['quotes', (victim) => `"${victim}"`, 'unknown_project'],
  ['a statement', (victim) => `' OR '1'='1' -- ${victim}`, 'unknown_project'],
  ['a list', (victim) => `${victim},other`, 'invalid_name'],
  ['a list that begins with nothing', (victim) => `,${victim}`, 'invalid_name'],
  ['everything', () => '*', 'invalid_name'],
  ['a pattern', (victim) => `${victim.slice(0, 4)}*`, 'invalid_name'],
  ['nothing', () => '', 'invalid_name'],
  ['a space at its end', (victim) => `${victim}\u00a0`, 'invalid_name'],
  ['a letter beyond ASCII', (victim) => `${victim}\u00e9`, 'invalid_name'],
  ['a tab', (victim) => `${victim}\tx`, 'invalid_name'],
  ['a null within it', (victim) => `${victim.slice(0, 4)}\u0000${victim.slice(4)}`, 'unknown_project'],
  ['a line', (victim) => `${victim}\nopenai-proxy-user: root`, 'unknown_project'],
  ['a delete', (victim) => `${victim}\u007f`, 'invalid_name'],
  ['too much', () => 'a'.repeat(129), 'invalid_name'],
  ['far too much', () => 'a'.repeat(6_000), 'invalid_name'],
  ['a prototype', () => '__proto__', 'unknown_project'],
  ['a constructor', () => 'constructor', 'unknown_project'],
];

describe('A project is what its name says, letter for letter, and nothing is served for', () => {
  it.each(TRICKS)('%s', async (_, nameOf, code) => {
    stage.forwarded();
    const answer = await wireEvent(stage.world)('developer', {
      method: 'GET',
      path: '/v1/models',
      query: '',
      headers: [
        ['host', 'farebox.test'],
        ['openai-proxy-project', nameOf(stage.victim.project)],
      ],
      body: Buffer.alloc(0),
    }).catch(() => undefined);
    if (answer !== undefined) {
      const refusal = await refusalOf(answer);
      expect(refusal.status).toBe(code === 'invalid_name' ? 400 : 403);
      expect(refusal.code).toBe(code);
    }
    expect(stage.forwarded()).toEqual([]);
  });
});
