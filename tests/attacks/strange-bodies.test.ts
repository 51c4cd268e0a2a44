import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHAT } from '../functions/proxy/cases/fixtures.ts';
import { json } from '../support/scripted-upstream.ts';
import { type AttackStage, startAttackStage } from './support/stage.ts';

/*
 * A body is written so that it costs more than it seems to, or so that OpenAI might read another one than was judged.
 */

let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage();
  stage.upstream.on('/chat/completions', json(CHAT));
});
afterAll(() => stage.close());

const M = '"messages":[{"role":"user","content":"Hello."}]';
const chat = (more: string) => `{"model":"gpt-4o",${M},"max_tokens":5,${more}}`;

/** Bodies of a chat that are refused, whatever else is in them. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['no JSON', 'model=gpt-4o'],
  ['half of a JSON', '{"model":"gpt-4o"'],
  ['two of them', `${chat('"n":1')}${chat('"n":1')}`],
  ['something after it', `${chat('"n":1')}x`],
  ['a list', `[${chat('"n":1')}]`],
  ['a text', '"gpt-4o"'],
  ['null', 'null'],
  ['a number', '1'],
  ['single quotes', "{'model':'gpt-4o'}"],
  ['a comment', `{/*a*/"model":"gpt-4o",${M}}`],
  ['a comma too many', `{"model":"gpt-4o",${M},}`],
  ['no model', `{${M}}`],
  ['a model that is null', `{"model":null,${M}}`],
  ['a model that is a number', `{"model":4,${M}}`],
  ['a model that is a list', `{"model":["gpt-4o"],${M}}`],
  ['a model that is an object', `{"model":{"id":"gpt-4o"},${M}}`],
  ['an empty model', `{"model":"",${M}}`],
  ['a model nobody has priced', `{"model":"gpt-99",${M}}`],
  ['a model in capitals', `{"model":"GPT-4O",${M}}`],
  ['a model with a space', `{"model":" gpt-4o",${M}}`],
  ['a model with a null', `{"model":"gpt-4o\\u0000",${M}}`],
  ['a model that is a path', `{"model":"../gpt-4o",${M}}`],
  ['a model of a prototype', `{"model":"__proto__",${M}}`],
  ['a model of a constructor', `{"model":"constructor",${M}}`],
  ['a fine-tuned model of somebody', `{"model":"ft:gpt-4o:other::abc",${M}}`],
  ['a billion choices', chat('"n":1000000000')],
  ['choices below zero', chat('"n":-1')],
  ['half a choice', chat('"n":1.5')],
  ['choices as a text', chat('"n":"2"')],
  ['choices beyond a float', chat('"n":1e400')],
  ['choices in a list', chat('"n":[2]')],
  ['a maximum below zero', `{"model":"gpt-4o",${M},"max_tokens":-5}`],
  ['a maximum as a text', `{"model":"gpt-4o",${M},"max_tokens":"5"}`],
  ['a maximum of half a token', `{"model":"gpt-4o",${M},"max_tokens":5.5}`],
  ['a maximum beyond a float', `{"model":"gpt-4o",${M},"max_tokens":1e999}`],
  ['a maximum that is true', `{"model":"gpt-4o",${M},"max_completion_tokens":true}`],
  ['a tier nobody knows', chat('"service_tier":"gold"')],
  ['a tier that is a number', chat('"service_tier":1')],
  ['a stream as a text', chat('"stream":"true"')],
  ['a stream as a number', chat('"stream":1')],
  ['storing as a text', chat('"store":"false"')],
  ['a member nobody knows', chat('"surprise":true')],
  ['a prototype', chat('"__proto__":{"n":100}')],
  ['a constructor', chat('"constructor":{"prototype":{"n":100}}')],
  ['a member in capitals', chat('"N":100')],
  ['a member with a space', chat('"n ":100')],
  ['messages that are a text', '{"model":"gpt-4o","messages":"Hello.","max_tokens":5}'],
];

/** Bodies that may mean two things: OpenAI gets the one that was judged, once. */
const READ_ONCE: readonly (readonly [string, string, string, unknown])[] = [
  ['a model twice', `{"model":"gpt-4o-mini","model":"gpt-4o",${M},"max_tokens":5}`, 'model', 'gpt-4o'],
  ['a maximum twice', `{"model":"gpt-4o",${M},"max_tokens":100,"max_tokens":5}`, 'max_tokens', 5],
  ['choices twice', chat('"n":100,"n":1'), 'n', 1],
  ['a member by its escapes', `{"mod\\u0065l":"gpt-4o",${M},"max_tokens":5}`, 'model', 'gpt-4o'],
  ['a member by its escapes, too', chat('"n":1,"\\u006e":2'), 'n', 2],
  ['white space all over', `\n\t {"model" :\r\n"gpt-4o",${M},"max_tokens": 5 } \n`, 'max_tokens', 5],
  ['a number with an exponent', `{"model":"gpt-4o",${M},"max_tokens":5e0}`, 'max_tokens', 5],
  ['a number with a fraction of nothing', `{"model":"gpt-4o",${M},"max_tokens":5.0}`, 'max_tokens', 5],
];

async function send(body: string) {
  stage.forwarded();
  const headers = { 'content-type': 'application/json', 'openai-proxy-caching': '0' };
  return stage.attacker.send('/chat/completions', { method: 'POST', headers, body });
}

describe('A body that cannot be judged is refused, and nobody else sees it:', () => {
  it.each(REFUSED)('%s', async (_, body) => {
    const answer = await send(body);
    expect(answer.status, await answer.text()).toBe(400);
    expect(stage.forwarded()).toEqual([]);
  });
});

describe('A body that could be read in two ways is sent in the one that was judged:', () => {
  it.each(READ_ONCE)('%s', async (_, body, member, value) => {
    const answer = await send(body);
    expect(answer.status, await answer.text()).toBe(200);
    const [sent] = stage.forwarded();
    expect(sent?.json()[member]).toEqual(value);
    expect(sent?.body.toString().split(`"${member}":`)).toHaveLength(2);
  });
});
