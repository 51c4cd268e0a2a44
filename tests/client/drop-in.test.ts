import Original from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import OpenAI, {
  APIError,
  type ClientOptions,
  flushCache,
  RateLimitError,
  setCaching,
  setLimits,
  setProject,
  usage,
} from '../../client/src/index.ts';
import { useClientStack } from '../support/client-stack.ts';

const { stack, connection, environment } = useClientStack();
const ask = (content: string) => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content }],
});

function client(options: ClientOptions = {}): OpenAI {
  return new OpenAI({ ...connection(), project: 'demo', ...options });
}

afterEach(() => vi.unstubAllEnvs());

describe('the drop-in in place of the openai package', () => {
  it('is that package’s client, and has every export of it', async () => {
    const original = await import('openai');
    const ours = await import('../../client/src/index.ts');
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(Object.keys(original)));
    expect(client()).toBeInstanceOf(Original);
    expect(APIError).toBe(Original.APIError);
    expect(new OpenAI.OpenAI(connection())).toBeInstanceOf(OpenAI);
  });

  it('answers, and says what it cost', async () => {
    const { data, response } = await client()
      .chat.completions.create(ask('Why is the sea salt?'))
      .withResponse();
    expect(data.choices[0]?.message.content).toMatch(/\w/);
    expect(Number(response.headers.get('openai-proxy-cost'))).toBeGreaterThan(0);
  });

  it('streams', async () => {
    const stream = await client().chat.completions.create({ ...ask('Count to ten'), stream: true });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(2);
  });

  it('has the helpers', async () => {
    const answer = client().responses.stream({ model: 'gpt-4o-mini', input: 'Tell me of tolls' });
    const events: string[] = [];
    answer.on('response.output_text.delta', ({ delta }) => events.push(delta));
    const { output_text } = await answer.finalResponse();
    expect(events.join('')).toBe(output_text);
  });

  it('raises the package’s errors: for a limit after one attempt', async () => {
    await setLimits({ ...connection(), staging: 'dev', project: 'poor', limit: '0.000001' });
    const paths: string[] = [];
    const counting: typeof fetch = (input, init) => {
      paths.push(new URL(String(input)).pathname);
      return fetch(input, init);
    };
    const poor = client({ project: 'poor', fetch: counting });
    const error = await poor.chat.completions.create(ask('hello')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(paths.filter((path) => path === '/v1/chat/completions')).toHaveLength(1);
  });

  it('lists with a query, as any resource of the package', async () => {
    const models = await client().models.list({ query: { 'a b': ['1', '2+3'], empty: '', "o'k": '(*)' } });
    expect(models.data.length).toBeGreaterThan(0);
  });

  it('says in the error what AWS refuses and what to do', async () => {
    const principal = { ...stack().principals.developer, secretAccessKey: 'wrong' };
    const url = stack().info.stages.dev.proxyUrl;
    const forged = client({ credentials: principal, baseURL: url });
    await expect(forged.models.list()).rejects.toMatchObject({
      status: 403,
      code: 'invalid_signature',
      message: expect.stringContaining('AWS says: The request signature we calculated does not match'),
    });
  });
});

describe('what it is told', () => {
  it('by options, per client', async () => {
    const prod = client({ staging: 'prod', caching: false });
    const { response } = await prod.chat.completions.create(ask('which stage?')).withResponse();
    expect(response.headers.get('openai-proxy-cache')).toBe('bypass');
    expect(new URL(response.url).origin).toBe(stack().info.stages.prod.proxyUrl);
  });

  it('by setProject, setStaging and setCaching, from call to call', async () => {
    const changing = client({ project: 'nobody-has-this' });
    await expect(changing.models.list()).rejects.toMatchObject({ status: 403 });
    changing.setProject('default');
    changing.setStaging('prod');
    changing.setCaching(false);
    const { response } = await changing.chat.completions.create(ask('and now?')).withResponse();
    expect(response.headers.get('openai-proxy-cache')).toBe('bypass');
    expect(new URL(response.url).origin).toBe(stack().info.stages.prod.proxyUrl);
  });

  it('keeps it in clients made of it with withOptions', async () => {
    const original = client({ project: 'nobody-has-this' });
    original.setProject('demo');
    const copy = original.withOptions({ maxRetries: 0 });
    original.setProject('nobody-has-this');
    expect(copy.maxRetries).toBe(0);
    await expect(copy.models.list()).resolves.toBeDefined();
    await expect(copy.withOptions({ project: 'nobody-has-this' }).models.list()).rejects.toMatchObject({
      status: 403,
    });
  });

  it('by the environment, with the default chain of the AWS SDK', async () => {
    for (const [name, value] of Object.entries(environment('developer'))) vi.stubEnv(name, value);
    vi.stubEnv('OPENAI_DEFAULT_PROJECT', 'demo');
    vi.stubEnv('OPENAI_DEFAULT_STAGING', 'prod');
    vi.stubEnv('OPENAI_DEFAULT_CACHING', '0');
    vi.stubEnv('OPENAI_API_KEY', undefined);
    const { response } = await new OpenAI().chat.completions.create(ask('by env')).withResponse();
    expect(response.headers.get('openai-proxy-cache')).toBe('bypass');
    expect(new URL(response.url).origin).toBe(stack().info.stages.prod.proxyUrl);
  });

  it('by a URL in the environment, where the caller may not ask AWS for it', async () => {
    const alice = new OpenAI({ ...connection('alice'), project: 'demo' });
    await expect(alice.models.list()).rejects.toMatchObject({
      status: 400,
      code: 'no_stage_url',
      message: expect.stringMatching(/Set FAREBOX_URL_DEV .* lambda:ListFunctionUrlConfigs/),
    });
    vi.stubEnv('FAREBOX_URL_DEV', stack().info.stages.dev.proxyUrl);
    await expect(alice.models.list()).resolves.toBeDefined();
  });

  it('by OPENAI_BASE_URL, with or without /v1', async () => {
    for (const end of ['', '/', '/v1']) {
      vi.stubEnv('OPENAI_BASE_URL', `${stack().info.stages.dev.proxyUrl}${end}`);
      await expect(client(connection('alice')).models.list()).resolves.toBeDefined();
    }
  });

  it('by OPENAI_API_KEY, which holds the id of the stage’s URL and is never sent', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'sk-mzkmrtrmkjn3wtuqjynq4q4i3y0ctpru');
    const asked: { url: string; headers: Headers }[] = [];
    const stub: typeof fetch = async (input, init) => {
      asked.push({ url: String(input), headers: new Headers(init?.headers) });
      return Response.json({ object: 'list', data: [] });
    };
    await client({ fetch: stub, region: 'eu-west-2' }).models.list();
    expect(asked.map(({ url }) => url)).toEqual([
      'https://mzkmrtrmkjn3wtuqjynq4q4i3y0ctpru.lambda-url.eu-west-2.on.aws/v1/models',
    ]);
    expect(asked[0]?.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/eu-west-2\/lambda\//,
    );
    expect(JSON.stringify([...(asked[0]?.headers ?? [])])).not.toMatch(/sk-/);
  });
});

describe('for every client of a program', () => {
  afterEach(() => vi.resetModules());

  it('setProject and setCaching count where a client was told nothing', async () => {
    setProject('nobody-has-this');
    setCaching(false);
    await expect(new OpenAI(connection()).models.list()).rejects.toMatchObject({ status: 403 });
    setProject('demo');
    const { response } = await new OpenAI(connection()).chat.completions
      .create(ask('everyone'))
      .withResponse();
    expect(response.headers.get('openai-proxy-cache')).toBe('bypass');
    setCaching(true);
  });
});

describe('the admin function from code', () => {
  it('sets limits, in a project that need not exist', async () => {
    const limit = { ...connection(), project: 'new-one', user: 'user/alice', model: 'gpt-4o', limit: '2.5' };
    expect(await setLimits(limit)).toMatchObject({
      project: 'new-one',
      user: 'user/alice',
      model: 'gpt-4o',
      period: 'month',
      limit: '2.5',
      remaining: '2.5',
    });
  });

  it('tells the usage', async () => {
    await client().chat.completions.create(ask('to be counted'));
    const report = await usage({ ...connection(), staging: 'dev', project: 'demo', group_by: ['model'] });
    const [row] = report.rows;
    expect(row).toMatchObject({ model: 'gpt-4o-mini', cost: expect.stringMatching(/^0\.0*[1-9]/) });
    expect(row?.calls).toBeGreaterThan(0);
  });

  it('flushes the cache', async () => {
    const cached = async () =>
      (await client().chat.completions.create(ask('flush me')).withResponse()).response.headers.get(
        'openai-proxy-cache',
      );
    expect(await cached()).toBe('miss');
    await expect.poll(cached).toBe('hit');
    await flushCache({ ...connection(), staging: 'dev' });
    await expect.poll(cached).toBe('miss');
  });

  it('asks the function whose name has the prefix of the deployment', async () => {
    const named = { ...connection(), namePrefix: 'acme' };
    await expect(usage(named)).rejects.toThrow(/function:acme-openai-admin-dev/);
    vi.stubEnv('FAREBOX_NAME_PREFIX', 'corp');
    await expect(usage(connection())).rejects.toThrow(/function:corp-openai-admin-dev/);
  });

  it('raises the words of the refusal', async () => {
    await expect(usage({ ...connection(), project: 'nobody-has-this' })).rejects.toMatchObject({
      name: 'FareboxError',
      kind: 'refused',
      message: expect.stringContaining('nobody-has-this'),
    });
    await expect(usage(connection('alice'))).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/user\/alice is not authorized to perform: lambda:InvokeFunction/),
    });
  });
});
