import { type ChildProcessByStdio, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from '../../local/services.ts';
import type { StackJson } from '../../local/stack.ts';
import { signedFetch } from '../support/signed-fetch.ts';

const START = fileURLToPath(new URL('../../local/start.ts', import.meta.url));
const SECRET_ENVIRONMENT = ['OPENAI_API_KEY', 'OPENAI_BASE_URL'];

type Running = ChildProcessByStdio<null, Readable, Readable>;

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'farebox-start-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function start(...args: string[]): Running {
  const given = Object.entries(process.env).filter(([name]) => !SECRET_ENVIRONMENT.includes(name));
  const env = { ...Object.fromEntries(given), TRUSTED_CALLERS: 'user/developer' };
  return spawn(process.execPath, [START, ...args], {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What it printed up to the line `ready`. */
function untilReady(child: Running): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += String(chunk);
      if (printed.endsWith('\nready\n')) resolve(printed);
    });
    child.stderr.on('data', (chunk) => {
      printed += String(chunk);
    });
    child.once('close', () => reject(new Error(`it ended before it was ready: ${printed}`)));
  });
}

async function end(child: Running, signal: NodeJS.Signals): Promise<unknown> {
  const exit = once(child, 'exit');
  child.kill(signal);
  return (await exit)[0];
}

function stackJson(): StackJson {
  return JSON.parse(readFileSync(join(directory, '.local', 'stack.json'), 'utf8'));
}

function canSign(): boolean {
  if (!isInstalled('curl') || !isInstalled('sh')) return false;
  return execFileSync('curl', ['--help', 'all'], { encoding: 'utf8' }).includes('--aws-sigv4');
}

async function admin({ lambdaEndpoint, credentials }: StackJson, stage: string, payload: object) {
  const client = new LambdaClient({ region: credentials.region, endpoint: lambdaEndpoint, credentials });
  const command = new InvokeCommand({
    FunctionName: `openai-admin-${stage}`,
    Payload: JSON.stringify(payload),
  });
  const { Payload } = await client.send(command);
  return JSON.parse(Buffer.from(Payload ?? []).toString('utf8'));
}

describe('npm start', () => {
  let child: Running;
  let printed = '';
  beforeAll(async () => {
    child = start('--port', '0');
    printed = await untilReady(child);
  });

  it('says where it listens', () => {
    const info = stackJson();
    for (const place of [
      info.stages.dev.proxyUrl,
      info.stages.prod.proxyUrl,
      info.lambdaEndpoint,
      info.dynamodbEndpoint,
      info.upstream,
      '.local/stack.json',
    ]) {
      expect(printed).toContain(place);
    }
  });

  it.runIf(canSign())('prints three things that work when they are pasted', async () => {
    const commands = printed.split('\n\n').filter((block) => block.startsWith('curl'));
    const answers: string[] = [];
    for (const command of commands) {
      const { stdout } = await promisify(execFile)('sh', ['-c', command]);
      answers.push(stdout);
    }
    const [first, again, limited, ...others] = answers;
    expect(first).toMatch(
      /^HTTP\/1\.1 200 [\s\S]*openai-proxy-cache: miss[\s\S]*data: \[DONE\]\s+: openai-proxy-cost 0\.\d*[1-9]/,
    );
    expect(again).toMatch(
      /^HTTP\/1\.1 200 [\s\S]*openai-proxy-cache: hit[\s\S]*data: \[DONE\]\s+: openai-proxy-cost 0\s*$/,
    );
    expect(limited).toMatch(/"limit":"0\.01"[\s\S]*HTTP\/1\.1 429 [\s\S]*"code":"insufficient_quota"/);
    expect(others).toEqual([]);
  });

  it.each(['dev', 'prod'])('gives the projects demo and default 5 USD a month in %s', async (stage) => {
    const { limits } = await admin(stackJson(), stage, { command: 'list-limits', period: 'month' });
    for (const project of ['default', 'demo'])
      expect(limits).toContainEqual(
        expect.objectContaining({ project, user: null, model: null, limit: '5' }),
      );
  });

  it('passes TRUSTED_CALLERS on, so that the developer may speak for others', async () => {
    const { credentials, stages } = stackJson();
    const response = await signedFetch(credentials)(`${stages.dev.proxyUrl}/v1/embeddings`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'openai-proxy-project': 'demo',
        'openai-proxy-user': 'tenant-7',
      },
      body: JSON.stringify({ model: 'text-embedding-3-small', input: 'for another' }),
    });
    expect(response.status).toBe(200);
    const { calls } = await admin(stackJson(), 'dev', { command: 'calls', project: 'demo', limit: 1 });
    expect(calls).toMatchObject([{ user: 'tenant-7', endpoint: 'embeddings' }]);
  });

  it('ends in peace when it is told to, and takes its files back', async () => {
    expect(await end(child, 'SIGTERM')).toBe(0);
    expect(existsSync(join(directory, '.local', 'stack.json'))).toBe(false);
  });

  it.runIf(isInstalled('npm'))('is ended by what ends npm', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const data = join(directory, 'by-npm');
    const npm = spawn('npm', ['start', '--', '--port', '0', '--data', data], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await untilReady(npm);
    expect(existsSync(join(data, 'stack.json'))).toBe(true);
    await end(npm, 'SIGTERM');
    await expect.poll(() => existsSync(join(data, 'stack.json'))).toBe(false);
  });

  it('says what is wrong with its arguments', async () => {
    const wrong = start('--prot', '1');
    const [message, [code]] = await Promise.all([text(wrong.stderr), once(wrong, 'exit')]);
    expect(code).toBe(2);
    expect(message).toMatch(/--prot[\s\S]*Usage: npm start/);
  });
});

describe('npm start --data', () => {
  it('keeps projects and limits between runs, however the run ended', async () => {
    const data = join(directory, 'kept');
    const info = () => JSON.parse(readFileSync(join(data, 'stack.json'), 'utf8')) as StackJson;

    const first = start('--port', '0', '--data', data);
    await untilReady(first);
    await admin(info(), 'dev', { command: 'create-project', project: 'kept' });
    await admin(info(), 'dev', { command: 'set-limit', project: 'kept', limit: '2.5' });
    await admin(info(), 'dev', { command: 'set-limit', project: 'demo', limit: '7' });
    await end(first, 'SIGKILL');

    const second = start('--port', '0', '--data', data);
    await untilReady(second);
    const { limits } = await admin(info(), 'dev', { command: 'list-limits' });
    expect(limits).toContainEqual(expect.objectContaining({ project: 'kept', limit: '2.5' }));
    expect(limits).toContainEqual(expect.objectContaining({ project: 'demo', limit: '7' }));
    expect(await end(second, 'SIGINT')).toBe(0);
  });
});
