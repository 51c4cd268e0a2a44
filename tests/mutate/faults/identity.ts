import type { Area } from '../fault.ts';

/** The cases of the proxy, on the shortest way into it. */
const CASES = { suites: ['tests/functions/proxy/http.test.ts'], only: 'in process' };
const IDENTITY = { suites: ['tests/shared/core/identity.test.ts'] };

/** Who pays. */
export const identity: Area = {
  'arn-keeps-its-account': {
    file: 'functions/proxy/identify.ts',
    find: 'userOfArn(named, caller.ownerAccountId,',
    replace: "userOfArn(named, named.split(':')[4] ?? '',",
    sentence: 'A caller of another account, named by its ARN, is not the local namesake.',
    ...CASES,
  },
  'arn-is-of-its-account': {
    file: 'shared/core/identity.ts',
    find: "const accountId = userArn.split(':')[4] ?? '';",
    replace: 'const accountId = ownerAccountId;',
    sentence: 'A limit of another account’s user does not bind the local namesake.',
    ...IDENTITY,
  },
  'accounts-are-apart': {
    file: 'shared/core/identity.ts',
    find: 'caller.accountId === caller.ownerAccountId ? name',
    replace: 'caller.accountId !== undefined ? name',
    sentence: 'A caller of another account has that account in its name.',
    ...IDENTITY,
  },
  'chosen-session-is-no-person': {
    file: 'shared/core/identity.ts',
    find: 'matchesAny(sessionRoles, role) ?',
    replace: "matchesAny(['*'], role) ?",
    sentence: 'A session whose name its caller chose is known by its role alone.',
    ...IDENTITY,
  },
  'path-is-no-name': {
    file: 'shared/core/identity.ts',
    find: 'const last = path.at(-1);',
    replace: "const last = path.join('/');",
    sentence: 'A user is known by its name, whatever its path.',
    ...IDENTITY,
  },
  'only-trusted-speak': {
    file: 'functions/proxy/identify.ts',
    find: 'matchesAny(settings.trustedCallers, signer) ? (spokenFor(call, settings) ?? signer) : signer',
    replace: 'spokenFor(call, settings) ?? signer',
    sentence: 'A user named in a header is believed from a trusted caller alone.',
    ...CASES,
  },
  'unsigned-is-refused': {
    file: 'functions/proxy/identify.ts',
    find: 'if (signer === undefined) {',
    replace: 'if (signer === null) {',
    sentence: 'A call without an identity is refused.',
    suites: ['tests/functions/proxy/identify.test.ts'],
  },
  'stage-is-its-own': {
    file: 'functions/proxy/identify.ts',
    find: 'stage !== null && stage !== settings.stage',
    replace: 'false',
    sentence: 'A stage answers only for itself.',
    ...CASES,
  },
  'strangers-are-not-admitted': {
    file: 'functions/proxy/admit.ts',
    find: 'project.principals.length === 0 || meansUser(project.principals, user)',
    replace: 'project.principals.length >= 0',
    sentence: 'A project admits whom it names alone.',
    ...CASES,
  },
  'models-are-allowed': {
    file: 'functions/proxy/admit.ts',
    find: "asked.work.kind === 'free' || project.models.length === 0",
    replace: 'project.models.length >= 0',
    sentence: 'A project uses the models that it may use alone.',
    ...CASES,
  },
  'nothing-without-a-limit': {
    file: 'functions/proxy/admit.ts',
    find: 'costsNothing || limits > 0',
    replace: 'limits >= 0',
    sentence: 'What no limit binds is refused.',
    ...CASES,
  },
  'unknown-project-is-refused': {
    file: 'functions/proxy/admit.ts',
    find: 'if (project === undefined) return unknownProject(call.projectName);\n  const refusal = forbid(',
    replace: "if (project === undefined) throw new Error('no project');\n  const refusal = forbid(",
    sentence: 'A project that is not there is refused by its name.',
    ...CASES,
  },
  'verdict-is-iams': {
    file: 'shared/aws/function-url-event.ts',
    find: 'if (!iam?.userArn || !iam.accountId) return undefined;',
    replace:
      "if (!iam?.userArn || !iam.accountId) return { userArn: event.headers['x-user'] ?? '', accountId: '1', ownerAccountId: '1' };",
    sentence: 'Identity comes from IAM’s verdict alone, never from a header.',
    suites: ['tests/shared/aws/function-url-event.test.ts'],
  },
  'cross-account-is-told': {
    file: 'shared/aws/function-url-event.ts',
    find: 'ownerAccountId: event.requestContext.accountId',
    replace: 'ownerAccountId: iam.accountId',
    sentence: 'A caller of another account is known to be of another.',
    suites: ['tests/shared/aws/function-url-event.test.ts'],
  },
};
