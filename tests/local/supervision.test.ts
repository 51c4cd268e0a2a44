import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isInstalled } from '../../local/services.ts';
import { type Stack, type StackOptions, startStack } from '../../local/stack.ts';
import { ECHO_FUNCTIONS } from '../support/echo-stack.ts';

const RUN_STACK = fileURLToPath(new URL('../fixtures/run-echo-stack.ts', import.meta.url));

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'farebox-stack-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function start(options: StackOptions = {}): Promise<Stack> {
  return startStack({ stateDirectory: directory, modules: ECHO_FUNCTIONS, ...options });
}

/** Whether a process still runs: one that ended and was not waited for yet does not. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'));
}

type Processes = Stack['processes'];
const running = (processes: Processes) => processes.filter(({ pid }) => runs(pid)).map(({ name }) => name);
const names = (processes: Processes) => processes.map(({ name }) => name).sort();

const EVERYTHING = [
  'DynamoDB (dynalite)',
  'OpenAI simulator',
  'functions of dev',
  'functions of prod',
  ...(isInstalled('memcached') ? ['memcached'] : []),
];

describe('a stack', () => {
  it('runs each part in a process of its own, and ends them all when it is stopped', async () => {
    const stack = await start();
    expect(names(stack.processes)).toEqual(EVERYTHING);
    expect(running(stack.processes).sort()).toEqual(EVERYTHING);
    await stack.stop();
    expect(running(stack.processes)).toEqual([]);
  });

  it('says where it is while it runs, to nobody else, and takes that back', async () => {
    const stack = await start();
    const file = join(directory, 'stack.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      stages: {
        dev: { proxyUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) },
        prod: { proxyUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) },
      },
      lambdaEndpoint: expect.stringMatching(/^http:/),
      dynamodbEndpoint: expect.stringMatching(/^http:/),
      memcached: isInstalled('memcached') ? expect.stringMatching(/^127\.0\.0\.1:\d+$/) : null,
      upstream: expect.stringMatching(/^http:.*\/v1$/),
      credentials: {
        accessKeyId: 'AKIALOCALDEVELOPER00',
        secretAccessKey: stack.principals.developer.secretAccessKey,
        region: 'us-east-1',
      },
    });
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(statSync(join(directory, 'credentials')).mode & 0o077).toBe(0);
    await stack.stop();
    expect([existsSync(file), existsSync(join(directory, 'credentials'))]).toEqual([false, false]);
  });

  it.each(EVERYTHING)('says so when its process "%s" dies', async (name) => {
    const stack = await start();
    try {
      const pid = stack.processes.find((child) => child.name === name)?.pid ?? 0;
      process.kill(pid, 'SIGKILL');
      expect((await stack.failed).split('\n')[0]).toBe(`${name} ended with SIGKILL`);
    } finally {
      await stack.stop();
    }
    expect(running(stack.processes)).toEqual([]);
  });

  it('leaves no process behind when it is killed itself', async () => {
    const child = fork(RUN_STACK, [directory], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    const [processes] = (await once(child, 'message')) as [Processes];
    expect(running(processes).sort()).toEqual(EVERYTHING);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => running(processes)).toEqual([]);
  });

  it('keeps its directory to itself while it runs, and its logs when it is gone', async () => {
    const stack = await start();
    const files = ['stack.json', 'credentials', 'owner.lock'].map((name) => join(directory, name));
    const contents = () => files.map((file) => readFileSync(file, 'utf8'));
    const before = contents();
    stack.state.log('a process', 'of the first run');
    await expect(start()).rejects.toThrow(
      `a stack runs in ${directory} already (process ${process.pid}; stack.json`,
    );
    expect(contents()).toEqual(before);
    await stack.stop();
    expect(files.filter((file) => existsSync(file))).toEqual([]);

    const next = await start();
    next.state.log('a process', 'of the second run');
    await next.stop();
    const log = () => readFileSync(join(directory, 'logs', 'a-process.log'), 'utf8');
    await expect.poll(log).toBe('of the first run\nof the second run\n');
  });

  it('that cannot load its functions says why, and leaves nothing behind', async () => {
    const modules = { ...ECHO_FUNCTIONS, admin: join(directory, 'absent.ts') };
    await expect(start({ modules })).rejects.toThrow(
      /functions of (dev|prod) ended with exit code 1[\s\S]*absent\.ts/,
    );
    expect(existsSync(join(directory, 'stack.json'))).toBe(false);
  });

  it('whose ports are taken says which', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await expect(start({ port: port - 2 })).rejects.toThrow(new RegExp(`^Port .*${port}.* taken.*--port N`));
    other.close();
  });

  it('can be called off while it starts', async () => {
    const calling = new AbortController();
    const starting = start({ signal: calling.signal });
    calling.abort();
    await expect(starting).rejects.toThrow('stopped before it was ready');
  });

  it('goes without Memcached where there is none', async () => {
    const stack = await start({ memcached: 'off' });
    expect(stack.info.memcached).toBeNull();
    expect(names(stack.processes)).not.toContain('memcached');
    await stack.stop();
  });

  it('has other keys than every other stack, and the same ones again where its state is kept', async () => {
    const keyOf = async (options: StackOptions) => {
      const stack = await start({ ...options, memcached: 'off', openaiBaseUrl: 'http://127.0.0.1:9/v1' });
      await stack.stop();
      return stack.info.credentials.secretAccessKey;
    };
    const dataDirectory = join(directory, 'data');
    const kept = await keyOf({ dataDirectory });
    expect(await keyOf({ dataDirectory })).toBe(kept);
    expect(await keyOf({})).not.toBe(kept);
  });
});
