import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../shared/memory/memory-cache.ts';
import type { ResponseCache } from '../../shared/ports/response-cache.ts';
import { CHAT } from '../functions/proxy/cases/fixtures.ts';
import { json } from '../support/scripted-upstream.ts';
import { type AttackStage, type Side, startAttackStage } from './support/stage.ts';

/* Whoever can write to the store of cached answers changes what lies in it, or gives one answer for another. */

type Items = Map<string, Uint8Array>;
type Change = (bytes: Uint8Array, others: readonly Uint8Array[]) => Uint8Array | undefined;

const flip =
  (at: number): Change =>
  (bytes) => {
    const changed = Uint8Array.from(bytes);
    const index = at < 0 ? bytes.length + at : at;
    changed[index] = (changed[index] ?? 0) ^ 1;
    return changed;
  };
const TRICKS: readonly (readonly [string, Change])[] = [
  ['gone', () => undefined],
  ['nothing', () => new Uint8Array()],
  ['one byte', () => Uint8Array.of(1)],
  ['zeros', (bytes) => new Uint8Array(bytes.length)],
  ['a text', () => Buffer.from('{"status":200,"body":"evil"}')],
  ['its first half', (bytes) => bytes.subarray(0, bytes.length / 2)],
  ['its second half', (bytes) => bytes.subarray(bytes.length / 2)],
  ['all but its last byte', (bytes) => bytes.subarray(0, -1)],
  ['all but its first byte', (bytes) => bytes.subarray(1)],
  ['all but its tag', (bytes) => bytes.subarray(0, -16)],
  ['its head alone', (bytes) => bytes.subarray(0, 13)],
  ['one byte more', (bytes) => Buffer.concat([bytes, Uint8Array.of(0)])],
  ['one byte before it', (bytes) => Buffer.concat([Uint8Array.of(1), bytes])],
  ['itself twice', (bytes) => Buffer.concat([bytes, bytes])],
  ['backwards', (bytes) => Uint8Array.from(bytes).reverse()],
  ['another version', flip(0)],
  ...[1, 2, 7, 12, 13, 14, 20, 29, -1, -8, -16, -17, -40].map(
    (at) => [`a bit at ${at} turned`, flip(at)] as const,
  ),
  ['the answer to another request', (_, [other]) => other],
];

const held: Items = new Map();
let change: ((key: string, bytes: Uint8Array) => Uint8Array | undefined) | undefined;
const memory = createMemoryCache({ clock: { now: () => Date.now() } });
const cache: ResponseCache = {
  capacity: memory.capacity,
  distrust: (key) => memory.distrust(key),
  claim: (key, proof, ttl) => memory.claim(key, proof, ttl),
  claimed: (key) => memory.claimed(key),
  unclaim: (key) => memory.unclaim(key),
  async get(key) {
    const bytes = held.get(key);
    return bytes === undefined || change === undefined ? bytes : change(key, bytes);
  },
  async set(key, item) {
    held.set(key, Uint8Array.from(item));
    return true;
  },
};

const stage: AttackStage = await startAttackStage({ parts: { cache } });
afterAll(() => stage.close());
stage.upstream.on('/chat/completions', (request, response) => {
  const { messages } = request.json() as { messages: { content: string }[] };
  const message = { role: 'assistant', content: `To ${messages[0]?.content}` };
  return json({ ...CHAT, choices: [{ index: 0, finish_reason: 'stop', message }] })(request, response);
});
beforeEach(() => {
  held.clear();
  change = undefined;
  stage.forwarded();
});

async function ask(from: Side, content: string) {
  const body = { model: 'gpt-4o', messages: [{ role: 'user', content }], max_tokens: 20 };
  const answer = await from.post('/chat/completions', body);
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
  await stage.world.idle();
  return { said: choices[0]?.message.content, cache: answer.headers.get('openai-proxy-cache') };
}

describe('An answer that was changed in the store is never given', () => {
  it.each(TRICKS)('%s', async (_, trick) => {
    await ask(stage.victim, 'mine');
    const mine = [...held.keys()];
    expect(mine).toHaveLength(1);
    await ask(stage.victim, 'another');
    const others = [...held].filter(([key]) => !mine.includes(key)).map(([, bytes]) => bytes);
    change = (key, bytes) => (mine.includes(key) ? trick(bytes, others) : bytes);
    stage.forwarded();
    expect(await ask(stage.victim, 'mine')).toEqual({ said: 'To mine', cache: 'miss' });
    expect(stage.forwarded()).toHaveLength(1);
  });

  it('also the answer of another project to the same request', async () => {
    await ask(stage.victim, 'mine');
    const [theirs] = [...held.values()];
    change = () => theirs;
    expect(await ask(stage.attacker, 'mine')).toEqual({ said: 'To mine', cache: 'miss' });
    change = undefined;
    expect((await ask(stage.victim, 'mine')).cache).toBe('hit');
  });
});
