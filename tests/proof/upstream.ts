import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Picodollars } from '../../shared/core/money.ts';
import { event } from '../support/scripted-upstream.ts';
import { type Asked, askedIn, costOf } from './questions.ts';

/** How far the upstream is with an answer. */
export type Progress = 'received' | 'head' | 'middle' | 'last';

/** OpenAI's stand-in of a proof: answers what each question says, and keeps its own account of what it charges. */
export interface Upstream {
  readonly baseUrl: string;
  /** How often each question arrived, by its number. */
  readonly received: ReadonlyMap<number, number>;
  /** What all questions that arrived cost. */
  readonly charged: () => Picodollars;
  readonly inFlight: () => number;
  readonly mostInFlight: () => number;
  /** Called as an answer proceeds; what it awaits holds the answer up. */
  watch(watcher: (progress: Progress, question: number) => void | Promise<void>): void;
  close(): Promise<void>;
}

const CHUNKS = 5;

/** Starts the upstream, on a free port. */
export async function startUpstream(): Promise<Upstream> {
  const received = new Map<number, number>();
  let charged = 0n;
  let inFlight = 0;
  let mostInFlight = 0;
  let watcher: Parameters<Upstream['watch']>[0] = () => {};

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = askedIn(await textOf(request));
    received.set(asked.number, (received.get(asked.number) ?? 0) + 1);
    charged += costOf(asked.model, asked);
    inFlight += 1;
    mostInFlight = Math.max(mostInFlight, inFlight);
    try {
      const tell = async (progress: Progress) => watcher(progress, asked.number);
      await tell('received');
      const write = asked.stream ? writeStream : writeWhole;
      await write(response, new URL(request.url ?? '', 'http://upstream').pathname, asked, tell);
    } finally {
      inFlight -= 1;
    }
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    charged: () => charged,
    inFlight: () => inFlight,
    mostInFlight: () => mostInFlight,
    watch: (next) => {
      watcher = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Tell = (progress: Progress) => Promise<void>;

async function writeWhole(response: ServerResponse, path: string, asked: Asked, tell: Tell): Promise<void> {
  await sleep(asked.latencyMs / 2);
  const text = JSON.stringify(path.endsWith('/responses') ? wholeResponse(asked) : wholeChat(asked));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.flushHeaders();
  await tell('head');
  await sleep(asked.latencyMs / 4);
  response.write(text.slice(0, 40));
  await tell('middle');
  await sleep(asked.latencyMs / 4);
  response.end(text.slice(40));
  await tell('last');
}

async function writeStream(response: ServerResponse, path: string, asked: Asked, tell: Tell): Promise<void> {
  await sleep(asked.latencyMs / 2);
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
  await tell('head');
  const pieces = path.endsWith('/responses') ? responsePieces(asked) : chatPieces(asked);
  for (const [index, piece] of pieces.entries()) {
    response.write(piece);
    if (index === CHUNKS - 2) await tell('middle');
    await sleep(asked.latencyMs / 2 / pieces.length);
  }
  response.end();
  await tell('last');
}

function wholeChat(asked: Asked) {
  const message = { role: 'assistant', content: 'Blue, quietly.', refusal: null };
  const choices = [{ index: 0, finish_reason: 'stop', logprobs: null, message }];
  return { ...chatHead(asked, 'chat.completion'), choices, usage: chatUsage(asked) };
}

function chatPieces(asked: Asked): string[] {
  const head = chatHead(asked, 'chat.completion.chunk');
  const chunk = (delta: object, finish: string | null) =>
    event({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
  const words = Array.from({ length: CHUNKS }, () => chunk({ content: 'blue ' }, null));
  const usage = event({ ...head, choices: [], usage: chatUsage(asked) });
  return [...words, chunk({}, 'stop'), usage, 'data: [DONE]\n\n'];
}

function chatHead({ number, model }: Asked, object: string) {
  return { id: `chatcmpl-${number}`, object, created: 1_700_000_000, model, service_tier: 'default' };
}

function chatUsage({ prompt, cached, completion }: Asked) {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

function wholeResponse(asked: Asked) {
  const { number, model, prompt, cached, completion } = asked;
  const content = [{ type: 'output_text', text: 'Blue, quietly.', annotations: [] }];
  return {
    id: `resp_${number}`,
    object: 'response',
    created_at: 1_700_000_000,
    status: 'completed',
    model,
    service_tier: 'default',
    tools: [],
    output: [{ type: 'message', id: `msg_${number}`, status: 'completed', role: 'assistant', content }],
    usage: {
      input_tokens: prompt,
      input_tokens_details: { cached_tokens: cached },
      output_tokens: completion,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: prompt + completion,
    },
  };
}

function responsePieces(asked: Asked): string[] {
  const done = wholeResponse(asked);
  const begun = { ...done, status: 'in_progress', output: [], usage: null };
  const named = (type: string, data: object) => event({ type, ...data }, type);
  const words = Array.from({ length: CHUNKS }, () =>
    named('response.output_text.delta', { output_index: 0, content_index: 0, delta: 'blue ' }),
  );
  return [
    named('response.created', { response: begun }),
    ...words,
    named('response.completed', { response: done }),
  ];
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
