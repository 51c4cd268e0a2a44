import type { Server } from 'node:http';
import OpenAI from 'openai';
import type { ResponsesClientEvent, ResponsesServerEvent } from 'openai/resources/responses/responses';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { afterEach, describe, expect, it } from 'vitest';
import { createAdmin } from '../../../client/src/admin.ts';
import { createFetch } from '../../../client/src/fetch.ts';
import { createPatientFetch } from '../../../client/src/forward/connections.ts';
import { createForwarder, type ExchangeNote } from '../../../client/src/forward/server.ts';
import { listen } from '../../../local/http.ts';
import { useClientStack } from '../../support/client-stack.ts';

const { connection } = useClientStack();
const opened: ResponsesWS[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const admin = () => createAdmin({ ...connection() });

async function project(usd: string): Promise<string> {
  const name = `sockets-${Math.random().toString(36).slice(2)}`;
  await admin().run({ command: 'create-project', project: name });
  await admin().run({ command: 'set-limit', project: name, limit: usd });
  return name;
}

/** The openai package over WebSocket, through the forwarder, to the stack. */
async function open(usd = '5', paying?: string) {
  const name = paying ?? (await project(usd));
  const notes: ExchangeNote[] = [];
  const fetch = createFetch({ ...connection(), project: name, fetch: createPatientFetch() });
  const server = createForwarder({ fetch, onExchange: (note) => notes.push(note) });
  servers.push(server);
  const baseURL = `http://127.0.0.1:${await listen(server, 0)}/v1`;
  const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
  const socket = new ResponsesWS(client);
  opened.push(socket);
  const seen: ResponsesServerEvent[] = [];
  socket.on('event', (event) => void seen.push(event));
  socket.on('error', () => undefined);
  const turn = async (members: Omit<ResponsesClientEvent.ResponseCreate, 'type'>) => {
    const from = seen.length;
    socket.send({ type: 'response.create', ...members });
    const ends = ['response.completed', 'response.failed', 'error'];
    const end = () => seen.slice(from).find(({ type }) => ends.includes(type));
    await expect.poll(end).toBeDefined();
    return end();
  };
  return { project: name, client, notes, seen, turn };
}

function completed(event: ResponsesServerEvent | undefined) {
  if (event?.type !== 'response.completed') throw new Error(`no response: ${JSON.stringify(event)}`);
  return event.response;
}

const TOOL = {
  type: 'function' as const,
  name: 'look',
  description: 'Looks.',
  parameters: {
    type: 'object',
    properties: { at: { type: 'string' } },
    required: ['at'],
    additionalProperties: false,
  },
  strict: true,
};

describe('the openai package over WebSocket, through the forwarder', () => {
  it('gets a response, and its turn is held and booked as any call', async () => {
    const { turn, seen, notes, project: name } = await open();
    const response = completed(await turn({ model: 'gpt-5-mini', input: 'Why is the sea salt?' }));
    expect(response.output.length).toBeGreaterThan(0);
    expect(seen.map(({ type }) => type)).toContain('response.output_text.delta');
    await expect.poll(() => notes).toMatchObject([{ method: 'WS', path: '/v1/responses', status: 200 }]);
    const rows = async () => (await admin().run({ command: 'usage', project: name }))['rows'];
    await expect.poll(rows).toMatchObject([{ project: name, calls: 1, cost: notes[0]?.cost }]);
  });

  it.each([true, false])('goes through a tool loop of 20 turns (store: %s)', async (store) => {
    const { turn, notes } = await open('50');
    const base = { model: 'gpt-5-mini', store, tools: [TOOL] };
    let response = completed(await turn({ ...base, input: 'Look around.', tool_choice: 'required' }));
    for (let n = 1; n < 20; n += 1) {
      const [call] = response.output.filter((item) => item.type === 'function_call');
      if (call === undefined) throw new Error('the model called no tool');
      response = completed(
        await turn({
          ...base,
          previous_response_id: response.id,
          tool_choice: 'required',
          input: [
            { type: 'function_call_output', call_id: call.call_id, output: `turn ${n}` },
            { role: 'user', content: 'Look again.' },
          ],
        }),
      );
    }
    await expect.poll(() => notes.length).toBe(20);
    expect(notes.every(({ status, broken }) => status === 200 && !broken)).toBe(true);
  });

  it('prepares a turn for nothing, and goes on from it', async () => {
    const { turn, notes } = await open();
    const prepared = completed(await turn({ model: 'gpt-5-mini', generate: false, input: 'You are terse.' }));
    expect([prepared.output, prepared.usage?.total_tokens]).toEqual([[], 0]);
    const response = completed(
      await turn({ model: 'gpt-5-mini', previous_response_id: prepared.id, input: 'Why is the sea salt?' }),
    );
    expect(response.output.length).toBeGreaterThan(0);
    await expect.poll(() => notes).toHaveLength(1);
  });

  it('is told of a limit in its own words, and the socket goes on', async () => {
    const { turn, project: name } = await open('0.001');
    const refused = await turn({ model: 'gpt-5-mini', input: 'a', max_output_tokens: 100_000 });
    expect(refused).toMatchObject({ type: 'error', error: { message: expect.stringMatching(/USD|limit/) } });
    await admin().run({ command: 'set-limit', project: name, limit: '5' });
    completed(await turn({ model: 'gpt-5-mini', input: 'a' }));
  });

  it('is told that a response is not known, so that it sends the whole context', async () => {
    const { turn } = await open();
    const event = await turn({ model: 'gpt-5-mini', input: 'a', previous_response_id: 'resp_of_nobody' });
    expect(event).toMatchObject({ type: 'error', error: { code: 'previous_response_not_found' } });
  });

  it('may have two sockets at once, and a lane beside another', async () => {
    const name = await project('20');
    const [one, other] = await Promise.all([open('20', name), open('20', name)]);
    const ask = (socket: typeof one, stream_id?: string) =>
      socket.turn({ model: 'gpt-5-mini', input: 'Why?', ...(stream_id === undefined ? {} : { stream_id }) });
    const ends = await Promise.all([ask(one), ask(other, 'a')]);
    for (const end of ends) completed(end);
    expect(other.seen.every((event) => 'stream_id' in event && event.stream_id === 'a')).toBe(true);
  });
});
