import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../functions/proxy/app.ts';
import type { WireRequest } from '../../local/http.ts';
import { createMemoryCache } from '../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import type { UpstreamRequest } from '../../shared/ports/upstream.ts';
import { ask, CHAT, CHAT_STREAM } from '../functions/proxy/cases/fixtures.ts';
import { wav } from '../support/audio.ts';
import { functionUrl, wireEvent } from '../support/targets.ts';
import { makeWorld, type Target, type World } from '../support/world.ts';

const KNOWN_PATHS = [
  '/v1/chat/completions',
  '/chat/completions',
  '/v1/responses',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/moderations',
  '/v1/models',
  '/v1/models/gpt-4o',
  '/v1/audio/speech',
  '/v1/decisions',
  '/v1/images/generations',
  '/v1/responses/compact',
];
const FORM_PATHS = ['/v1/audio/transcriptions', '/v1/audio/translations', '/v1/images/edits'];
const TRICKS = ['//', '..', '.', '%2e', '%2f', ';', '\\', '@', ':', '?', '#', '%00', 'v1', 'chat', 'é', '*'];
const PROXY_HEADERS = [
  'user',
  'project',
  'staging',
  'caching',
  'stream-cost',
  'cost',
  'cache',
  'remaining',
  'x',
];
const OTHER_HEADERS = [
  'content-type',
  'authorization',
  'x-amz-date',
  'cookie',
  'cache-control',
  'accept-encoding',
];
const FIELDS = [
  'n',
  'max_tokens',
  'max_completion_tokens',
  'stream',
  'stream_options',
  'service_tier',
  'tools',
  'store',
];
const MORE_FIELDS = [
  'model',
  'messages',
  'input',
  'prompt',
  'modalities',
  'prediction',
  'metadata',
  '__proto__',
  'kind',
];

const method = fc.oneof(
  { weight: 6, arbitrary: fc.constant('POST') },
  { weight: 3, arbitrary: fc.constant('GET') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'post', 'X'),
  },
);
const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...KNOWN_PATHS) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...TRICKS)).map((parts) => `/${parts.join('/')}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...KNOWN_PATHS), fc.nat(25), fc.constantFrom(...TRICKS))
      .map(([known, at, trick]) => known.slice(0, at) + trick + known.slice(at)),
  },
  { weight: 1, arbitrary: fc.webPath() },
);
const headerValue = fc.oneof(
  fc.constantFrom('0', '1', 'user/root', 'dev', 'prod', 'no-cache', 'no-store', 'application/json', 'gzip'),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }).map((text) => Buffer.from(text).toString('latin1')),
);
const headers = fc.dictionary(
  fc.constantFrom(...PROXY_HEADERS.map((name) => `openai-proxy-${name}`), ...OTHER_HEADERS),
  headerValue.map((value) => value.replace(/[\0\r\n]/g, '')),
  { maxKeys: 3 },
);

const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    1,
    2,
    -1,
    1e9,
    0.5,
    '',
    'auto',
    'default',
    'gpt-4o',
    'o3',
    'ultrafast',
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.array(fc.record({ type: fc.constantFrom('function', 'web_search', 'x') }), { maxLength: 2 }),
);
const changes = fc.dictionary(fc.constantFrom(...FIELDS, ...MORE_FIELDS), value, { maxKeys: 3 });
/** Bodies that pass where their endpoint is asked. */
const SOUND_BODIES = [
  ask('p'),
  { model: 'gpt-4o', input: 'x', max_output_tokens: 50 },
  { model: 'gpt-3.5-turbo-instruct', prompt: 'x' },
  { model: 'tts-1', input: 'x', voice: 'ash' },
  { model: 'gpt-image-2', prompt: 'x', quality: 'low', size: '1024x1024' },
  { model: 'gpt-6-luna', input: 'x', questions: [{ type: 'predicate', instructions: 'x' }] },
];
const body: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom<object>(...SOUND_BODIES), changes)
      .map(([sound, changed]) => Buffer.from(JSON.stringify({ ...sound, ...changed }))),
  },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
  {
    weight: 1,
    arbitrary: fc.nat(20_000).map((depth) => Buffer.from(`{"model":"gpt-4o","x":${'['.repeat(depth)}`)),
  },
);
const BOUNDARY = 'XyZ';
const FORM_TYPE = `multipart/form-data;boundary=${BOUNDARY}`;
const formPart = (head: string, content: string) => `--${BOUNDARY}\r\n${head}\r\n\r\n${content}\r\n`;
const formField = (name: string, content: string) =>
  formPart(`Content-Disposition: form-data; name="${name}"`, content);
const sound = wav(0.2).toString('latin1');
/** Parts of forms that pass, in the order in which they mostly make one. */
const SOUND_PARTS = [
  [
    formField('model', 'whisper-1'),
    formPart('Content-Disposition: form-data; name="file"; filename="a.wav"', sound),
  ],
  [
    formField('model', 'gpt-image-1.5'),
    formField('prompt', 'x'),
    formPart(
      'Content-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png',
      'x',
    ),
  ],
];
const oddPart = fc.oneof(
  fc
    .tuple(fc.constantFrom(...FIELDS, ...MORE_FIELDS, 'file', 'image[]', 'temperature'), value)
    .map(([name, each]) => formField(name, typeof each === 'string' ? each : JSON.stringify(each))),
  fc.constantFrom(
    formPart('Content-Disposition: form-data; name="model"; filename="m"', 'gpt-4o'),
    formPart('Content-Disposition: form-data; name="model\\"; x="', 'gpt-4o'),
    formPart('X: y', ''),
    `--${BOUNDARY}--\r\n`,
    BOUNDARY,
    '\r\n',
  ),
);
/** A form that passes with something odd in some place, and some of it cut away or written twice. */
const form = fc
  .tuple(
    fc.constantFrom(...SOUND_PARTS),
    fc.array(oddPart, { maxLength: 2 }),
    fc.nat(4),
    fc.nat(2_000),
    fc.integer({ min: -8, max: 8 }),
  )
  .map(([parts, odd, place, at, shift]) => {
    const all = parts.toSpliced(place, 0, ...odd);
    const whole = `${all.join('')}--${BOUNDARY}--\r\n`;
    return Buffer.from(
      odd.length > 0 ? whole : whole.slice(0, at) + whole.slice(Math.max(0, at + shift)),
      'latin1',
    );
  });
const formHeaders = fc
  .tuple(
    headers,
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(FORM_TYPE) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          `${FORM_TYPE}; boundary=a`,
          'multipart/form-data',
          'multipart/mixed',
          `${FORM_TYPE}, a/b`,
        ),
      },
    ),
  )
  .map(([others, type]) => ({ ...others, 'content-type': type }));
const formRequest = fc.record({
  method: fc.constant('POST'),
  path: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...FORM_PATHS) },
    { weight: 1, arbitrary: fc.constantFrom(...KNOWN_PATHS) },
  ),
  query: fc.constant(''),
  headers: formHeaders,
  body: form,
});

const jsonRequest = fc.record({
  method,
  path,
  query: fc.constantFrom('', '', 'a=b', 'limit=%zz&&='),
  headers,
  body,
});
const request = fc.oneof({ weight: 3, arbitrary: jsonRequest }, { weight: 1, arbitrary: formRequest });
type Fuzzed = typeof request extends fc.Arbitrary<infer T> ? T : never;

let world: World;
let target: Target;
let project: string;
const forwarded: UpstreamRequest[] = [];

beforeAll(async () => {
  const clock = { now: () => Date.now() };
  const made = await makeWorld(
    {
      store: createMemoryLedgerStore(),
      directory: createMemoryDirectory(),
      cache: createMemoryCache({ clock }),
    },
    { defaultProject: 'fuzzed', holdWaitMs: 0 },
  );
  const upstream = {
    send: async (sent: UpstreamRequest) => {
      forwarded.push(sent);
      const isStream = Buffer.from(sent.body ?? []).includes('"stream":true');
      return isStream
        ? new Response(CHAT_STREAM.join(''), { headers: { 'content-type': 'text/event-stream' } })
        : Response.json(CHAT);
    },
  };
  world = { ...made, app: createApp({ ...made.deps, upstream }) };
  project = 'fuzzed';
  await world.directory.createProject({
    name: project,
    principals: [],
    models: [],
    onDisconnect: 'drain',
    cacheGeneration: 0,
    createdAt: Date.now(),
  });
  // Enough that a price never refuses: what is refused here is refused for what it is.
  await world.limit({ project }, '1000000');
  target = await functionUrl(world);
});
afterAll(async () => {
  await target.close();
  await world.close();
});

/** True of every answer to every request while all that the proxy depends on is well. */
async function expectSound(response: Response, { method }: Fuzzed): Promise<void> {
  expect(response.status).toBeLessThan(500);
  const text = await response.text();
  if (response.status < 400 || method === 'HEAD') return;
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(JSON.parse(text)).toEqual({
    error: {
      message: expect.stringMatching(/./),
      type: expect.stringMatching(/./),
      param: expect.toSatisfy((param: unknown) => param === null || typeof param === 'string'),
      code: expect.stringMatching(/./),
    },
  });
}

/** Every request that OpenAI saw is on the books, once, and nothing else has a cost; nobody holds anything. */
async function expectBooked(): Promise<void> {
  const entries = await world.entries(project);
  // A list of a project that has nothing asks OpenAI for nothing.
  const paid = entries.filter(
    ({ endpoint, outcome }) =>
      outcome?.state === 'settled' &&
      outcome.tally.hits === undefined &&
      endpoint !== 'chat.completions.list',
  );
  const lists = forwarded.filter(
    ({ method, path }) => method === 'GET' && /^\/chat\/completions(\?|$)/.test(path),
  );
  expect(paid).toHaveLength(forwarded.length - lists.length);
  expect(
    entries.filter(({ outcome }) => outcome?.flags.includes('broken') || outcome?.state === 'unsettled'),
  ).toEqual([]);
  for await (const account of world.store.limitAccounts('month', new Date().toISOString().slice(0, 7)))
    expect(account.holds.size).toBe(0);
}

/** A form that OpenAI sees is for one model, by whatever reader. */
async function expectOneModel({ headers, body }: UpstreamRequest): Promise<void> {
  const type = headers.get('content-type') ?? '';
  if (!type.startsWith('multipart/') || body?.[0] !== '-'.charCodeAt(0)) return;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  expect(form.getAll('model')).toEqual([expect.stringMatching(/^(whisper-1|gpt-image-1\.5)$/)]);
}

async function expectCleanUpstream(): Promise<void> {
  const served =
    /^\/(chat\/completions|responses|responses\/compact|completions|embeddings|moderations|models|models\/[^/%\\;]+|audio\/(speech|transcriptions|translations)|images\/(generations|edits)|decisions)$/;
  for (const sent of forwarded) {
    expect(sent.path.split('?')[0]).toMatch(served);
    await expectOneModel(sent);
    const names = [...sent.headers.keys()];
    expect(names.filter((name) => /^(openai-proxy|x-amz|cookie|authorization)/.test(name))).toEqual([]);
  }
}

function wireOf({ method, path, query, headers, body }: Fuzzed): WireRequest {
  return {
    method,
    path,
    query,
    headers: [['host', 'abc.lambda-url.us-east-1.on.aws'], ...Object.entries(headers)],
    body,
  };
}

describe('whatever is asked', () => {
  it('as an event of a function URL, it is answered, refused in OpenAI’s words, and booked', async () => {
    const send = wireEvent(world);
    await fc.assert(
      fc.asyncProperty(request, async (fuzzed) => {
        await expectSound(await send('developer', wireOf(fuzzed)), fuzzed);
      }),
      { numRuns: 3_000 },
    );
    expect(forwarded.length).toBeGreaterThan(100);
    const forms = forwarded.filter((sent) =>
      (sent.headers.get('content-type') ?? '').startsWith('multipart/'),
    );
    expect(forms.length).toBeGreaterThan(20);
    await expectCleanUpstream();
    await expectBooked();
  });

  it('over HTTP and signed, it is answered, refused in OpenAI’s words, and booked', async () => {
    const before = forwarded.length;
    await fc.assert(
      fc.asyncProperty(request, async (fuzzed) => {
        const init = { method: fuzzed.method, headers: fuzzed.headers };
        const bodied = !['GET', 'HEAD'].includes(fuzzed.method.toUpperCase());
        // Node's client or server knows no such method; AWS has answers of its own for them.
        fc.pre(
          fuzzed.path.startsWith('/') &&
            !/^(TRACE|post|X)$/.test(fuzzed.method) &&
            isPlain(fuzzed) &&
            URL.canParse(`${target.baseURL}${fuzzed.path}`),
        );
        const url = `${target.baseURL}${fuzzed.path}`;
        const response = await target.fetchAs('developer')(
          url,
          bodied ? { ...init, body: new Uint8Array(fuzzed.body) } : init,
        );
        // A signature that client and server read differently is AWS's to refuse.
        if (response.status !== 403 || response.headers.get('x-amzn-errortype') === null)
          await expectSound(response, fuzzed);
      }),
      { numRuns: 500 },
    );
    expect(forwarded.length).toBeGreaterThan(before + 20);
    await expectCleanUpstream();
    await expectBooked();
  });
});

/** Headers that a client of HTTP sends as they are. */
function isPlain({ headers }: Fuzzed): boolean {
  return Object.values(headers).every((each) => /^[!-~]*$/.test(each)) && !('authorization' in headers);
}
