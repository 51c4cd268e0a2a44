import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import { callId } from '../../../shared/core/call-id.ts';
import type { CallEntry, Deferred } from '../../../shared/core/ledger.ts';
import { createTruth } from '../../../shared/deferred/truth.ts';
import { createMemoryObjects } from '../../../shared/memory/memory-objects.ts';
import type { Upstream } from '../../../shared/ports/upstream.ts';
import { fixed } from '../../support/prices.ts';

const AT = Date.parse('2026-11-21T12:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HELD = 10n ** 12n;
const RESPONSE: Deferred = { kind: 'response', object: 'resp_1' };
const BATCH: Deferred = { kind: 'batch', object: 'batch_1' };
const USAGE = { input_tokens: 100, output_tokens: 10, total_tokens: 110 };
/** gpt-5: $1.25 and $10 per million tokens; half of it in a batch. */
const COST = 100n * 1_250_000n + 10n * 10_000_000n;

const CALL: CallEntry = {
  id: callId(AT, '0123456789abcdef'),
  user: 'user/alice',
  project: 'demo',
  model: 'gpt-5',
  endpoint: 'responses',
  requestedModel: 'gpt-5',
  stream: false,
  held: HELD,
  accounts: [],
  expiresAt: AT,
  state: 'open',
};

type Answer = () => Response | 'unreachable';

/** An OpenAI that answers each path so, and has nothing else. */
function openai(answers: Readonly<Record<string, Answer>>, now = AT) {
  const objects = createMemoryObjects();
  const encodings: (string | null)[] = [];
  const upstream: Upstream = {
    async send({ method, path, headers }) {
      encodings.push(headers.get('accept-encoding'));
      const answer = method === 'GET' ? answers[path]?.() : undefined;
      if (answer === 'unreachable') return { kind: 'unreachable', sent: false, detail: 'a test' };
      return answer ?? new Response('{}', { status: 404 });
    },
  };
  const truth = createTruth({ upstream, objects, prices: fixed(bundledPrices()), clock: { now: () => now } });
  return { truth, objects, encodings };
}

const json =
  (body: object, status = 200) =>
  () =>
    Response.json(body, { status });
const broken = () =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"id":"resp_1",'));
        controller.error(new Error('reset'));
      },
    }),
  );
const response = (more: object) =>
  json({ id: 'resp_1', status: 'completed', model: 'gpt-5', service_tier: 'default', usage: USAGE, ...more });

const batch = (more: object) =>
  json({ id: 'batch_1', status: 'completed', endpoint: '/v1/responses', output_file_id: 'file-o', ...more });
const lines = (...usages: (object | null)[]) =>
  usages
    .map((usage) => ({ status_code: 200, body: { id: 'r', status: 'completed', model: 'gpt-5', usage } }))
    .map((answer) => JSON.stringify({ custom_id: 'a', response: answer, error: null }))
    .join('\n');
const text = (content: string) => () => new Response(content);

describe('What became of a response', () => {
  const ask = (answer: Answer) => openai({ '/responses/resp_1': answer }).truth(CALL, RESPONSE);

  it.each(['completed', 'incomplete', 'failed', 'cancelled'])(
    'is its usage when it is %s',
    async (status) => {
      expect(await ask(response({ status }))).toMatchObject({
        state: 'settled',
        cost: COST,
        flags: [],
        status: 200,
      });
    },
  );

  it.each(['failed', 'cancelled', 'completed'])(
    'is its hold, flagged, when it is %s without',
    async (status) => {
      const told = await ask(response({ status, usage: null }));
      expect(told).toMatchObject({ state: 'settled', cost: HELD, flags: ['no_usage'] });
    },
  );

  it('is nothing when OpenAI turned it down before any output', async () => {
    const failed = { status: 'failed', usage: null, error: { code: 'insufficient_quota', message: 'm' } };
    expect(await ask(response({ ...failed, output: [] }))).toMatchObject({ cost: 0n, flags: [] });
    expect(await ask(response({ ...failed, output: [{ type: 'reasoning' }] }))).toMatchObject({ cost: HELD });
  });

  it.each(['queued', 'in_progress', 'something new'])('is not known while it is %s', async (status) => {
    expect(await ask(response({ status }))).toBeUndefined();
  });

  it('is its hold, flagged, when OpenAI has it no more', async () => {
    expect(await ask(json({}, 404))).toMatchObject({ cost: HELD, flags: ['no_usage'] });
  });

  it.each<[string, Answer]>([
    ['cannot be reached', () => 'unreachable'],
    ['refuses the key', json({ error: {} }, 401)],
    ['has a fault', json({ error: {} }, 500)],
    ['answers what is no JSON', text('<html>')],
    ['breaks off', broken],
  ])('is not known when OpenAI %s', async (_, answer) => {
    expect(await ask(answer)).toBeUndefined();
  });
});

it('OpenAI is asked for bytes that can be read as they come', async () => {
  const { truth, encodings } = openai({
    '/responses/resp_1': response({}),
    '/batches/batch_1': batch({ request_counts: { completed: 1 } }),
    '/files/file-o/content': text(lines(USAGE)),
  });
  await truth(CALL, RESPONSE);
  await truth({ ...CALL, endpoint: 'batches.create' }, BATCH);
  expect(encodings).toEqual(['identity', 'identity', 'identity']);
});

describe('What became of a batch', () => {
  const ask = (answers: Readonly<Record<string, Answer>>, now = AT) => {
    const { truth, objects } = openai(answers, now);
    return { told: truth({ ...CALL, endpoint: 'batches.create' }, BATCH), objects };
  };
  const FILE = '/files/file-o/content';

  it.each(['completed', 'expired', 'cancelled'])('is the sum of its lines when it is %s', async (status) => {
    const counts = { total: 3, completed: 2, failed: 1 };
    const { told, objects } = ask({
      '/batches/batch_1': batch({ status, request_counts: counts, error_file_id: 'file-e' }),
      [FILE]: text(lines(USAGE, USAGE)),
      '/files/file-e/content': text('{"custom_id":"b","response":null,"error":{"code":"batch_expired"}}'),
    });
    expect(await told).toMatchObject({ state: 'settled', cost: COST, serviceTier: 'batch', flags: [] });
    const owner = { kind: 'file', project: 'demo', user: 'user/alice', call: CALL.id };
    expect([...(await objects.owners(['file-o', 'file-e'])).values()]).toEqual([
      { id: 'file-o', ...owner },
      { id: 'file-e', ...owner },
    ]);
  });

  it('is nothing when its file was refused before it began', async () => {
    const failed = batch({ status: 'failed', output_file_id: null });
    expect(await ask({ '/batches/batch_1': failed }).told).toMatchObject({ cost: 0n, flags: [] });
  });

  it.each(['validating', 'in_progress', 'finalizing', 'cancelling'])(
    'is not known while it is %s',
    async (status) => {
      expect(
        await ask({ '/batches/batch_1': batch({ status }), [FILE]: text(lines(USAGE)) }).told,
      ).toBeUndefined();
    },
  );

  it.each<[string, Answer]>([
    ['cannot be reached', () => 'unreachable'],
    ['has a fault', json({}, 503)],
    ['breaks off', broken],
  ])('is not known when OpenAI %s in its files', async (_, file) => {
    expect(await ask({ '/batches/batch_1': batch({}), [FILE]: file }).told).toBeUndefined();
  });

  it.each<[string, Readonly<Record<string, Answer>>]>([
    ['it is gone', {}],
    ['a line has no usage', { '/batches/batch_1': batch({}), [FILE]: text(lines(USAGE, null)) }],
  ])('is its hold, flagged, when %s', async (_, answers) => {
    expect(await ask(answers).told).toMatchObject({ state: 'settled', cost: HELD, flags: ['no_usage'] });
  });

  const ended = AT / 1_000 + 7_200;
  const noEnd = (more: object, files: Readonly<Record<string, Answer>> = {}) => ({
    '/batches/batch_1': batch({ completed_at: ended, output_file_id: null, ...more }),
    ...files,
  });
  const counts = (total: number, completed: number, failed: number) => ({
    request_counts: { total, completed, failed },
  });
  const file = { output_file_id: 'file-o' };
  const NO_ENDS: readonly (readonly [string, Readonly<Record<string, Answer>>])[] = [
    ['completed, and names no file of its answers', noEnd(counts(100, 100, 0))],
    ['completed, and counts nothing', noEnd(counts(2, 0, 0))],
    ['completed, and counts no requests at all', noEnd(counts(0, 0, 0))],
    ['completed, and counts not at all', noEnd({})],
    [
      'completed, and leaves some out',
      noEnd({ ...counts(3, 1, 1), ...file }, { [FILE]: text(lines(USAGE)) }),
    ],
    ['cancelled, and names no file', noEnd({ status: 'cancelled', ...counts(2, 1, 1) })],
    ['expired, and names no file', noEnd({ status: 'expired', ...counts(9, 4, 0) })],
    ['failed, and names no file', noEnd({ status: 'failed', ...counts(9, 9, 0) })],
    [
      'completed, and its file has fewer lines',
      noEnd({ ...counts(2, 2, 0), ...file }, { [FILE]: text(lines(USAGE)) }),
    ],
    [
      'completed, and the last line of its file is cut',
      noEnd({ ...counts(2, 2, 0), ...file }, { [FILE]: text(lines(USAGE, USAGE).slice(0, -9)) }),
    ],
    ['completed, and its file is not there', noEnd({ ...counts(2, 2, 0), ...file })],
  ];

  it.each(NO_ENDS)('is not known, for a day, while it is %s', async (_, answers) => {
    expect(await ask(answers, ended * 1_000).told).toBeUndefined();
    expect(await ask(answers, ended * 1_000 + DAY - 1).told).toBeUndefined();
  });

  it.each(NO_ENDS)('is its hold, flagged, when it still is %s', async (_, answers) => {
    const told = await ask(answers, ended * 1_000 + DAY).told;
    expect(told).toMatchObject({ state: 'settled', cost: HELD, flags: ['no_usage'] });
  });

  it.each(['cancelled', 'expired', 'failed'])(
    'is nothing when it is %s, and an hour later still counts nothing',
    async (status) => {
      const answers = noEnd({ status, ...counts(2, 0, 0) });
      expect(await ask(answers, ended * 1_000 + HOUR - 1).told).toBeUndefined();
      expect(await ask(answers, ended * 1_000 + HOUR).told).toMatchObject({ cost: 0n, flags: [] });
    },
  );

  it.each([
    ['cancelled, and all were left', { status: 'cancelled', ...counts(2, 0, 2) }],
    ['completed, and all failed', counts(2, 0, 2)],
    ['failed, and never began', { status: 'failed', ...counts(0, 0, 0) }],
  ])('is nothing at once when it is %s', async (_, more) => {
    expect(await ask(noEnd(more), ended * 1_000).told).toMatchObject({ cost: 0n, flags: [] });
  });

  it('is its hold, flagged, when its endpoint has no prices here', async () => {
    const odd = batch({ endpoint: '/v1/videos' });
    expect(await ask({ '/batches/batch_1': odd }).told).toMatchObject({ cost: HELD, flags: ['unpriced'] });
  });
});
