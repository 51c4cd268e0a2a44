import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import {
  CHAT,
  CHAT_STREAM,
  CHUNKS,
  chunk,
  DONE,
  USAGE,
  USAGE_CHUNK,
} from '../functions/proxy/cases/fixtures.ts';
import { type Answer, head, raw, reply } from '../support/raw-upstream.ts';
import { event } from '../support/scripted-upstream.ts';

/** What OpenAI does wrong, what the caller then gets, and what is on the books: a row of docs/faults.md. */
export interface UpstreamCase {
  readonly openai: string;
  readonly caller: Got;
  readonly books: Booked;
  readonly answer: Answer;
  readonly stream?: true;
}

export type Got =
  | 'its answer'
  | 'its error'
  | 'its events'
  | 'its events so far, then an error event'
  | 'its bytes so far, then a connection that breaks'
  | `${number} \`${string}\``;

export type Booked =
  | 'what it used'
  | 'what it used, flagged `over_hold`'
  | 'the hold, flagged `no_usage`'
  | 'the hold, flagged `broken`'
  | 'the hold, flagged `upstream_lost`'
  | 'its input, and what was seen, flagged `estimated`'
  | 'nothing';

const JSON_HEAD = { 'content-type': 'application/json' };
const SSE_HEAD = { 'content-type': 'text/event-stream' };
const NO_UTF8_EVENT = Buffer.from('data: {"x":"\xff\xfe\x00\xc3"}\n\n', 'latin1');
const UNREACHABLE = '502 `upstream_unreachable`';
const BROKEN = '502 `upstream_broken`';
const LOST = 'the hold, flagged `upstream_lost`';
const BROKEN_HOLD = 'the hold, flagged `broken`';
const NO_USAGE = 'the hold, flagged `no_usage`';
const USED = 'what it used';

const TEXT = JSON.stringify(CHAT);
const withUsage = (usage: unknown) => JSON.stringify({ ...CHAT, usage });
const chat = (usage: unknown): Answer => reply(200, JSON_HEAD, withUsage(usage));
const coded = (coding: string, body: Uint8Array): Answer =>
  reply(200, { ...JSON_HEAD, 'content-encoding': coding }, body);
const events = (pieces: Iterable<string>, then?: 'end' | 'reset' | 'silence'): Answer =>
  raw([head(200, { ...SSE_HEAD, connection: 'close' }), ...pieces], then);
const oversize = { ...USAGE, prompt_tokens: 90_000 };
const failure = JSON.stringify({ error: { message: 'm', type: 't', param: null, code: 'c' } });
const quota = { message: 'your quota', type: 'insufficient_quota', param: null, code: 'insufficient_quota' };
const paidFailure = JSON.stringify({ ...JSON.parse(failure), usage: USAGE });

export const MEGABYTE = 1024 * 1024;

/** A JSON answer of so many megabytes, made as it is taken. */
export function* largeJson(megabytes: number, ends = true): Generator<string> {
  const [before = '', after = ''] = JSON.stringify({
    ...CHAT,
    choices: [{ ...CHAT.choices[0], message: { role: 'assistant', content: 'CUT', refusal: null } }],
  }).split('CUT');
  yield head(200, { ...JSON_HEAD, connection: 'close' });
  yield before;
  for (let sent = 0; sent < megabytes; sent += 1) yield 'x'.repeat(MEGABYTE);
  if (ends) yield after;
}

/** An event stream of so many megabytes, made as it is taken. */
export function* largeStream(megabytes: number): Generator<string> {
  yield head(200, { ...SSE_HEAD, connection: 'close' });
  const piece = event(chunk({ content: 'x'.repeat(1_000) }));
  const pieces = Math.ceil(MEGABYTE / piece.length);
  for (let sent = 0; sent < megabytes; sent += 1) yield piece.repeat(pieces);
  yield event(USAGE_CHUNK) + DONE;
}

const CONNECTIONS: readonly UpstreamCase[] = [
  { openai: 'resets before the head', caller: UNREACHABLE, books: LOST, answer: raw([], 'reset') },
  {
    openai: 'resets in the head',
    caller: UNREACHABLE,
    books: LOST,
    answer: raw(['HTTP/1.1 200 OK\r\ncontent-ty'], 'reset'),
  },
  { openai: 'closes before the head', caller: UNREACHABLE, books: LOST, answer: raw([]) },
  {
    openai: 'accepts, and never answers',
    caller: '504 `upstream_timeout`',
    books: LOST,
    answer: raw([], 'silence'),
  },
  {
    openai: 'answers what is no HTTP',
    caller: UNREACHABLE,
    books: LOST,
    answer: raw(['220 smtp ready\r\n']),
  },
  {
    openai: 'names two lengths',
    caller: UNREACHABLE,
    books: LOST,
    answer: raw([
      head(200, JSON_HEAD).replace('\r\n\r\n', `\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n`),
      TEXT,
    ]),
  },
  {
    openai: 'names a length, and sends chunks',
    caller: UNREACHABLE,
    books: LOST,
    answer: raw([
      head(200, { ...JSON_HEAD, 'content-length': '9', 'transfer-encoding': 'chunked' }),
      `1\r\n{\r\n0\r\n\r\n`,
    ]),
  },
  {
    openai: 'has a control character in a header',
    caller: UNREACHABLE,
    books: LOST,
    answer: reply(200, { ...JSON_HEAD, 'x-a': 'b\u0000c' }, TEXT),
  },
  {
    openai: 'switches protocols (101)',
    caller: UNREACHABLE,
    books: LOST,
    answer: raw(['HTTP/1.1 101 X\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n']),
  },
  {
    openai: 'sends 100 and 103 before its answer',
    caller: 'its answer',
    books: USED,
    answer: raw([
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n',
      head(200, { ...JSON_HEAD, 'content-length': String(Buffer.byteLength(TEXT)) }),
      TEXT,
    ]),
  },
  {
    openai: 'answers in HTTP/1.0, as long as the connection lasts',
    caller: 'its answer',
    books: USED,
    answer: raw(['HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n', TEXT]),
  },
  {
    openai: 'redirects (302)',
    caller: '502 `upstream_redirected`',
    books: 'nothing',
    answer: reply(302, { location: 'http://127.0.0.1:1/v1/steal' }, '{}'),
  },
];

const ANSWERS: readonly UpstreamCase[] = [
  {
    openai: 'resets in mid-JSON',
    caller: BROKEN,
    books: BROKEN_HOLD,
    answer: raw([head(200, { ...JSON_HEAD, 'content-length': '5000' }), TEXT.slice(0, 60)], 'reset'),
  },
  {
    openai: 'closes in mid-JSON, before the length that it named',
    caller: BROKEN,
    books: BROKEN_HOLD,
    answer: raw([head(200, { ...JSON_HEAD, 'content-length': '5000' }), TEXT.slice(0, 60)]),
  },
  {
    openai: 'closes after its JSON, before the length that it named',
    caller: BROKEN,
    books: USED,
    answer: raw([head(200, { ...JSON_HEAD, 'content-length': '5000' }), TEXT]),
  },
  {
    openai: 'closes in mid-JSON, without a length (HTTP/1.0)',
    caller: BROKEN,
    books: BROKEN_HOLD,
    answer: raw(['HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n', TEXT.slice(0, -1)]),
  },
  {
    openai: 'falls silent in mid-JSON',
    caller: BROKEN,
    books: BROKEN_HOLD,
    answer: raw([head(200, { ...JSON_HEAD, 'content-length': '5000' }), TEXT.slice(0, 60)], 'silence'),
  },
  {
    openai: 'answers 200 with HTML',
    caller: BROKEN,
    books: BROKEN_HOLD,
    answer: reply(200, { 'content-type': 'text/html' }, '<html>'),
  },
  {
    openai: 'answers 204, without a body',
    caller: BROKEN,
    books: BROKEN_HOLD,
    answer: raw([head(204, { connection: 'close' })]),
  },
  {
    openai: 'answers in gzip, unasked',
    caller: 'its answer',
    books: USED,
    answer: coded('gzip', gzipSync(TEXT)),
  },
  {
    openai: 'answers in deflate, unasked',
    caller: 'its answer',
    books: USED,
    answer: coded('deflate', deflateSync(TEXT)),
  },
  {
    openai: 'answers in Brotli, unasked',
    caller: 'its answer',
    books: USED,
    answer: coded('br', brotliCompressSync(TEXT)),
  },
  {
    openai: 'answers in gzip that is none',
    caller: BROKEN,
    books: BROKEN_HOLD,
    answer: coded('gzip', Buffer.from(TEXT)),
  },
  {
    openai: 'answers in gzip that stops half-way',
    caller: BROKEN,
    books: BROKEN_HOLD,
    answer: coded('gzip', gzipSync(TEXT).subarray(0, 90)),
  },
  {
    openai: 'answers in a coding that is not known',
    caller: BROKEN,
    books: BROKEN_HOLD,
    answer: coded('x-own', Buffer.from(TEXT)),
  },
  { openai: 'answers 100 MB of JSON', caller: 'its answer', books: USED, answer: raw(largeJson(100)) },
  {
    openai: 'resets in mid-JSON, past the 8 MB that are taken whole',
    caller: 'its bytes so far, then a connection that breaks',
    books: BROKEN_HOLD,
    answer: raw(largeJson(12, false), 'reset'),
  },
  {
    openai: 'closes in mid-JSON, past the 8 MB that are taken whole',
    caller: 'its bytes so far, then a connection that breaks',
    books: BROKEN_HOLD,
    answer: raw(largeJson(12, false)),
  },
];

const USAGES: readonly UpstreamCase[] = [
  { openai: 'says no usage', caller: 'its answer', books: NO_USAGE, answer: chat(undefined) },
  { openai: 'says `"usage": null`', caller: 'its answer', books: NO_USAGE, answer: chat(null) },
  {
    openai: 'says a negative usage',
    caller: 'its answer',
    books: NO_USAGE,
    answer: chat({ ...USAGE, prompt_tokens: -1 }),
  },
  {
    openai: 'says a usage in fractions',
    caller: 'its answer',
    books: NO_USAGE,
    answer: chat({ ...USAGE, completion_tokens: 0.5 }),
  },
  {
    openai: 'says a usage beyond 2^53',
    caller: 'its answer',
    books: NO_USAGE,
    answer: chat({ ...USAGE, prompt_tokens: 1e300 }),
  },
  {
    openai: 'says a usage in words',
    caller: 'its answer',
    books: NO_USAGE,
    answer: chat({ ...USAGE, prompt_tokens: '9' }),
  },
  {
    openai: 'says its usage in the wrong place',
    caller: 'its answer',
    books: NO_USAGE,
    answer: reply(
      200,
      JSON_HEAD,
      JSON.stringify({ ...CHAT, usage: undefined, choices: [{ ...CHAT.choices[0], usage: USAGE }] }),
    ),
  },
  {
    openai: 'says two usages: the last counts',
    caller: 'its answer',
    books: USED,
    answer: reply(200, JSON_HEAD, TEXT.replace('{', '{"usage":{"prompt_tokens":1,"completion_tokens":1},')),
  },
  {
    openai: 'says more usage than the worst case',
    caller: 'its answer',
    books: 'what it used, flagged `over_hold`',
    answer: chat(oversize),
  },
];

const ERRORS: readonly UpstreamCase[] = [400, 403, 404, 429, 500, 503]
  .map(
    (status): UpstreamCase => ({
      openai: `answers ${status}`,
      caller: 'its error',
      books: 'nothing',
      answer: reply(status, { ...JSON_HEAD, 'x-should-retry': 'false' }, failure),
    }),
  )
  .concat(
    [400, 429, 500].map((status) => ({
      openai: `answers ${status}, and says that it used something`,
      caller: 'its error',
      books: USED,
      answer: reply(status, JSON_HEAD, paidFailure),
    })),
  )
  .concat([
    {
      openai: 'answers 500 with HTML',
      caller: 'its error',
      books: 'nothing',
      answer: reply(500, { 'content-type': 'text/html' }, '<html>'),
    },
    {
      openai: 'breaks off in a 500',
      caller: BROKEN,
      books: 'nothing',
      answer: raw([head(500, { ...JSON_HEAD, 'content-length': '5000' }), failure], 'reset'),
    },
    {
      openai: 'answers 500 with 20 MB',
      caller: 'its error',
      books: 'nothing',
      answer: reply(500, JSON_HEAD, `{"error":{"message":"${'x'.repeat(20 * MEGABYTE)}"}}`),
    },
  ]);

const STREAMS: readonly UpstreamCase[] = (
  [
    { openai: 'resets a stream before its first event', answer: events([], 'reset') },
    { openai: 'resets a stream between two events', answer: events(CHAT_STREAM.slice(0, 2), 'reset') },
    {
      openai: 'resets a stream in mid-event',
      answer: events([...CHAT_STREAM.slice(0, 2), 'data: {"choi'], 'reset'),
    },
    { openai: 'closes a stream before its end', answer: events(CHAT_STREAM.slice(0, 2)) },
    { openai: 'closes a stream in mid-event', answer: events([...CHAT_STREAM.slice(0, 2), 'data: {"choi']) },
    { openai: 'falls silent in mid-stream', answer: events(CHAT_STREAM.slice(0, 2), 'silence') },
    {
      openai: 'says a usage with every event, and resets: it is not the last word',
      answer: events([event({ ...CHUNKS[1], usage: USAGE })], 'reset'),
    },
    {
      openai: 'streams in gzip that stops half-way',
      answer: raw([
        head(200, { ...SSE_HEAD, 'content-encoding': 'gzip', connection: 'close' }),
        gzipSync(CHAT_STREAM.join('')).subarray(0, 60),
      ]),
    },
  ] as const
)
  .map(
    (each): UpstreamCase => ({
      ...each,
      caller: 'its events so far, then an error event',
      books: BROKEN_HOLD,
      stream: true,
    }),
  )
  .concat(
    (
      [
        {
          openai: 'streams comments, unknown fields and odd line ends',
          books: USED,
          answer: events([
            ': hi\n\n',
            'retry: 1\nfoo\nbar: 1\n',
            CHAT_STREAM.join('').replaceAll('\n', '\r\n'),
          ]),
        },
        {
          openai: 'streams data that is no JSON',
          books: USED,
          answer: events(['event: x\ndata: {"a\n\n', ...CHAT_STREAM]),
        },
        {
          openai: 'streams bytes that are no UTF-8',
          books: USED,
          answer: reply(200, SSE_HEAD, Buffer.concat([NO_UTF8_EVENT, Buffer.from(CHAT_STREAM.join(''))])),
        },
        {
          openai: 'streams in gzip, unasked',
          books: USED,
          answer: reply(200, { ...SSE_HEAD, 'content-encoding': 'gzip' }, gzipSync(CHAT_STREAM.join(''))),
        },
        { openai: 'streams 100 MB', books: USED, answer: raw(largeStream(100)) },
        { openai: 'streams no usage', books: NO_USAGE, answer: events([...CHAT_STREAM.slice(0, 3), DONE]) },
        {
          openai: 'streams a negative usage',
          books: NO_USAGE,
          answer: events([
            ...CHAT_STREAM.slice(0, 3),
            event({ ...USAGE_CHUNK, usage: { ...USAGE, completion_tokens: -5 } }),
            DONE,
          ]),
        },
        {
          openai: 'streams its usage with the last of its output',
          books: USED,
          answer: events([...CHAT_STREAM.slice(0, 2), event({ ...CHUNKS[2], usage: USAGE }), DONE]),
        },
        {
          openai: 'streams two usages: the last counts',
          books: USED,
          answer: events([
            event({ ...USAGE_CHUNK, usage: { prompt_tokens: 1, completion_tokens: 1 } }),
            ...CHAT_STREAM,
          ]),
        },
        {
          openai: 'streams more usage than the worst case',
          books: 'what it used, flagged `over_hold`',
          answer: events([...CHAT_STREAM.slice(0, 3), event({ ...USAGE_CHUNK, usage: oversize }), DONE]),
        },
        {
          openai: 'streams an error event',
          books: NO_USAGE,
          answer: events([
            ...CHAT_STREAM.slice(0, 2),
            event({ error: { message: 'overloaded', code: 'c' } }),
          ]),
        },
        {
          openai: 'turns a request down in a stream, before its first output',
          books: 'nothing',
          answer: events([event({ error: quota })]),
        },
        {
          openai: 'turns a request down in the midst of its output',
          books: 'its input, and what was seen, flagged `estimated`',
          answer: events([...CHAT_STREAM.slice(0, 2), event({ error: quota })]),
        },
        {
          openai: 'resets a stream after its last event',
          books: USED,
          answer: events(CHAT_STREAM, 'reset'),
        },
        {
          openai: 'streams its usage in an event of 17 MB, which is not read',
          books: NO_USAGE,
          answer: events([event({ ...USAGE_CHUNK, x: 'x'.repeat(17 * MEGABYTE) }), DONE]),
        },
      ] as const
    ).map((each): UpstreamCase => ({ ...each, caller: 'its events', stream: true })),
  );

export const UPSTREAM_CASES: readonly UpstreamCase[] = [
  ...CONNECTIONS,
  ...ANSWERS,
  ...USAGES,
  ...ERRORS,
  ...STREAMS,
];
