import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSweepConfig } from '../../shared/config.ts';
import { refusalOf } from '../functions/proxy/cases/fixtures.ts';
import { json } from '../support/scripted-upstream.ts';
import type { World } from '../support/world.ts';
import { attackedWorld } from './support/world.ts';

/*
 * Whose call it is, IAM says. A caller asks to be booked as somebody else, or lets a role of the account look like a
 * person.
 */

const HOME = '123456789012';
const MALLORY = `arn:aws:iam::${HOME}:user/mallory`;
const SSO = `arn:aws:sts::${HOME}:assumed-role/AWSReservedSSO_Dev_0a1b2c3d4e5f6071/alice@example.com`;
const LOOKALIKE = `arn:aws:sts::${HOME}:assumed-role/AWSReservedSSO_x/alice@example.com`;

let world: World;
let pinned: World;
beforeAll(async () => {
  world = await attackedWorld({}, { trustedCallers: ['user/bot'], sessionRoles: ['jobs-*'] });
  pinned = await attackedWorld({}, { identityCenterRoles: ['AWSReservedSSO_Dev_0a1b2c3d4e5f6071'] });
  for (const each of [world, pinned]) each.upstream.on('/models', json({ object: 'list', data: [] }));
});
afterAll(() => Promise.all([world.close(), pinned.close()]));

interface Caller {
  readonly arn: string;
  readonly account?: string;
  readonly headers?: Record<string, string>;
}

/** The name that a call is booked on, or the code with which it is refused. */
async function bookedOn({ arn, account = HOME, headers = {} }: Caller, where: World): Promise<string> {
  const project = await where.project('1');
  const request = new Request('https://farebox.test/v1/models', {
    headers: { 'openai-proxy-project': project, ...headers },
  });
  const caller = { userArn: arn, accountId: account, ownerAccountId: HOME };
  const { response, done } = await where.app(request, caller);
  if (response.status !== 200) return (await refusalOf(response)).code;
  await response.arrayBuffer();
  await done;
  const [entry] = await where.entries(project);
  return entry?.user ?? 'nobody';
}

const TRICKS: readonly (readonly [string, Caller, string])[] = [
  [
    'a header that names another user',
    { arn: MALLORY, headers: { 'openai-proxy-user': 'user/alice' } },
    'user/mallory',
  ],
  [
    'a header with another’s ARN',
    { arn: MALLORY, headers: { 'openai-proxy-user': `arn:aws:iam::${HOME}:user/alice` } },
    'user/mallory',
  ],
  [
    'a header of AWS’s own',
    { arn: MALLORY, headers: { 'x-amzn-iam-user-arn': `arn:aws:iam::${HOME}:user/alice` } },
    'user/mallory',
  ],
  [
    'a header of a gateway',
    { arn: MALLORY, headers: { 'x-forwarded-user': 'user/alice', 'x-amzn-oidc-identity': 'alice' } },
    'user/mallory',
  ],
  ['a bearer token', { arn: MALLORY, headers: { authorization: 'Bearer sk-of-alice' } }, 'user/mallory'],
  ['a path that ends in another’s name', { arn: `arn:aws:iam::${HOME}:user/alice/mallory` }, 'user/mallory'],
  [
    'a user of another account with the same name',
    { arn: 'arn:aws:iam::210987654321:user/alice', account: '210987654321' },
    '210987654321:user/alice',
  ],
  [
    'a root of another account',
    { arn: 'arn:aws:iam::210987654321:root', account: '210987654321' },
    '210987654321:root',
  ],
  [
    'a session that calls itself a person',
    { arn: `arn:aws:sts::${HOME}:assumed-role/deploy/alice` },
    'role/deploy',
  ],
  [
    'a session that calls itself a user',
    { arn: `arn:aws:sts::${HOME}:assumed-role/deploy/user/alice` },
    'role/deploy',
  ],
  [
    'a role that begins like one whose sessions are people',
    { arn: `arn:aws:sts::${HOME}:assumed-role/jobs/alice` },
    'role/jobs',
  ],
  [
    'a role that is named in another case',
    { arn: `arn:aws:sts::${HOME}:assumed-role/awsreservedsso_Dev/alice` },
    'role/awsreservedsso_Dev',
  ],
  [
    'a role that holds the name within its own',
    { arn: `arn:aws:sts::${HOME}:assumed-role/my-AWSReservedSSO_Dev/alice` },
    'role/my-AWSReservedSSO_Dev',
  ],
  [
    'a federated user with a user’s name',
    { arn: `arn:aws:sts::${HOME}:federated-user/alice` },
    'federated/alice',
  ],
  ['an ARN of another service', { arn: `arn:aws:s3::${HOME}:user/alice` }, 'no_identity'],
  ['an ARN without a name', { arn: `arn:aws:iam::${HOME}:user/` }, 'no_identity'],
  ['a role without a session', { arn: `arn:aws:sts::${HOME}:assumed-role/deploy` }, 'no_identity'],
  ['a group', { arn: `arn:aws:iam::${HOME}:group/alice` }, 'no_identity'],
  ['no ARN', { arn: '' }, 'no_identity'],
  [
    'a trusted caller who names nobody',
    { arn: `arn:aws:iam::${HOME}:user/bot`, headers: { 'openai-proxy-user': '' } },
    'invalid_name',
  ],
  [
    'a trusted caller who names everybody',
    { arn: `arn:aws:iam::${HOME}:user/bot`, headers: { 'openai-proxy-user': '*' } },
    'invalid_name',
  ],
  [
    'a trusted caller who names two',
    {
      arn: `arn:aws:iam::${HOME}:user/bot`,
      headers: { 'openai-proxy-user': `${'a'.repeat(80)},${'b'.repeat(80)}` },
    },
    'invalid_name',
  ],
  [
    'a user who begins like a trusted one',
    { arn: `arn:aws:iam::${HOME}:user/bot2`, headers: { 'openai-proxy-user': 'user/alice' } },
    'user/bot2',
  ],
  [
    'a trusted name in another account',
    {
      arn: 'arn:aws:iam::210987654321:user/bot',
      account: '210987654321',
      headers: { 'openai-proxy-user': 'user/alice' },
    },
    '210987654321:user/bot',
  ],
];

describe('A call is booked on whom IAM verified, and on nobody else:', () => {
  it.each(TRICKS)('%s', async (_, caller, expected) => {
    expect(await bookedOn(caller, world)).toBe(expected);
  });
});

describe('A person of Identity Center', () => {
  it('is known by the session’s name', async () => {
    expect(await bookedOn({ arn: SSO }, world)).toBe('sso/alice@example.com');
    expect(await bookedOn({ arn: SSO }, pinned)).toBe('sso/alice@example.com');
  });

  it('is not whoever has a role that only looks so, where the stage names its permission sets', async () => {
    expect(await bookedOn({ arn: LOOKALIKE }, pinned)).toBe('role/AWSReservedSSO_x');
    expect(
      await bookedOn(
        { arn: `arn:aws:sts::${HOME}:assumed-role/AWSReservedSSO_Dev_0a1b2c3d4e5f60711/alice` },
        pinned,
      ),
    ).toBe('role/AWSReservedSSO_Dev_0a1b2c3d4e5f60711');
  });

  it('comes from roles of Identity Center alone, whatever a stage is set to', () => {
    const env = { STAGE: 'dev', TABLE_NAME: 'books', AWS_REGION: 'us-east-1', OPENAI_SECRET_ARN: 'secret' };
    expect(() => readSweepConfig({ ...env, IDENTITY_CENTER_ROLES: 'AWSReservedSSO_a,*' })).toThrow(
      /IDENTITY_CENTER_ROLES must be roles of IAM Identity Center/,
    );
  });
});

describe('The name of a project', () => {
  it('is no secret: whoever mistypes one is told that there is none, and others that it is not theirs', async () => {
    const theirs = await world.project('1', { principals: ['user/alice'] });
    const ask = async (project: string) => {
      const request = new Request('https://farebox.test/v1/models', {
        headers: { 'openai-proxy-project': project },
      });
      const caller = { userArn: MALLORY, accountId: HOME, ownerAccountId: HOME };
      return refusalOf((await world.app(request, caller)).response);
    };
    expect(await ask(theirs)).toMatchObject({ status: 403, code: 'project_not_yours' });
    expect(await ask('nobody-has-this')).toMatchObject({ status: 403, code: 'unknown_project' });
    expect(world.upstream.received.some(({ headers }) => headers['openai-proxy-project'] !== undefined)).toBe(
      false,
    );
  });
});
