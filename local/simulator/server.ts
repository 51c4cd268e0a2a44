import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { bundledPrices } from '../../prices/load.ts';
import { LOOPBACK, listen } from '../http.ts';
import { closedToWebPages } from '../web-pages.ts';
import { createAccount, type Served } from './account.ts';
import { checkAdminAuthorization, checkAuthorization } from './authorization.ts';
import { readBody } from './body.ts';
import { pricedModels } from './catalogue.ts';
import { findEndpoint } from './endpoints.ts';
import { createFaults, type Faults } from './faults.ts';
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
  /** The only key that its organization API accepts; any that begins with `sk-admin-` where it is absent. */
  readonly adminKey?: string;
  /** Milliseconds between two events of a stream; 15 unless told. */
  readonly chunkDelayMs?: number;
  /** Milliseconds that a background response and a batch take; 3,000 unless told. */
  readonly jobMs?: number;
  /** The time that these go by, in milliseconds since the epoch; the machine's unless told. */
  readonly nowMs?: () => number;
}

export interface Simulator {
  /** The base URL as the SDKs want it: `http://127.0.0.1:…/v1`. */
  readonly url: string;
  /** Lets it fail as OpenAI does. */
  readonly faults: Faults;
  /** Stops listening and cuts what is still being sent. */
  close(): Promise<void>;
}

const DEFAULT_CHUNK_DELAY_MS = 15;
const DEFAULT_JOB_MS = 3_000;
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
  const simulation = newSimulation(options);
  const server = closedToWebPages(
    createServer((request, response) => {
      handle(request, response, simulation, options).catch(() => response.destroy());
    }),
  );
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const port = await listen(server, options.port);
  return {
    url: `http://${LOOPBACK}:${port}/v1`,
    faults: simulation.faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The project of a request that names none. */
const PROJECT = 'proj_simulated';

/** What the account remembers, whoever asks. */
type Remembered = Omit<Simulation, 'bill'>;

function newSimulation({
  models = pricedModels(),
  jobMs = DEFAULT_JOB_MS,
  nowMs = () => Date.now(),
}: SimulatorOptions): Remembered {
  let ids = 0;
  return {
    models,
    prompts: new PromptCache(),
    responses: responseStore(),
    account: createAccount(bundledPrices()),
    newId(prefix) {
      ids += 1;
      return prefix + digest('id', process.pid, Date.now(), ids).slice(0, 32);
    },
    now: () => Math.floor(Date.now() / 1000),
    nowMs,
    files: new Map(),
    batches: new Map(),
    uploads: new Map(),
    conversations: new Map(),
    chats: new Map(),
    sounds: new Map(),
    jobMs,
    faults: createFaults(),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  remembered: Remembered,
  options: SimulatorOptions,
): Promise<void> {
  const began = performance.now();
  const { 'openai-project': named } = request.headers;
  const project = typeof named === 'string' && named !== '' ? named : PROJECT;
  const { account, now } = remembered;
  const simulation = { ...remembered, bill: (served: Served) => account.add(served, project, now()) };
  const reply = await answer(request, simulation, options);
  const { chunkDelayMs = DEFAULT_CHUNK_DELAY_MS } = options;
  for (const [name, value] of Object.entries(headers(simulation, project, performance.now() - began))) {
    response.setHeader(name, value);
  }
  const cut = request.method === 'POST' && isAnswer(reply) ? remembered.faults.takeCut() : undefined;
  await send(reply, response, chunkDelayMs, cut);
}

function isAnswer(reply: Reply): boolean {
  return reply.kind !== 'json' || reply.status === 200;
}

/** What only an organization's admin may ask. */
const ORGANIZATION = /^\/v1\/organization\//;

/** Answers whatever comes; a fault of the simulator's own is a 500, as it is at OpenAI. */
async function answer(
  request: IncomingMessage,
  simulation: Simulation,
  { apiKey, adminKey }: SimulatorOptions,
): Promise<Reply> {
  const method = request.method ?? 'GET';
  const [path = '/', query] = (request.url ?? '/').split('?');
  const { authorization } = request.headers;
  const unauthorized = ORGANIZATION.test(path)
    ? checkAdminAuthorization(authorization, adminKey)
    : checkAuthorization(authorization, apiKey);
  if (unauthorized !== undefined) return unauthorized;
  const found = findEndpoint(method, path);
  if (found === undefined) return apiError(404, `Invalid URL (${method} ${path})`);
  const read = await readBody(request);
  if (isReply(read)) return read;
  try {
    return found.endpoint(
      { ...read, id: found.id, part: found.part, query: new URLSearchParams(query) },
      simulation,
    );
  } catch {
    const message = 'The server had an error while processing your request. Sorry about that!';
    return apiError(500, message, { type: 'server_error' });
  }
}

function headers(simulation: Simulation, project: string, processingMs: number): Record<string, string> {
  return {
    'openai-organization': 'simulated-organization',
    'openai-processing-ms': String(Math.ceil(processingMs)),
    'openai-project': project,
    'openai-version': '2020-10-01',
    'x-request-id': simulation.newId('req_'),
    ...LIMITS,
  };
}
