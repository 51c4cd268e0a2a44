import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Sha256 } from '@aws-crypto/sha256-js';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SignatureV4 } from '@smithy/signature-v4';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../../local/principals.ts';
import { useClientStack } from '../support/client-stack.ts';

const run = promisify(execFile);
const { stack, connection, environment } = useClientStack();
const question = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Why is the sea salt?' }] };

/** As openai-wrapi's Python client invokes the admin function: by boto3, and looking for `errorMessage` alone. */
async function invoke(payload: object, stage: 'dev' | 'prod' = 'dev') {
  const { credentials, region, endpointUrl } = connection();
  const client = new LambdaClient({ region, endpoint: endpointUrl, credentials, maxAttempts: 1 });
  const { Payload } = await client.send(
    new InvokeCommand({
      FunctionName: `openai-admin-${stage}`,
      InvocationType: 'RequestResponse',
      Payload: JSON.stringify(payload),
    }),
  );
  return JSON.parse(Buffer.from(Payload ?? []).toString('utf8'));
}

interface Asked {
  readonly person?: Person;
  readonly path?: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/**
 * A request as openai-wrapi sends it: below the URL without `/v1`, with all four of its headers, and with a signature
 * that requests-aws4auth makes over `host`, `content-type` and `x-amz-*` alone. Source:
 * https://github.com/teticio/openai-proxy, src/openai_wrapi/proxy1.py and utils.py.
 */
async function ask({
  person = 'alice',
  path = '/chat/completions',
  body = question,
  headers = {},
}: Asked = {}) {
  const { credentials, region } = connection(person);
  const url = new URL(`${stack().info.stages.dev.proxyUrl}${path}`);
  const text = JSON.stringify(body);
  const signer = new SignatureV4({ service: 'lambda', region, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    headers: { host: url.host, 'content-type': 'application/json' },
    body: text,
  });
  const own = {
    'openai-proxy-user': credentials.userArn,
    'openai-proxy-project': 'N/A',
    'openai-proxy-staging': 'dev',
    'openai-proxy-caching': '1',
  };
  return fetch(url, { method: 'POST', headers: { ...own, ...signed.headers, ...headers }, body: text });
}

describe('openai-wrapi, unchanged, in front of a stage', () => {
  beforeAll(async () => {
    // set_limit(limit=10, staging="dev", project="N/A"), with its defaults.
    expect(await invoke({ project: 'N/A', user: '*', model: '*', limit: 10 })).toMatchObject({
      status_code: 200,
      project: 'N/A',
      limit: '10',
      remaining: '10',
    });
  });

  it('calls for its default project, and is answered from the cache the second time', async () => {
    const first = await ask();
    expect([first.status, first.headers.get('openai-proxy-cache')]).toEqual([200, 'miss']);
    expect(await first.json()).toMatchObject({ object: 'chat.completion' });
    const again = async () => (await ask()).headers.get('openai-proxy-cache');
    await expect.poll(again).toBe('hit');
  });

  it('turns the cache off with set_caching(False)', async () => {
    const response = await ask({ headers: { 'openai-proxy-caching': '0' } });
    expect(response.headers.get('openai-proxy-cache')).toBe('bypass');
  });

  it('streams', async () => {
    const response = await ask({ body: { ...question, stream: true } });
    expect(await response.text()).toMatch(/^data: \{[\s\S]*data: \[DONE\]\s*$/);
  });

  it('is booked on the caller whom AWS verified, whatever its user header says', async () => {
    const arn = 'arn:aws:iam::123456789012:user/somebody-else';
    await ask({ person: 'carol', headers: { 'openai-proxy-user': arn, 'openai-proxy-caching': '0' } });
    const { calls } = await invoke({ command: 'calls', project: 'N/A', limit: 1 });
    expect(calls).toMatchObject([{ user: 'sso/carol@example.com' }]);
  });

  it('is told when the stage is not the one that its URL is of', async () => {
    const response = await ask({ headers: { 'openai-proxy-staging': 'prod' } });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'wrong_stage' } }]);
  });

  it('sets limits of a user by the ARN that it sent as the user, and raises errorMessage', async () => {
    const limit = {
      project: 'N/A',
      user: 'arn:aws:iam::123456789012:user/team-a/bob',
      model: 'gpt-4o',
      limit: 0.001,
    };
    expect(await invoke(limit)).toMatchObject({
      status_code: 200,
      user: 'user/bob',
      model: 'gpt-4o',
      limit: '0.001',
    });
    const refused = await ask({ person: 'bob', body: { ...question, model: 'gpt-4o', max_tokens: 4000 } });
    expect([refused.status, await refused.json()]).toMatchObject([
      429,
      { error: { code: 'insufficient_quota' } },
    ]);
    expect(await invoke({ ...limit, limit: -1 })).toMatchObject({
      errorMessage: expect.stringContaining('limit'),
    });
  });

  it('flushes the cache', async () => {
    expect(await invoke({ flush_cache: true })).toEqual({
      status_code: 200,
      flushed: 'stage',
      project: null,
    });
  });
});

describe('docs/migrating.md', () => {
  const page = readFileSync(new URL('../../docs/migrating.md', import.meta.url), 'utf8');
  const steps = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, body = '']) => body);

  it('has steps that work, one after the other', async () => {
    expect(steps.length).toBeGreaterThan(3);
    const cli = fileURLToPath(new URL('../fixtures/run-cli.ts', import.meta.url));
    // In the stage that the tests above have left alone.
    const env = { PATH: process.env['PATH'], ...environment(), OPENAI_DEFAULT_STAGING: 'prod' };
    // What is installed on a user's machine is run from its sources here.
    const npx = `npx() { shift; '${process.execPath}' '${cli}' "$@"; }\n`;
    let before = npx;
    for (const step of steps) {
      await run('bash', ['-euc', before + step], { env });
      before += step
        .split('\n')
        .filter((line) => line.startsWith('export '))
        .map((line) => `${line}\n`)
        .join('');
    }
    const { limits } = await invoke({ command: 'list-limits', project: 'my-project' }, 'prod');
    expect(limits).toContainEqual(
      expect.objectContaining({ user: 'user/alice', model: 'gpt-4', limit: '10' }),
    );
  });
});
