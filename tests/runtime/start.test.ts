import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StackJson } from '../../local/stack.ts';
import { of } from '../functions/proxy/cases/fixtures.ts';
import { signedFetch } from '../support/signed-fetch.ts';

const START = fileURLToPath(new URL('../../local/start.ts', import.meta.url));

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'farebox-runtime-start-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The processes that run a task of this stack. */
function sandboxes(): string[] {
  const functions = join(directory, '.local', 'functions');
  return readdirSync('/proc').filter((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      return environment.includes(`LAMBDA_TASK_ROOT=${functions}`);
    } catch {
      return false;
    }
  });
}

it('npm start -- --runtime serves from the zips, and leaves no process behind however it ends', async () => {
  const child = spawn(process.execPath, [START, '--runtime', '--port', '0'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += String(chunk);
  });
  await expect.poll(() => printed, { timeout: 100_000 }).toMatch(/\nready\n$/);
  expect(printed).toMatch(
    /functions\s+their zips in \S+, each call in a process of Lambda's own runtime client/,
  );

  const { stages, credentials } = JSON.parse(
    readFileSync(join(directory, '.local', 'stack.json'), 'utf8'),
  ) as StackJson;
  const caches: unknown[] = [];
  for (const _ of [1, 2]) {
    const response = await signedFetch(credentials)(`${stages.dev.proxyUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...of('demo') },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Why?' }] }),
    });
    caches.push([response.status, response.headers.get('openai-proxy-cache')]);
    await response.text();
    // An answer is out before it is in the cache.
    const log = join(directory, '.local', 'logs', 'functions-of-dev.log');
    await expect
      .poll(() => (existsSync(log) ? readFileSync(log, 'utf8').split('"message":"call"').length - 1 : 0))
      .toBe(caches.length);
  }
  expect(caches.map((each) => JSON.stringify(each))).toEqual(['[200,"miss"]', '[200,"hit"]']);
  expect(sandboxes().length).toBeGreaterThan(0);

  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect.poll(sandboxes).toEqual([]);
});
