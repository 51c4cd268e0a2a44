import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../local/simulator/main.ts', import.meta.url));

describe('the simulator as a process', () => {
  it('tells where it listens, takes the one key that it was given, and ends with its parent', async () => {
    const env = { ...process.env, SIMULATOR_API_KEY: 'sk-the-right-one' };
    const child = fork(MAIN, ['--port', '0', '--delay', '0'], { silent: true, env, execArgv: [] });
    const printed: string[] = [];
    child.stdout?.on('data', (chunk) => printed.push(String(chunk)));
    child.stderr?.resume();
    const [{ port }] = await once(child, 'message');
    const baseURL = `http://127.0.0.1:${port}/v1`;

    const client = (apiKey: string) => new OpenAI({ baseURL, apiKey, maxRetries: 0 });
    expect((await client('sk-the-right-one').models.list()).data.length).toBeGreaterThan(0);
    await expect(client('sk-another-one').models.list()).rejects.toMatchObject({ status: 401 });

    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
    expect(printed.join('').trim()).toBe(baseURL);
  });

  it('says which option it cannot take', async () => {
    const child = fork(MAIN, ['--port', 'http'], { silent: true, execArgv: [] });
    const printed: string[] = [];
    child.stdout?.resume();
    child.stderr?.on('data', (chunk) => printed.push(String(chunk)));
    expect((await once(child, 'close'))[0]).toBe(2);
    expect(printed.join('')).toContain('--port must be a whole number, not "http"');
  });
});
