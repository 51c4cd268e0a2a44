import { describe, expect, it } from 'vitest';
import { foldedName, isCallerName, meansUser, userOf, userOfArn } from '../../../shared/core/identity.ts';

const HOME = '123456789012';
const name = (userArn: string, accountId = HOME, sessionRoles: string[] = []) =>
  userOf({ userArn, accountId, ownerAccountId: HOME }, sessionRoles);

describe('the name of a caller', () => {
  it.each([
    ['an IAM user', `arn:aws:iam::${HOME}:user/alice`, 'user/alice'],
    ['an IAM user with a path', `arn:aws:iam::${HOME}:user/sales/emea/alice`, 'user/alice'],
    [
      'an SSO session',
      `arn:aws:sts::${HOME}:assumed-role/AWSReservedSSO_Dev_0a1b2c/alice@example.com`,
      'sso/alice@example.com',
    ],
    ['root', `arn:aws:iam::${HOME}:root`, 'root'],
    ['a federated user', `arn:aws:sts::${HOME}:federated-user/alice`, 'federated/alice'],
    ['a user of another partition', `arn:aws-cn:iam::${HOME}:user/alice`, 'user/alice'],
  ])('of %s', (_who, arn, expected) => {
    expect(name(arn)).toBe(expected);
    expect([expected, name(arn, '210987654321') ?? ''].map(isCallerName)).toEqual([true, true]);
  });

  it('is the role, for a session whose name the caller chose', () => {
    expect(name(`arn:aws:sts::${HOME}:assumed-role/deploy/alice`)).toBe('role/deploy');
  });

  it('has the session, where the stage knows that the role enforces it', () => {
    const arn = `arn:aws:sts::${HOME}:assumed-role/deploy-eu/alice`;
    expect(name(arn, HOME, ['deploy-*'])).toBe('role/deploy-eu/alice');
  });

  it.each([
    'bob',
    'user/',
    'user/team/bob',
    'users/bob',
    'role/a/b/c',
    'root/bob',
    '12:user/bob',
    'team:user/bob',
    '',
  ])('is never %j', (text) => {
    expect(isCallerName(text)).toBe(false);
  });

  it('carries the account, for a caller of another account', () => {
    expect(name('arn:aws:iam::210987654321:user/alice', '210987654321')).toBe('210987654321:user/alice');
  });

  it('is never the one that a namesake has at home, where an ARN of another account is meant', () => {
    for (const who of ['user/alice', 'root', 'federated-user/alice', 'assumed-role/deploy/alice']) {
      const arn = (account: string) =>
        `arn:aws:${who.startsWith('user') || who === 'root' ? 'iam' : 'sts'}::${account}:${who}`;
      const local = userOfArn(arn(HOME), HOME, []);
      expect(local).not.toMatch(/^\d/);
      expect(userOfArn(arn('210987654321'), HOME, [])).toBe(`210987654321:${local}`);
    }
  });

  it.each([
    '',
    'alice',
    'arn:aws:iam::123456789012:user/',
    'arn:aws:sts::123456789012:assumed-role/deploy',
    'arn:aws:s3:::bucket/user/alice',
    'arn:aws:iam::123456789012:group/alice',
  ])('is none for %j', (arn) => {
    expect(name(arn)).toBeUndefined();
  });
});

describe('names of people and roles', () => {
  it.each([
    ['user/Alice', 'user/alice'],
    ['User/ALICE', 'user/alice'],
    ['sso/Carol@Example.com', 'sso/carol@example.com'],
    ['role/Deploy', 'role/deploy'],
    ['role/Deploy/Alice', 'role/deploy/alice'],
    ['federated/Alice', 'federated/alice'],
    ['210987654321:user/Bob', '210987654321:user/bob'],
    ['ROOT', 'root'],
  ])('are one in any case: %s', (written, folded) => {
    expect(foldedName(written)).toBe(folded);
    expect(foldedName(folded)).toBe(folded);
  });

  it.each(['Bob', 'tenants/A', 'Alice@Example.com', 'user/team/Bob'])(
    'are not those that a trusted caller gives to somebody: %s',
    (name) => expect(foldedName(name)).toBe(name),
  );

  it.each([
    [['user/Alice'], 'user/alice', true],
    [['user/alice'], 'user/Alice', true],
    [['sso/*@Example.com'], 'sso/carol@example.COM', true],
    [['*@EXAMPLE.com'], 'sso/carol@example.com', true],
    [['ROLE/*'], 'role/deploy', true],
    [['user/Alicia'], 'user/alice', false],
    [['Bob'], 'Bob', true],
    [['Bob'], 'bob', false],
    [['*'], 'anybody', true],
    [[], 'user/alice', false],
  ])('%j means %s: %s', (patterns, name, means) => {
    expect(meansUser(patterns, name)).toBe(means);
  });
});
