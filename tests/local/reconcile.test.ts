import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { signedFetch } from '../support/signed-fetch.ts';

/** A stack with its simulator: what it answers is counted twice, by the proxy's books and by the simulator's own. */
let directory = '';
let stack: Stack;
const lines: string[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'farebox-reconcile-'));
  stack = await startStack({
    stateDirectory: directory,
    memcached: 'off',
    onLine: (_process, line) => lines.push(line),
  });
});
afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function admin(payload: object) {
  const { lambdaEndpoint, credentials } = stack.info;
  const client = new LambdaClient({ region: credentials.region, endpoint: lambdaEndpoint, credentials });
  const command = new InvokeCommand({ FunctionName: 'openai-admin-dev', Payload: JSON.stringify(payload) });
  const { Payload } = await client.send(command);
  return JSON.parse(Buffer.from(Payload ?? []).toString('utf8'));
}

function throughProxy(): OpenAI {
  return new OpenAI({
    baseURL: `${stack.info.stages.dev.proxyUrl}/v1`,
    apiKey: 'none',
    defaultHeaders: { 'openai-proxy-project': 'demo' },
    fetch: signedFetch(stack.principals.developer),
    maxRetries: 0,
  });
}

/** The same OpenAI, without the proxy in between. */
function aroundProxy(project: string): OpenAI {
  return new OpenAI({ baseURL: stack.info.upstream, apiKey: 'sk-of-somebody', project, maxRetries: 0 });
}

const words = (count: number) => 'the quiet pangolin recites in blue '.repeat(count);
const ask = (content: string) => [{ role: 'user' as const, content }];

/** One call of each kind that costs something: cached, written to the cache, streamed, with tools, tiers, in the background. */
async function callEverything(openai: OpenAI): Promise<void> {
  const { chat, responses } = openai;
  for (const content of [words(400), `${words(400)} again`]) {
    await chat.completions.create({ model: 'gpt-4o-mini', messages: ask(content) });
    await responses.create({ model: 'gpt-5.6-luna', input: content });
  }
  const stream = await chat.completions.create({
    model: 'gpt-5-mini',
    messages: ask('a stream'),
    stream: true,
    service_tier: 'flex',
  });
  for await (const _ of stream);
  await chat.completions.create({ model: 'gpt-4o', messages: ask('soon'), service_tier: 'priority' });
  await chat.completions.create({ model: 'gpt-4o-search-preview', messages: ask('the news'), n: 1 });
  await responses.create({
    model: 'gpt-4o-mini',
    input: 'with tools',
    tools: [
      { type: 'web_search' },
      { type: 'file_search', vector_store_ids: ['vs_1'] },
      { type: 'code_interpreter', container: { type: 'auto', memory_limit: '4g' } },
    ],
  });
  const later = await responses.create({ model: 'gpt-5-mini', input: 'no hurry', background: true });
  await vi.waitFor(async () => expect((await responses.retrieve(later.id)).status).toBe('completed'), {
    timeout: 300_000,
    interval: 200,
  });
  await openai.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'once upon', max_tokens: 20 });
  await openai.embeddings.create({ model: 'text-embedding-3-small', input: ['a', words(3)] });
  await openai.moderations.create({ input: 'nothing to see' });
  await chat.completions
    .create({ model: 'gpt-4o', messages: ask('refused'), temperature: 9 })
    .catch(() => undefined);
}

describe('after calls through the proxy', () => {
  const day = new Date().toISOString().slice(0, 10);
  const reconcile = (more = {}) => admin({ command: 'reconcile', from: day, ...more });

  beforeAll(async () => {
    await admin({ command: 'give-object', object: 'vs_1', kind: 'vector_store', project: 'demo' });
    await callEverything(throughProxy());
  });

  it('OpenAI billed exactly what is in the books, for each model and tool', async () => {
    // An answer reaches its caller before its call is booked.
    await expect.poll(() => reconcile()).toMatchObject({ total: { difference: '0' } });
    const { rows, total, openai_project } = await reconcile();
    expect(openai_project).toBe('proj_local_dev');
    expect(rows.map((row: { model?: string; tool?: string }) => row.model ?? row.tool)).toEqual([
      'gpt-3.5-turbo-instruct',
      'gpt-4o',
      'gpt-4o-mini',
      'gpt-4o-search-preview',
      'gpt-5-mini',
      'gpt-5.6-luna',
      'text-embedding-3-small',
      'code_interpreter',
      'file_search',
      'web_search',
    ]);
    for (const row of rows) expect(row).toMatchObject({ difference: '0', percent: '0' });
    expect(Number(total.billed)).toBeGreaterThan(0.1);
    expect(total.booked).toBe(total.billed);
  });

  it('a call around the proxy is exactly what is missing in the books', async () => {
    const before = await reconcile();
    const answer = await aroundProxy('proj_local_dev').chat.completions.create({
      model: 'gpt-4o',
      messages: ask('unseen by the proxy'),
    });
    const { prompt_tokens = 0, completion_tokens = 0 } = answer.usage ?? {};
    // gpt-4o: $2.50 and $10 per million tokens.
    const picodollars = prompt_tokens * 2_500_000 + completion_tokens * 10_000_000;
    const after = await reconcile();
    expect(Math.round(Number(after.total.difference) * 1e12)).toBe(picodollars);
    expect(after.total.booked).toBe(before.total.booked);
    const changed = after.rows.filter(({ difference }: { difference: string }) => difference !== '0');
    expect(changed).toMatchObject([{ model: 'gpt-4o' }]);
    const { input, output } = changed[0].usage;
    expect([input.billed - input.booked, output.billed - output.booked]).toEqual([
      prompt_tokens,
      completion_tokens,
    ]);
  });

  it("a call of another OpenAI project is not this stage's", async () => {
    const before = await reconcile();
    await aroundProxy('proj_local_prod').embeddings.create({ model: 'text-embedding-3-large', input: 'x' });
    expect(await reconcile()).toEqual(before);
  });

  it('the schedule logs a line for the day', async () => {
    await reconcile({ alarm: true, tolerance_usd: 0, tolerance_percent: 0 });
    const line = () => lines.find((each) => each.includes('"message":"reconcile"') && each.includes(day));
    await expect.poll(line).toBeDefined();
    expect(JSON.parse(line() ?? '')).toMatchObject({ level: 'INFO', stage: 'dev', withinTolerance: false });
  });

  it('nobody reads the invoice through the proxy', async () => {
    const response = await signedFetch(stack.principals.developer)(
      `${stack.info.stages.dev.proxyUrl}/v1/organization/costs?start_time=0`,
      { headers: { 'openai-proxy-project': 'demo' } },
    );
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('organization administration');
  });

  it('no line that was logged has an admin key in it', () => {
    expect(lines.filter((line) => line.includes('sk-admin'))).toEqual([]);
  });
});
