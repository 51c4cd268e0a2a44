import { createHmac } from 'node:crypto';

export const ACCOUNT_ID = '123456789012';
export const REGION = 'us-east-1';
export const STAGES = ['dev', 'prod'] as const;
export type Stage = (typeof STAGES)[number];

/** What a local identity may do: the stand-in for its IAM policies. */
export type Permission =
  | 'lambda:InvokeFunctionUrl'
  | 'lambda:InvokeFunction'
  | 'lambda:ListFunctionUrlConfigs'
  | 'lambda:GetFunctionUrlConfig'
  | `secretsmanager:GetSecretValue ${Stage}`;

/** An identity with its keys, as IAM would know it. */
export interface Principal {
  /** Its name in the local stack, and its profile in the credentials file. */
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials only; a request must then carry it. */
  readonly sessionToken?: string;
  readonly userArn: string;
  /** IAM's unique id: `AIDA…` of a user, `AROA…:session` of a role, the account's number of root. */
  readonly userId: string;
  readonly permissions: readonly Permission[];
}

const CALLS: readonly Permission[] = ['lambda:InvokeFunctionUrl'];
const ALL: readonly Permission[] = [
  'lambda:InvokeFunctionUrl',
  'lambda:InvokeFunction',
  'lambda:ListFunctionUrlConfigs',
  'lambda:GetFunctionUrlConfig',
];

interface Template {
  readonly arn: string;
  readonly id: string;
  readonly permissions: readonly Permission[];
  readonly temporary?: true;
}

/** One identity of each kind that a function URL tells apart. Only `developer` and `root` may invoke the admin function. */
const PEOPLE = {
  developer: { arn: iam('user/developer'), id: 'AIDALOCALDEVELOPER00', permissions: ALL },
  alice: { arn: iam('user/alice'), id: 'AIDALOCALALICE000000', permissions: CALLS },
  bob: { arn: iam('user/team-a/bob'), id: 'AIDALOCALBOB00000000', permissions: CALLS },
  job: {
    arn: sts('assumed-role/batch-jobs/nightly-report'),
    id: 'AROALOCALBATCHJOBS00:nightly-report',
    permissions: CALLS,
    temporary: true,
  },
  carol: {
    arn: sts('assumed-role/AWSReservedSSO_Developers_0123456789abcdef/carol@example.com'),
    id: 'AROALOCALSSODEV00000:carol@example.com',
    permissions: CALLS,
    temporary: true,
  },
  root: { arn: iam('root'), id: ACCOUNT_ID, permissions: ALL },
} satisfies Record<string, Template>;

export type Person = keyof typeof PEOPLE;
export type Principals = Readonly<Record<Person, Principal>>;

/**
 * The people of a local stack. Their secrets differ from stack to stack, since a web page could sign requests to
 * this machine with secrets that everybody knows.
 *
 * @param seed the stack's own secret, from which all keys are derived
 */
export function people(seed: string): Principals {
  const make = (name: Person) => principal(seed, name, PEOPLE[name]);
  return {
    developer: make('developer'),
    alice: make('alice'),
    bob: make('bob'),
    job: make('job'),
    carol: make('carol'),
    root: make('root'),
  };
}

/** The role that the functions of a stage run in: it reads that stage's secret, and calls nothing. */
export function functionRole(seed: string, stage: Stage): Principal {
  return principal(seed, `functions-${stage}`, {
    arn: sts(`assumed-role/farebox-${stage}/functions`),
    id: `AROALOCALFUNCTIONS${stage === 'dev' ? '00' : '01'}:functions`,
    permissions: [`secretsmanager:GetSecretValue ${stage}`],
  });
}

/** A secret of the stack for one purpose: 40 characters, as AWS's secret keys are. */
export function derive(seed: string, purpose: string): string {
  return createHmac('sha256', seed).update(purpose).digest('base64url').slice(0, 40);
}

/** The people as an AWS credentials file, one profile each. */
export function credentialsFile(principals: Principals): string {
  return Object.values(principals)
    .map(({ name, accessKeyId, secretAccessKey, sessionToken }) =>
      [
        `[${name}]`,
        `aws_access_key_id = ${accessKeyId}`,
        `aws_secret_access_key = ${secretAccessKey}`,
        ...(sessionToken === undefined ? [] : [`aws_session_token = ${sessionToken}`]),
        '',
      ].join('\n'),
    )
    .join('\n');
}

function principal(seed: string, name: string, template: Template): Principal {
  const { arn, id, permissions, temporary } = template;
  const label = name.replaceAll('-', '').toUpperCase();
  return {
    name,
    accessKeyId: `${temporary ? 'ASIA' : 'AKIA'}LOCAL${label}`.padEnd(20, '0'),
    secretAccessKey: derive(seed, `secret ${name}`),
    ...(temporary ? { sessionToken: `${derive(seed, `token ${name}`)}==` } : {}),
    userArn: arn,
    userId: id,
    permissions,
  };
}

function iam(resource: string): string {
  return `arn:aws:iam::${ACCOUNT_ID}:${resource}`;
}

function sts(resource: string): string {
  return `arn:aws:sts::${ACCOUNT_ID}:${resource}`;
}
