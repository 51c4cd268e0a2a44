import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IamCaller } from '../../../shared/core/identity.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { createNoCache } from '../../../shared/memory/no-cache.ts';
import { json } from '../../support/scripted-upstream.ts';
import { makeWorld, type World } from '../../support/world.ts';
import { ask, CHAT, of, refusalOf } from './cases/fixtures.ts';

const HOME = '123456789012';
const caller = (userArn: string, accountId = HOME): IamCaller => ({
  userArn,
  accountId,
  ownerAccountId: HOME,
});

let world: World;
beforeAll(async () => {
  world = await makeWorld({
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createNoCache(),
  });
  world.upstream.on('/chat/completions', json(CHAT));
});
afterAll(() => world.close());

async function call(who: IamCaller | undefined, headers: Record<string, string> = {}) {
  const project = await world.project('1');
  const request = new Request('https://farebox.test/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...of(project, headers) },
    body: JSON.stringify(ask(project)),
  });
  const { response, done } = await world.app(request, who);
  await done;
  return { response, entries: await world.entries(project) };
}

describe('a call without an identity', () => {
  it.each([
    ['that nobody signed', undefined],
    ['whose signer is of no known form', caller(`arn:aws:iam::${HOME}:group/developers`)],
    ['whose signer is nameless', caller('')],
  ])('%s is refused, whatever its headers say, and not forwarded', async (_, who) => {
    const before = world.upstream.received.length;
    const { response, entries } = await call(who, { 'openai-proxy-user': 'user/bob' });
    expect(await refusalOf(response)).toMatchObject({ status: 401, code: 'no_identity' });
    expect(entries).toEqual([]);
    expect(world.upstream.received).toHaveLength(before);
  });
});

it('a caller of another account is booked as one of that account, and trusted as nobody here is', async () => {
  // `user/bob` may speak for others.
  const bob = caller('arn:aws:iam::210987654321:user/bob', '210987654321');
  const { entries } = await call(bob, { 'openai-proxy-user': 'user/victim' });
  expect(entries.map(({ user }) => user)).toEqual(['210987654321:user/bob']);
});
