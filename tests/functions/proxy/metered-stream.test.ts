import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BodyEnd } from '../../../functions/proxy/metered-body.ts';
import { meteredStream } from '../../../functions/proxy/metered-stream.ts';
import type { MeteredEndpoint } from '../../../shared/core/endpoint.ts';
import { chatCompletions } from '../../../shared/core/endpoints/chat-completions.ts';
import { responses } from '../../../shared/core/endpoints/responses.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const CHUNK = (text: string) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: text } }] })}\n\n`;
const USAGE = `data: ${JSON.stringify({
  id: 'c',
  object: 'chat.completion.chunk',
  model: 'gpt-4o-2024-08-06',
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
})}\n\n`;
const DONE = 'data: [DONE]\n\n';

interface Run {
  readonly received: string;
  readonly end: BodyEnd;
}

async function run(
  chunks: Iterable<Uint8Array>,
  asked = false,
  options: { breaks?: boolean; endpoint?: MeteredEndpoint } = {},
): Promise<Run> {
  const pending = [...chunks];
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = pending.shift();
      if (next !== undefined) controller.enqueue(next);
      else if (options.breaks) controller.error(new Error('reset'));
      else controller.close();
    },
  });
  let end: BodyEnd | undefined;
  const body = asked ? { stream_options: { include_usage: true } } : {};
  const stream = meteredStream(source, {
    meter: (options.endpoint ?? chatCompletions).streamMeter(body),
    onDisconnect: 'drain',
    keepBytes: 1e9,
    onEnd: (seen) => {
      end = seen;
      return undefined;
    },
  });
  const received = await new Response(stream).text();
  if (end === undefined) throw new Error('the stream did not end');
  return { received, end };
}

function* cutAt(whole: Uint8Array, ...cuts: number[]) {
  let from = 0;
  for (const cut of [...cuts.sort((a, b) => a - b), whole.length]) {
    yield whole.subarray(from, cut);
    from = cut;
  }
}

const STREAMS: readonly (readonly [string, string])[] = [
  ['plain', `${CHUNK('Hello')}${CHUNK(' wörld 🎈')}`],
  ['CRLF', `${CHUNK('a')}${CHUNK('b')}`.replaceAll('\n', '\r\n')],
  ['CR', `${CHUNK('a')}${CHUNK('b')}`.replaceAll('\n', '\r')],
  ['comments and retry', `: keep-alive\n\nretry: 100\n\n${CHUNK('a')}:\n\n`],
  ['multi-line data', 'data: {"choices":\ndata: [{"delta":{"content":"a"}}]}\n\n'],
  ['data that is no JSON', 'event: ping\ndata: pong\n\n'],
  ['a byte order mark', `\uFEFF${CHUNK('a')}`],
];

describe('a stream on its way through', () => {
  it.each(STREAMS)(
    'is byte for byte what came, less the usage chunk, cut anywhere (%s)',
    async (_name, head) => {
      const ends = /\r\n|\r/.exec(head)?.[0] ?? '\n';
      const [usage, done] = [USAGE, DONE].map((event) => event.replaceAll('\n', ends));
      const whole = bytes(`${head}${usage}${done}`);
      for (let cut = 0; cut <= whole.length; cut++) {
        const { received, end } = await run(cutAt(whole, cut));
        expect(received).toBe(`${head.replace(/^\uFEFF/, '')}${done}`);
        expect(end.served?.counts).toMatchObject({ input: 3, output: 2 });
      }
    },
  );

  it('keeps the usage chunk for a caller who asked for it', async () => {
    const whole = `${CHUNK('a')}${USAGE}${DONE}`;
    const { received, end } = await run([bytes(whole)], true);
    expect(received).toBe(whole);
    expect(end.served?.model).toBe('gpt-4o-2024-08-06');
  });

  it('passes an event of a megabyte, in pieces of any size', async () => {
    const whole = bytes(`${CHUNK('x'.repeat(1_000_000))}${USAGE}${DONE}`);
    const sizes = fc.array(fc.integer({ min: 1, max: whole.length - 1 }), { maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(sizes, async (cuts) => {
        const { received, end } = await run(cutAt(whole, ...cuts));
        expect(received).toBe(`${CHUNK('x'.repeat(1_000_000))}${DONE}`);
        expect(end.served?.counts.output).toBe(2);
      }),
      { numRuns: 10 },
    );
  });

  it('passes bytes that are no UTF-8 as they came', async () => {
    const noise = Buffer.concat([
      Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 0x0a, 0x0a]),
      bytes(DONE),
    ]);
    const source = new Blob([noise]).stream();
    const stream = meteredStream(source, {
      meter: chatCompletions.streamMeter({}),
      onDisconnect: 'drain',
      keepBytes: 0,
      onEnd: () => undefined,
    });
    expect(Buffer.from(await new Response(stream).arrayBuffer())).toEqual(noise);
  });

  it('passes a stream that ends without a newline, and reads its usage all the same', async () => {
    const { received, end } = await run([bytes(`${CHUNK('a')}${USAGE.trimEnd()}`)], true);
    expect(received).toBe(`${CHUNK('a')}${USAGE.trimEnd()}`);
    expect(end.served?.counts.output).toBe(2);
  });

  it('ends a broken stream with an error that SDKs raise, never with half an event', async () => {
    const { received, end } = await run([bytes(`${CHUNK('a')}data: {"choi`)], false, { breaks: true });
    expect(received.startsWith(CHUNK('a'))).toBe(true);
    const rest = received.slice(CHUNK('a').length);
    expect(rest).toMatch(/^event: error\ndata: \{.*\}\n\n$/);
    expect(JSON.parse(rest.slice(rest.indexOf('{')))).toMatchObject({
      type: 'error',
      error: { code: 'upstream_broken' },
    });
    expect(end).toMatchObject({ how: 'broken', served: undefined });
  });

  it.each([
    ['after an event', CHUNK('a'), ''],
    ['in the middle of one', CHUNK('a'), 'data: {"choi'],
  ])('that just stops %s is no success: it ends with an error too', async (_name, whole, rest) => {
    const { received, end } = await run([bytes(whole + rest)]);
    expect(received).toMatch(/^data: \{.*\}\n\nevent: error\ndata: \{.*"upstream_broken".*\}\n\n$/);
    expect(end).toMatchObject({ how: 'broken', served: undefined });
  });

  it('ends with an error of its own line, where it breaks off in an event too large to be read', async () => {
    const { received } = await run([bytes(`data: ${'x'.repeat(17 * 1024 * 1024)}`)], false, { breaks: true });
    expect(received.slice(-400)).toMatch(/x\n\nevent: error\ndata: /);
  });

  it.each<[string, string]>([
    ['after its last event', 'data: [DONE]\n\n'],
    [
      'after the end of a response',
      'data: {"type":"response.completed","response":{"status":"completed"}}\n\n',
    ],
  ])('that breaks %s is complete', async (_name, last) => {
    const { received, end } = await run([bytes(CHUNK('a') + last)], false, { breaks: true });
    expect(received).toBe(CHUNK('a') + last);
    expect(end.how).toBe('complete');
  });

  it.each([
    ['data: [DONE]\n\n'],
    ['event: response.incomplete\ndata: {"type":"response.incomplete","response":{"usage":null}}\n\n'],
    ['data: {"error":{"message":"overloaded"}}\n\n'],
  ])('that says itself how it ended is left alone, usage or not: %s', async (last) => {
    const { received, end } = await run([bytes(CHUNK('a') + last)]);
    expect(received).toBe(CHUNK('a') + last);
    expect(end.how).toBe('complete');
  });

  it('reads no further ahead than its reader', async () => {
    let pulled = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++;
          controller.enqueue(bytes(CHUNK(`${pulled}`)));
        },
      },
      { highWaterMark: 0 },
    );
    const stream = meteredStream(source, {
      meter: chatCompletions.streamMeter({}),
      onDisconnect: 'cancel',
      keepBytes: 0,
      onEnd: () => undefined,
    });
    const reader = stream.getReader();
    for (let i = 0; i < 3; i++) await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pulled).toBe(3);
    await reader.cancel();
  });
});

describe('the stream of a response that breaks off', () => {
  const started = {
    id: 'resp_1',
    object: 'response',
    status: 'in_progress',
    model: 'gpt-5',
    created_at: 7,
    tools: [],
  };
  const event = (type: string, sequence_number: number, more: object = {}) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...more })}\n\n`;
  const CREATED = event('response.created', 0, { response: started });
  const DELTA = event('response.output_text.delta', 4, { delta: 'Hello' });

  /** The events that follow what came, each with its name and its data. */
  async function added(came: string, options: { breaks?: boolean } = { breaks: true }) {
    const { received } = await run([bytes(came)], false, { ...options, endpoint: responses });
    expect(received.startsWith(came)).toBe(true);
    const blocks = received.slice(came.length).split('\n\n').slice(0, -1);
    return blocks.map((block) => {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      return { name, data: JSON.parse(data ?? '') };
    });
  }

  it.each([
    ['resets', { breaks: true }],
    ['just stops', {}],
  ])('ends as OpenAI ends one that fails, where it %s', async (_how, options) => {
    const message = 'OpenAI ended this stream before its end.';
    const error = { type: 'server_error', code: 'upstream_broken', message, param: null };
    expect(await added(CREATED + DELTA, options)).toEqual([
      {
        name: 'error',
        data: { type: 'error', sequence_number: 5, code: 'upstream_broken', message, param: null, error },
      },
      {
        name: 'response.failed',
        data: {
          type: 'response.failed',
          sequence_number: 6,
          response: expect.objectContaining({
            ...started,
            status: 'failed',
            error: { code: 'server_error', message },
            output: [],
            usage: null,
            incomplete_details: null,
          }),
        },
      },
    ]);
  });

  it('ends so before its first event, too, with all that a response has', async () => {
    const [error, failed] = await added('');
    expect([error?.data.sequence_number, failed?.data.sequence_number]).toEqual([0, 1]);
    expect(failed?.data.response).toMatchObject({
      id: '',
      object: 'response',
      model: '',
      tools: [],
      metadata: {},
    });
  });
});

describe('a reader that leaves', () => {
  const endless = (cancelled: () => void) => {
    let sent = 0;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        sent++;
        if (sent <= 20) controller.enqueue(bytes(CHUNK('word')));
        else if (sent === 21) controller.enqueue(bytes(USAGE));
        else controller.close();
      },
      cancel: cancelled,
    });
  };

  const leave = async (onDisconnect: 'drain' | 'cancel') => {
    let cancelled = false;
    const ended = Promise.withResolvers<BodyEnd>();
    const stream = meteredStream(
      endless(() => {
        cancelled = true;
      }),
      {
        meter: chatCompletions.streamMeter({}),
        onDisconnect,
        keepBytes: 0,
        onEnd: (end) => {
          ended.resolve(end);
          return undefined;
        },
      },
    );
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    return { end: await ended.promise, cancelled };
  };

  it('is read on for, to the usage', async () => {
    const { end, cancelled } = await leave('drain');
    expect(end).toMatchObject({ how: 'complete', served: { counts: { output: 2 } } });
    expect(cancelled).toBe(false);
  });

  it('ends the upstream, where the project wants that', async () => {
    const { end, cancelled } = await leave('cancel');
    expect(end).toMatchObject({ how: 'left', served: undefined });
    expect(end.seenOutputBytes).toBeGreaterThan(0);
    expect(cancelled).toBe(true);
  });
});
