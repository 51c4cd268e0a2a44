import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import Socket, { type WebSocket, WebSocketServer } from 'ws';
import { type ResponsesSocketOptions, serveResponses } from '../../../client/src/websocket/serve.ts';
import type { TurnNote } from '../../../client/src/websocket/turn.ts';
import { listen } from '../../../local/http.ts';

const servers: Server[] = [];
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Event = Record<string, unknown> & { type: string };
type Stage = (body: Record<string, unknown>, response: ServerResponse, request: IncomingMessage) => unknown;

interface Opened {
  readonly socket: WebSocket;
  readonly bodies: Record<string, unknown>[];
  readonly notes: TurnNote[];
  /** Every message so far. */
  readonly seen: Event[];
  /** Sends a turn, and returns the messages up to the end of it. */
  readonly turn: (members: object) => Promise<Event[]>;
}

/** A socket that is served in front of a stage that answers as it is told. */
async function open(stage: Stage, options: Partial<ResponsesSocketOptions> = {}): Promise<Opened> {
  const bodies: Record<string, unknown>[] = [];
  const notes: TurnNote[] = [];
  const upstream = createServer(async (request, response) => {
    const body = JSON.parse(await textOf(request));
    bodies.push(body);
    await stage(body, response, request);
  });
  servers.push(upstream);
  const url = `http://127.0.0.1:${await listen(upstream, 0)}`;
  const server = createServer();
  servers.push(server);
  const accepting = new WebSocketServer({ server });
  accepting.on('connection', (socket) =>
    serveResponses(socket, {
      post: (body, signal) => fetch(url, { method: 'POST', body, signal }),
      onTurn: (note) => notes.push(note),
      ...options,
    }),
  );
  const socket = new Socket(`ws://127.0.0.1:${await listen(server, 0)}`);
  sockets.push(socket);
  const seen: Event[] = [];
  socket.on('message', (data) => void seen.push(JSON.parse(String(data))));
  await once(socket, 'open');
  const turn = async (members: object) => {
    const from = seen.length;
    socket.send(JSON.stringify({ type: 'response.create', ...members }));
    const end = () =>
      seen.slice(from).findIndex(({ type }) => /^(error|response\.(completed|failed))$/.test(type));
    await expect.poll(end).toBeGreaterThanOrEqual(0);
    return seen.slice(from, from + end() + 1);
  };
  return { socket, bodies, notes, seen, turn };
}

/** A stream as OpenAI sends it. */
function streamed(response: ServerResponse, id: string, output: object[] = [], cost?: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'openai-proxy-cache': 'miss' });
  const event = (type: string, members: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`);
  event('response.created', { sequence_number: 0, response: { id, output: [] } });
  event('response.completed', { sequence_number: 1, response: { id, output } });
  response.end(cost === undefined ? '' : `: openai-proxy-cost ${cost}\n\n`);
}

const said = (content: string) => ({ type: 'message', role: 'user', content });
const SAYS = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'yes' }],
};
const THINKS = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' };
const refused = (response: ServerResponse, status: number, error: object) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error }));
};

describe('a turn over WebSocket', () => {
  it('is a streamed POST of the same members, and its events are messages', async () => {
    const { turn, bodies, notes } = await open((_, response) =>
      streamed(response, 'resp_1', [SAYS], '0.001'),
    );
    const events = await turn({ model: 'gpt-5', input: 'Is it?', tools: [] });
    expect(bodies).toEqual([{ model: 'gpt-5', input: 'Is it?', tools: [], stream: true }]);
    expect(events.map(({ type }) => type)).toEqual(['response.created', 'response.completed']);
    await expect.poll(() => notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({ status: 200, cost: '0.001', cache: 'miss', broken: false, left: false });
  });

  it('keeps the order of members and the way numbers are written', async () => {
    let body = '';
    const { socket, seen } = await open(() => undefined, {
      post: async (sent) => {
        body = sent;
        return new Response('{"error":{"message":"m"}}', { status: 400 });
      },
    });
    socket.send('{"type":"response.create","model":"m","x":{"10":1.0,"2":12345678901234567890}}');
    await expect.poll(() => seen.length).toBe(1);
    expect(body).toBe('{"model":"m","x":{"10":1.0,"2":12345678901234567890},"stream":true}');
  });

  it('carries its stream_id in every event, and does not send it on', async () => {
    const { turn, bodies } = await open((_, response) => streamed(response, 'resp_1'));
    const events = await turn({ model: 'm', input: 'a', stream_id: 'lane "1"' });
    expect(events.map((event) => event['stream_id'])).toEqual(['lane "1"', 'lane "1"']);
    expect(bodies[0]).not.toHaveProperty('stream_id');
  });

  it('waits for the one before it on its lane, and for none on another', async () => {
    const gates = new Map<unknown, PromiseWithResolvers<void>>();
    const { socket, bodies, seen } = await open(async (body, response) => {
      const gate = Promise.withResolvers<void>();
      gates.set(body['input'], gate);
      await gate.promise;
      streamed(response, `resp_${body['input']}`);
    });
    const send = (input: string, stream_id?: string) =>
      socket.send(JSON.stringify({ type: 'response.create', model: 'm', input, stream_id }));
    send('first');
    send('second');
    send('beside', 'b');
    await expect.poll(() => bodies.map(({ input }) => input)).toEqual(['first', 'beside']);
    gates.get('first')?.resolve();
    await expect.poll(() => bodies.map(({ input }) => input)).toEqual(['first', 'beside', 'second']);
    for (const gate of gates.values()) gate.resolve();
    await expect.poll(() => seen.filter(({ type }) => type === 'response.completed')).toHaveLength(3);
  });

  it.each([
    ['not JSON', '{', 'invalid_json', null],
    ['a list', '[]', 'invalid_json', null],
    ['another event', '{"type":"response.steer"}', 'unsupported_event', 'type'],
    [
      'a background response',
      '{"type":"response.create","background":true}',
      'unsupported_parameter',
      'background',
    ],
    ['a lane that is no text', '{"type":"response.create","stream_id":7}', 'invalid_type', 'stream_id'],
  ])('is refused if it is %s, and the socket goes on', async (_, message, code, param) => {
    const { socket, seen, turn, bodies } = await open((_body, response) => streamed(response, 'resp_1'));
    socket.send(message);
    await expect.poll(() => seen.length).toBe(1);
    expect(seen[0]).toMatchObject({
      type: 'error',
      status: 400,
      error: { type: 'invalid_request_error', code, param, message: expect.any(String) },
    });
    expect(bodies).toEqual([]);
    expect(await turn({ model: 'm', input: 'a' })).toHaveLength(2);
  });

  it('is refused in binary, and the socket goes on', async () => {
    const { socket, seen } = await open(() => undefined);
    socket.send(Buffer.from('{"type":"response.create"}'));
    await expect.poll(() => seen).toMatchObject([{ type: 'error', error: { code: 'invalid_json' } }]);
  });

  it('is told what the stage refused, with its status', async () => {
    const { turn, notes } = await open((_, response) =>
      refused(response, 429, {
        message: 'Limit.',
        type: 'insufficient_quota',
        code: 'insufficient_quota',
        param: null,
      }),
    );
    expect(await turn({ model: 'm', input: 'a' })).toEqual([
      {
        type: 'error',
        status: 429,
        error: { message: 'Limit.', type: 'insufficient_quota', code: 'insufficient_quota', param: null },
      },
    ]);
    await expect.poll(() => notes).toMatchObject([{ status: 429, broken: false }]);
  });

  it('is told that the stage broke off in the middle', async () => {
    const { turn, notes } = await open((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: response.created\ndata: {"type":"response.created"}\n\n', () =>
        response.destroy(),
      );
    });
    const events = await turn({ model: 'm', input: 'a' });
    expect(events.at(-1)).toMatchObject({ type: 'error', status: 502, error: { code: 'stage_broken' } });
    await expect.poll(() => notes).toMatchObject([{ broken: true }]);
  });

  it('is told nothing more after an error that the stage itself wrote into a stream it had to end', async () => {
    const { socket, seen } = await open((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: error\ndata: {"type":"error","sequence_number":3}\n\n');
      response.write('event: response.failed\ndata: {"type":"response.failed","sequence_number":4}\n\n', () =>
        response.destroy(),
      );
    });
    socket.send('{"type":"response.create","model":"m"}');
    await expect.poll(() => seen.map(({ type }) => type)).toEqual(['error', 'response.failed']);
  });

  it('leaves the stage when its caller closes the socket', async () => {
    const left = Promise.withResolvers<void>();
    const { socket, bodies, notes } = await open((_, response, request) => {
      request.socket.on('close', () => left.resolve());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    socket.send('{"type":"response.create","model":"m"}');
    await expect.poll(() => bodies.length).toBe(1);
    socket.close();
    await left.promise;
    await expect.poll(() => notes).toMatchObject([{ left: true, broken: false }]);
  });

  it('cannot be one of any number that wait', async () => {
    const { socket, seen } = await open(() => undefined);
    for (let n = 0; n < 40; n += 1) socket.send(`{"type":"response.create","model":"m","stream_id":"l"}`);
    await expect.poll(() => seen.length).toBe(8);
    expect(seen[0]).toMatchObject({ type: 'error', stream_id: 'l', error: { code: 'too_many_turns' } });
  });

  it('is not taken once the socket was open for its time', async () => {
    const { socket, seen } = await open((_, response) => streamed(response, 'resp_1'), { lifetimeMs: 30 });
    await once(socket, 'close');
    expect(seen).toMatchObject([
      { type: 'error', status: 400, error: { code: 'websocket_connection_limit_reached' } },
    ]);
  });
});

describe('going on from a response that is not stored', () => {
  it('sends the whole context, with its reasoning, for as many turns as there are', async () => {
    let turns = 0;
    const { turn, bodies } = await open((_, response) => {
      turns += 1;
      streamed(response, `resp_${turns}`, [
        { ...THINKS, id: `rs_${turns}` },
        { ...SAYS, id: `msg_${turns}` },
      ]);
    });
    await turn({ model: 'm', store: false, input: 'turn 1' });
    for (let n = 2; n <= 20; n += 1) {
      const input = [said(`turn ${n}`)];
      await turn({ model: 'm', store: false, previous_response_id: `resp_${n - 1}`, input });
    }
    const last = bodies.at(-1) ?? {};
    expect(last).not.toHaveProperty('previous_response_id');
    expect(last['include']).toEqual(['reasoning.encrypted_content']);
    expect(last['input']).toHaveLength(20 + 2 * 19);
    expect((last['input'] as object[]).slice(0, 4)).toEqual([
      said('turn 1'),
      THINKS,
      { ...SAYS, id: 'msg_1' },
      said('turn 2'),
    ]);
  });

  it('asks for reasoning once of a model that has none to give, and goes on without', async () => {
    const { turn, bodies } = await open((body, response) =>
      body['include'] === undefined
        ? streamed(response, 'resp_1')
        : refused(response, 400, { message: 'Encrypted content is not supported with this model.' }),
    );
    const model = 'plain-model';
    expect(await turn({ model, store: false, input: 'a' })).toHaveLength(2);
    expect(await turn({ model, store: false, input: 'b', previous_response_id: 'resp_1' })).toHaveLength(2);
    expect(bodies.map(({ include }) => include)).toEqual([
      ['reasoning.encrypted_content'],
      undefined,
      undefined,
    ]);
  });

  it('leaves out reasoning without its content, which nobody has stored', async () => {
    const { encrypted_content: _, ...bare } = THINKS;
    const { turn, bodies } = await open((_body, response) => streamed(response, 'resp_1', [bare, SAYS]));
    await turn({ model: 'm', store: false, input: 'a' });
    await turn({ model: 'm', store: false, input: 'b', previous_response_id: 'resp_1' });
    expect(bodies[1]?.['input']).toEqual([said('a'), SAYS, said('b')]);
  });

  it('can fork onto another lane', async () => {
    let turns = 0;
    const { turn, bodies } = await open((_, response) => {
      turns += 1;
      streamed(response, `resp_${turns}`, [SAYS]);
    });
    await turn({ model: 'm', store: false, input: 'a' });
    await turn({ model: 'm', store: false, input: 'b', previous_response_id: 'resp_1', stream_id: 'fork' });
    await turn({ model: 'm', store: false, input: 'c', previous_response_id: 'resp_1' });
    expect(bodies[1]?.['input']).toEqual([said('a'), SAYS, said('b')]);
    expect(bodies[2]?.['input']).toEqual([said('a'), SAYS, said('c')]);
  });

  it('is over after a turn that failed: the caller sends the whole context again', async () => {
    let turns = 0;
    const { turn, bodies } = await open((body, response) => {
      turns += 1;
      if (turns === 1) streamed(response, 'resp_1');
      else if (body['previous_response_id'] !== undefined)
        refused(response, 404, { message: 'Not found.', code: 'not_found', param: null });
      else refused(response, 500, { message: 'm' });
    });
    await turn({ model: 'm', store: false, input: 'a' });
    await turn({ model: 'm', store: false, input: 'b', previous_response_id: 'resp_1' });
    const events = await turn({ model: 'm', store: false, input: 'c', previous_response_id: 'resp_1' });
    expect(bodies[2]).toMatchObject({ previous_response_id: 'resp_1', input: 'c' });
    expect(events).toMatchObject([
      {
        type: 'error',
        status: 400,
        error: { code: 'previous_response_not_found', param: 'previous_response_id' },
      },
    ]);
  });

  it('is over where the context is larger than can be sent', async () => {
    const large = { ...SAYS, content: 'x'.repeat(7 * 1024 * 1024) };
    const { turn, bodies } = await open((_, response) => streamed(response, 'resp_1', [large]));
    await turn({ model: 'm', store: false, input: 'a' });
    await turn({ model: 'm', store: false, input: 'b', previous_response_id: 'resp_1' });
    expect(bodies[1]).toMatchObject({ previous_response_id: 'resp_1', input: 'b' });
  });

  it('leaves what OpenAI stores to OpenAI', async () => {
    const { turn, bodies } = await open((_, response) => streamed(response, 'resp_1', [SAYS]));
    await turn({ model: 'm', input: 'a' });
    await turn({ model: 'm', input: 'b', previous_response_id: 'resp_1' });
    expect(bodies).toEqual([
      { model: 'm', input: 'a', stream: true },
      { model: 'm', input: 'b', previous_response_id: 'resp_1', stream: true },
    ]);
  });
});

describe('a turn with generate: false', () => {
  it('asks nobody, and leaves a response to go on from', async () => {
    const { turn, bodies } = await open((_, response) => streamed(response, 'resp_1'));
    const events = await turn({
      model: 'm',
      generate: false,
      input: [said('a')],
      previous_response_id: 'resp_0',
    });
    expect(bodies).toEqual([]);
    expect(events).toMatchObject([
      { type: 'response.created', sequence_number: 0, response: { object: 'response', output: [] } },
      { type: 'response.completed', sequence_number: 1, response: { status: 'completed', model: 'm' } },
    ]);
    const prepared = events.map((event) => event['response'] as { id: string });
    const id = prepared[1]?.id;
    expect(id).toMatch(/^resp_\w+$/);
    await turn({ model: 'm', input: 'b', previous_response_id: id });
    expect(bodies).toEqual([
      { model: 'm', input: [said('a'), said('b')], previous_response_id: 'resp_0', stream: true },
    ]);
  });
});
