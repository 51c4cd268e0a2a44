import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHAT } from '../functions/proxy/cases/fixtures.ts';
import { json } from '../support/scripted-upstream.ts';
import { wireEvent } from '../support/targets.ts';
import { OPENAI_KEY } from '../support/world.ts';
import { type AttackStage, startAttackStage } from './support/stage.ts';

/* A caller sends headers with which OpenAI would serve somebody else, another way, or two requests for one. */

let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage();
  stage.upstream.on('/chat/completions', json(CHAT));
});
afterAll(() => stage.close());

const EVIL = 'evil-value';
const HEADERS = [
  'authorization',
  'Authorization',
  'AUTHORIZATION',
  'proxy-authorization',
  'api-key',
  'x-api-key',
  'cookie',
  'openai-organization',
  'OpenAI-Organization',
  'openai-project',
  'openai-proxy-user',
  'openai-proxy-staging-x',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'via',
  'x-original-url',
  'x-rewrite-url',
  'x-http-method-override',
  'x-method-override',
  'x-amz-security-token',
  'x-amz-date',
  'x-amzn-trace-id',
  'x-amz-content-sha256',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'connection',
  'keep-alive',
  'proxy-connection',
  'range',
  'if-none-match',
  'if-match',
  'origin',
  'referer',
  'idempotency-key',
  'content-encoding',
  'accept-encoding',
  'x-evil',
] as const;

describe('No header of a caller reaches OpenAI that could change whose request it is, or what it is:', () => {
  it.each(HEADERS)('%s', async (name) => {
    stage.forwarded();
    const answer = await wireEvent(stage.world)('developer', {
      method: 'POST',
      path: '/v1/chat/completions',
      query: '',
      headers: [
        ['host', 'farebox.test'],
        ['content-type', 'application/json'],
        ['openai-proxy-project', stage.attacker.project],
        ['openai-proxy-caching', '0'],
        [name, EVIL],
      ],
      body: Buffer.from('{"model":"gpt-4o","messages":[{"role":"user","content":"Hello."}],"max_tokens":5}'),
    });
    await answer.arrayBuffer();
    const sent = stage.forwarded();
    for (const { headers } of sent) {
      expect(headers.authorization).toBe(`Bearer ${OPENAI_KEY}`);
      expect(JSON.stringify(headers)).not.toContain(EVIL);
    }
    expect([sent.length, answer.status < 400]).toEqual(answer.status < 400 ? [1, true] : [0, false]);
  });
});
