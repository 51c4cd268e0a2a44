import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT_ID } from '../../../local/principals.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { json } from '../../support/scripted-upstream.ts';
import { makeWorld, type World } from '../../support/world.ts';
import { ask, CHAT, of, refusalOf } from './cases/fixtures.ts';

let world: World;
beforeAll(async () => {
  world = await makeWorld({
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock: { now: Date.now } }),
  });
  world.upstream.on('/chat/completions', json(CHAT));
});
afterAll(() => world.close());

const iam = (name: string) => `arn:aws:iam::${ACCOUNT_ID}:user/${name}`;
const sso = (name: string) => `arn:aws:sts::${ACCOUNT_ID}:assumed-role/AWSReservedSSO_Dev_0a1b2c/${name}`;

async function callAs(userArn: string, project: string, headers: Record<string, string> = {}) {
  const request = new Request('https://farebox.test/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'openai-proxy-caching': '0', ...of(project), ...headers },
    body: JSON.stringify(ask(project)),
  });
  const { response, done } = await world.app(request, {
    userArn,
    accountId: ACCOUNT_ID,
    ownerAccountId: ACCOUNT_ID,
  });
  await done;
  return response;
}

describe('a name that is written in another case', () => {
  it.each([
    [iam('Alice'), 'user/alice'],
    [sso('Carol@Example.com'), 'sso/carol@example.com'],
  ])('as %s has its limit on %s', async (arn, user) => {
    const project = await world.project('5');
    expect((await callAs(arn, project)).status).toBe(200);
    await world.limit({ project, user }, '0.000001');
    expect(await refusalOf(await callAs(arn, project))).toMatchObject({ code: 'insufficient_quota' });
    expect((await callAs(iam('bob'), project)).status).toBe(200);
  });

  it('has the limit that was set for it to the letter before, as well', async () => {
    const project = await world.project('5');
    await world.limit({ project, user: 'user/Alice' }, '0.000001');
    expect(await refusalOf(await callAs(iam('Alice'), project))).toMatchObject({
      code: 'insufficient_quota',
    });
  });

  it('has the limit of whom a trusted caller speaks for', async () => {
    const project = await world.project('5');
    await world.limit({ project, user: 'sso/carol@example.com' }, '0.000001');
    const speaking = { 'openai-proxy-user': 'sso/CAROL@example.com' };
    expect(await refusalOf(await callAs(iam('bob'), project, speaking))).toMatchObject({
      code: 'insufficient_quota',
    });
  });

  it('is admitted to a project, and another name is not', async () => {
    const project = await world.project('5', { principals: ['user/ALICE', 'SSO/*@Example.com'] });
    for (const arn of [iam('alice'), iam('Alice'), sso('carol@example.com'), sso('Dave@EXAMPLE.com')])
      expect((await callAs(arn, project)).status).toBe(200);
    expect(await refusalOf(await callAs(iam('alicia'), project))).toMatchObject({
      code: 'project_not_yours',
    });
  });
});
