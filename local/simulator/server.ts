import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { LOOPBACK, listen } from '../http.ts';
import { checkAuthorization } from './authorization.ts';
import { readJson } from './body.ts';
import { pricedModels } from './catalogue.ts';
import { findEndpoint } from './endpoints.ts';
import type { Catalogue } from './models.ts';
import { PromptCache } from './prompt-cache.ts';
import { digest } from './random.ts';
import { apiError, isReply, type Reply } from './reply.ts';
import { responseStore } from './response-store.ts';
import { send } from './send.ts';
import type { Simulation } from './simulation.ts';

export interface SimulatorOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** The models that it knows; all that have a price unless told. */
  readonly models?: Catalogue;
  /** The only key that it accepts; any key will do where it is absent. */
  readonly apiKey?: string;
  /** Milliseconds between two events of a stream; 15 unless told. */
  readonly chunkDelayMs?: number;
}

export interface Simulator {
  /** The base URL as the SDKs want it: `http://127.0.0.1:…/v1`. */
  readonly url: string;
  /** Stops listening and cuts what is still being sent. */
  close(): Promise<void>;
}

const DEFAULT_CHUNK_DELAY_MS = 15;
/** Node's own 5 seconds would cut pooled connections in the middle of somebody's experiment. */
const KEEP_ALIVE_MS = 65_000;

const LIMITS = {
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-limit-tokens': '2000000',
  'x-ratelimit-remaining-requests': '9999',
  'x-ratelimit-remaining-tokens': '1999000',
  'x-ratelimit-reset-requests': '6ms',
  'x-ratelimit-reset-tokens': '30ms',
} as const;

/** Starts a stand-in for the OpenAI API on this machine. Rejects when the port is taken. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const simulation = newSimulation(options.models ?? pricedModels());
  const server = createServer((request, response) => {
    handle(request, response, simulation, options).catch(() => response.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const port = await listen(server, options.port);
  return {
    url: `http://${LOOPBACK}:${port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function newSimulation(models: Catalogue): Simulation {
  let ids = 0;
  return {
    models,
    prompts: new PromptCache(),
    responses: responseStore(),
    newId(prefix) {
      ids += 1;
      return prefix + digest('id', process.pid, Date.now(), ids).slice(0, 32);
    },
    now: () => Math.floor(Date.now() / 1000),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  simulation: Simulation,
  { apiKey, chunkDelayMs = DEFAULT_CHUNK_DELAY_MS }: SimulatorOptions,
): Promise<void> {
  const began = performance.now();
  const reply = await answer(request, simulation, apiKey);
  for (const [name, value] of Object.entries(headers(simulation, performance.now() - began))) {
    response.setHeader(name, value);
  }
  await send(reply, response, chunkDelayMs);
}

/** Answers whatever comes; a fault of the simulator's own is a 500, as it is at OpenAI. */
async function answer(
  request: IncomingMessage,
  simulation: Simulation,
  apiKey: string | undefined,
): Promise<Reply> {
  const method = request.method ?? 'GET';
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const unauthorized = checkAuthorization(request.headers.authorization, apiKey);
  if (unauthorized !== undefined) return unauthorized;
  const found = findEndpoint(method, path);
  if (found === undefined) return apiError(404, `Invalid URL (${method} ${path})`);
  const read = await readJson(request);
  if (isReply(read)) return read;
  try {
    return found.endpoint({ body: read.body, id: found.id }, simulation);
  } catch {
    const message = 'The server had an error while processing your request. Sorry about that!';
    return apiError(500, message, { type: 'server_error' });
  }
}

function headers(simulation: Simulation, processingMs: number): Record<string, string> {
  return {
    'openai-organization': 'simulated-organization',
    'openai-processing-ms': String(Math.ceil(processingMs)),
    'openai-project': 'proj_simulated',
    'openai-version': '2020-10-01',
    'x-request-id': simulation.newId('req_'),
    ...LIMITS,
  };
}
