import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { json } from '../support/scripted-upstream.ts';
import { type AttackStage, expectNotFound, refusalOf, startAttackStage } from './support/stage.ts';

let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage();
  const { attacker, victim, world, upstream } = stage;
  await world.deps.objects.own([
    { id: 'file-own', kind: 'file', project: attacker.project, user: 'user/developer' },
    { id: 'resp_own', kind: 'response', project: attacker.project, user: 'user/developer' },
    { id: 'file-theirs', kind: 'file', project: victim.project, user: 'user/victim' },
  ]);
  upstream.on('/conversations', json({ id: 'conv_own', object: 'conversation' }));
  upstream.on('/files', json({ id: 'file-new', object: 'file' }));
  upstream.on('/files/file-own', json({ id: 'file-own', deleted: true }));
  upstream.on('/responses/resp_own/cancel', json({ id: 'resp_own', status: 'cancelled', output: [] }));
  upstream.on('/responses/input_tokens', json({ object: 'response.input_tokens', input_tokens: 1 }));
});
afterAll(() => stage.close());
beforeEach(() => void stage.forwarded());

const send = (path: string, type: string, body: string | Uint8Array, method = 'POST') =>
  stage.attacker.send(path, { method, headers: { 'content-type': type }, body: Buffer.from(body) });

/** In UTF-7 `+AF8-` is an underscore, and no letter of JSON changes. */
const HIDDEN = JSON.stringify({ items: [{ role: 'user', content: [{ 'file+AF8-id': 'file-theirs' }] }] });

describe('A body is read by OpenAI as it was read here', () => {
  it.each([
    'application/json; charset=utf-7',
    'application/json; charset=utf-16',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
  ])('whatever its caller says that it is: %s', async (type) => {
    for (const path of ['/conversations', '/responses/input_tokens']) {
      const { status } = await send(
        path,
        type,
        path === '/conversations' ? HIDDEN : '{"model":"gpt-4o","input":"+"}',
      );
      expect(status).toBe(200);
      expect(stage.forwarded().at(-1)?.headers['content-type']).toBe('application/json');
    }
  });

  it.each([
    ['a byte order mark', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('{"items":[]}', 'utf16le')])],
    ['UTF-16', Buffer.from('{"items":[]}', 'utf16le')],
    ['Latin-1', Buffer.from('{"items":[{"role":"user","content":"é"}]}', 'latin1')],
  ])('and not at all where it is no UTF-8: %s', async (_name, bytes) => {
    expect(await refusalOf(await send('/conversations', 'application/json', bytes))).toMatchObject({
      status: 400,
      code: 'invalid_json',
    });
    expect(stage.forwarded()).toEqual([]);
  });

  it.each([
    ['a name that stands twice', '{"input":[{"content":[{"file_id":"file-own","file_id":"file-theirs"}]}]}'],
    ['a name that is escaped', '{"input":[{"content":[{"file\\u005fid":"file-theirs"}]}]}'],
    ['an id that is escaped', '{"input":[{"content":[{"file_id":"file\\u002dtheirs"}]}]}'],
    ['a name like one of JavaScript’s own', '{"__proto__":{"file_id":"file-theirs"}}'],
    ['a list in the place of an object', '{"input":{"0":{"file_id":"file-theirs"}}}'],
  ])('with the ids that stand in it: %s', async (_name, text) => {
    await expectNotFound(await send('/responses/input_tokens', 'application/json', text));
    expect(stage.forwarded()).toEqual([]);
  });

  it('and what takes a form is sent nothing else', async () => {
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
      const response = await send('/files', type, '{"file_id":"file-theirs","purpose":"batch"}');
      expect(await refusalOf(response)).toMatchObject({ status: 400, code: 'invalid_multipart' });
    }
    expect(stage.forwarded()).toEqual([]);
  });

  it('and what takes no body is sent none', async () => {
    const body = JSON.stringify({ file_id: 'file-theirs', ids: ['file-theirs'] });
    expect((await send('/files/file-own', 'application/json', body, 'DELETE')).status).toBe(200);
    expect(stage.forwarded().map((request) => request.body.toString())).toEqual(['']);
  });
});
