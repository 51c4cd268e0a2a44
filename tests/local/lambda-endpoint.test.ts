import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  GetFunctionUrlConfigCommand,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
  ListFunctionUrlConfigsCommand,
} from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '../../local/http.ts';
import { functionRole, type Principal, people } from '../../local/principals.ts';
import { secretArn } from '../../local/secrets-endpoint.ts';
import { isInstalled } from '../../local/services.ts';
import { createStageSecrets } from '../../local/stages.ts';
import { type EchoStack, startEchoStack } from '../support/echo-stack.ts';

let stack: EchoStack;
beforeAll(async () => {
  stack = await startEchoStack({ memcached: 'off' });
});
afterAll(() => stack.stop());

function client(as: Pick<Principal, 'accessKeyId' | 'secretAccessKey'> = stack.principals.developer) {
  return new LambdaClient({
    region: 'us-east-1',
    endpoint: stack.info.lambdaEndpoint,
    credentials: as,
    maxAttempts: 1,
  });
}

async function invoke(input: Partial<InvokeCommandInput>, as?: Principal) {
  const command = new InvokeCommand({ FunctionName: 'openai-admin-dev', ...input });
  const { StatusCode, FunctionError, ExecutedVersion, Payload } = await client(as).send(command);
  const text = Buffer.from(Payload ?? []).toString('utf8');
  return { StatusCode, FunctionError, ExecutedVersion, payload: text === '' ? undefined : JSON.parse(text) };
}

describe('the AWS SDK invokes the admin function', () => {
  it('and gets what it returns', async () => {
    expect(await invoke({ Payload: '{"command":"help","t":"漢字"}' })).toEqual({
      StatusCode: 200,
      FunctionError: undefined,
      ExecutedVersion: '$LATEST',
      payload: { event: { command: 'help', t: '漢字' }, name: 'openai-admin-dev' },
    });
  });

  it.each([
    ['the other stage', 'openai-admin-prod', 'openai-admin-prod'],
    ['the sweep', 'openai-sweep-dev', 'openai-sweep-dev'],
    ['an ARN', 'arn:aws:lambda:us-east-1:123456789012:function:openai-admin-dev', 'openai-admin-dev'],
    ['a partial ARN', '123456789012:function:openai-admin-dev', 'openai-admin-dev'],
    ['a version', 'openai-admin-dev:$LATEST', 'openai-admin-dev'],
  ])('by %s', async (_, FunctionName, name) => {
    expect(await invoke({ FunctionName })).toMatchObject({ payload: { event: {}, name } });
  });

  it('and learns what it throws', async () => {
    expect(await invoke({ Payload: '{"fail":"out of reach"}' })).toMatchObject({
      StatusCode: 200,
      FunctionError: 'Unhandled',
      payload: {
        errorType: 'RangeError',
        errorMessage: 'out of reach',
        trace: expect.arrayContaining(['RangeError: out of reach']),
      },
    });
  });

  it('without waiting for an event, nor running a dry run', async () => {
    expect(await invoke({ InvocationType: 'Event' })).toMatchObject({ StatusCode: 202, payload: undefined });
    expect(await invoke({ InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204, payload: undefined });
  });

  it('many times at once, each with its own answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => invoke({ Payload: JSON.stringify({ index }) })),
    );
    expect(answers.map(({ payload }) => payload.event.index)).toEqual(answers.map((_, index) => index));
  });
});

describe('the Lambda endpoint refuses, as AWS does,', () => {
  it.each<[string, Partial<InvokeCommandInput>, string, RegExp]>([
    ['a payload that is no JSON', { Payload: '{' }, 'InvalidRequestContentException', /Could not parse/],
    [
      'a function that is not there',
      { FunctionName: 'openai-admin-test' },
      'ResourceNotFoundException',
      /^Function not found: arn:aws:lambda:us-east-1:123456789012:function:openai-admin-test$/,
    ],
    [
      'the proxy, which could be handed a forged event',
      { FunctionName: 'openai-proxy-dev' },
      'AccessDeniedException',
      /user\/developer is not authorized to perform: lambda:InvokeFunction/,
    ],
  ])('%s', async (_, input, name, message) => {
    await expect(invoke(input)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
  });

  it('people who may only call the proxy', async () => {
    await expect(invoke({}, stack.principals.alice)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('a wrong secret', async () => {
    const forger = { ...stack.principals.developer, secretAccessKey: 'guessed' };
    await expect(invoke({}, forger)).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });

  it('a request without a signature', async () => {
    const path = '/2015-03-31/functions/openai-admin-dev/invocations';
    const response = await fetch(`${stack.info.lambdaEndpoint}${path}`, { method: 'POST', body: '{}' });
    expect([response.status, await response.json()]).toEqual([
      403,
      { message: 'Missing Authentication Token' },
    ]);
  });
});

describe.skipIf(!isInstalled('aws'))('the AWS command line', () => {
  it('invokes the admin function with a profile of the stack', async () => {
    const out = join(stack.directory, 'out.json');
    const args = [
      ...['lambda', 'invoke', '--profile', 'developer', '--region', 'us-east-1'],
      ...['--endpoint-url', stack.info.lambdaEndpoint, '--function-name', 'openai-admin-dev'],
      ...['--payload', `fileb://${join(stack.directory, 'stack.json')}`, out],
    ];
    const env = { ...process.env, AWS_SHARED_CREDENTIALS_FILE: join(stack.directory, 'credentials') };
    const { stdout } = await promisify(execFile)('aws', args, { env });
    expect(JSON.parse(stdout)).toMatchObject({ StatusCode: 200 });
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual({ event: stack.info, name: 'openai-admin-dev' });
  });
});

describe('the secrets of a stage', () => {
  const SEED = 'a seed of the tests';
  const server = createStageSecrets(SEED, { adminKey: 'sk-admin-of-the-tests' });
  let endpoint = '';
  beforeAll(async () => {
    endpoint = `http://127.0.0.1:${await listen(server, 0)}`;
  });
  afterAll(() => void server.close());

  const read = (as: Principal, SecretId: string) =>
    new SecretsManagerClient({ region: 'us-east-1', endpoint, credentials: as, maxAttempts: 1 }).send(
      new GetSecretValueCommand({ SecretId }),
    );

  it('are for its own functions', async () => {
    const { SecretString, ARN } = await read(functionRole(SEED, 'dev'), secretArn('dev'));
    expect(ARN).toBe(secretArn('dev'));
    expect(JSON.parse(SecretString ?? '')).toEqual({
      openai_api_key: expect.stringMatching(/^sk-local-/),
      cache_secret: expect.stringMatching(/^.{40}$/),
    });
  });

  it('are none of the other stage’s business, nor of people’s', async () => {
    await expect(read(functionRole(SEED, 'prod'), secretArn('dev'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    await expect(read(people(SEED).root, secretArn('dev'))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    await expect(read(functionRole('guessed', 'dev'), secretArn('dev'))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
  });

  it('keep the admin key apart from the key that calls are made with', async () => {
    const { SecretString, ARN } = await read(functionRole(SEED, 'dev'), secretArn('dev', 'admin'));
    expect(ARN).toBe(secretArn('dev', 'admin'));
    expect(SecretString).toBe('sk-admin-of-the-tests');
    await expect(read(functionRole(SEED, 'prod'), secretArn('dev', 'admin'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('are known by the names of the stages alone', async () => {
    await expect(read(functionRole(SEED, 'dev'), 'farebox/test')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('the AWS SDK asks for the URL of a proxy', () => {
  const ask = (FunctionName: string, as?: Principal) =>
    client(as).send(new ListFunctionUrlConfigsCommand({ FunctionName }));

  it('and gets that of its stage', async () => {
    for (const stage of ['dev', 'prod'] as const)
      expect(await ask(`openai-proxy-${stage}`)).toMatchObject({
        FunctionUrlConfigs: [
          {
            FunctionUrl: `${stack.info.stages[stage].proxyUrl}/`,
            AuthType: 'AWS_IAM',
            InvokeMode: 'RESPONSE_STREAM',
          },
        ],
      });
  });

  it('and learns that a function has none, or that it may not ask', async () => {
    await expect(ask('openai-admin-dev')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(ask('openai-proxy-dev', stack.principals.alice)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('lambda:ListFunctionUrlConfigs'),
    });
  });

  const get = (FunctionName: string, { as, Qualifier }: { as?: Principal; Qualifier?: string } = {}) =>
    client(as).send(new GetFunctionUrlConfigCommand({ FunctionName, Qualifier }));

  it.each(['dev', 'prod'] as const)(
    'by itself, and gets that of %s, with or without its alias',
    async (stage) => {
      const arn = `arn:aws:lambda:us-east-1:123456789012:function:openai-proxy-${stage}`;
      for (const Qualifier of [undefined, 'live']) {
        const { FunctionUrlConfigs } = await ask(`openai-proxy-${stage}`);
        const { $metadata, ...config } = await get(arn, {
          ...(Qualifier === undefined ? {} : { Qualifier }),
        });
        expect(config).toMatchObject({ FunctionArn: `${arn}:live`, CreationTime: expect.any(String) });
        expect([config]).toEqual(FunctionUrlConfigs);
      }
    },
  );

  it('by itself, and learns that there is none, or that it may not ask', async () => {
    const missing = { name: 'ResourceNotFoundException' };
    await expect(get('openai-admin-dev')).rejects.toMatchObject(missing);
    await expect(get('openai-proxy-dev', { Qualifier: '7' })).rejects.toMatchObject(missing);
    await expect(get('openai-proxy-dev', { as: stack.principals.alice })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('lambda:GetFunctionUrlConfig'),
    });
  });
});
