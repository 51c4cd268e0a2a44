import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { join, resolve } from 'node:path';
import { LOOPBACK, listen } from './http.ts';
import { createLambdaEndpoint } from './lambda-endpoint.ts';
import { choosePorts, type Ports } from './ports.ts';
import { type Principals, people, REGION, STAGES } from './principals.ts';
import { buildTasks } from './runtime/tasks.ts';
import { seed } from './seed.ts';
import { startDynamoDb, startMemcached, startSimulator } from './services.ts';
import type { FunctionModules } from './stage-host.ts';
import {
  createStageSecrets,
  type OpenAiAccount,
  OWN_FUNCTIONS,
  simulatorAdminKey,
  startStages,
} from './stages.ts';
import { openStateDirectory, readSeed, type StackJson, type StateDirectory } from './state.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';
import { createTables } from './tables.ts';

export type { StackJson } from './state.ts';

const OPENAI = 'https://api.openai.com/v1';
/** A start that takes longer will never end. */
const START_WITHIN_MS = 60_000;

export interface StackOptions {
  /** The first of the stack's ports; 0, the default: any free ones. */
  readonly port?: number;
  /** Keeps the state between runs; without it all is in memory. */
  readonly dataDirectory?: string | undefined;
  /** Where `stack.json`, credentials and logs go: the data directory, else `.local` of the working directory. */
  readonly stateDirectory?: string;
  /** A real key; without one the OpenAI simulator answers. */
  readonly openaiApiKey?: string | undefined;
  /** A real admin key of the organization, to compare the books with what OpenAI billed. */
  readonly openaiAdminKey?: string | undefined;
  /** Another upstream than OpenAI or its simulator. */
  readonly openaiBaseUrl?: string | undefined;
  /** `off`: as if the program were not installed. */
  readonly memcached?: 'auto' | 'off';
  /** More configuration for the functions of both stages, as Terraform would set it. */
  readonly functionEnvironment?: Readonly<Record<string, string>>;
  /** Other functions than Farebox's own; they start with no projects. */
  readonly modules?: FunctionModules;
  /** The entry of the real runtime client, to run the functions under: Farebox's own from their zips, built first. */
  readonly runtimeClient?: string | undefined;
  /** Gets every line that a process of the stack prints. */
  readonly onLine?: (process: string, line: string) => void;
  /** Stops a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface Stack {
  readonly info: StackJson;
  /** Everyone who can call this stack, with their keys. */
  readonly principals: Principals;
  readonly state: StateDirectory;
  /** Whether a simulator answers in OpenAI's place. */
  readonly simulated: boolean;
  /** Where the zips are that the functions run from; `undefined` where they run from their sources. */
  readonly zips: string | undefined;
  readonly processes: Supervisor['processes'];
  /** Fulfilled with the reason when a process of the stack ends by itself; the stack must then be stopped. */
  readonly failed: Promise<string>;
  /** Ends every process. May be called more than once. */
  stop(): Promise<void>;
}

/** What is under way while a stack starts, and lives as long as it. */
interface Site {
  readonly supervisor: Supervisor;
  readonly servers: Server[];
  readonly ports: Ports;
  /** Where the stack's files are. */
  readonly directory: string;
  readonly aborted: AbortSignal;
  readonly log: (name: string, line: string) => void;
}

/**
 * Starts the whole system on this machine, on loopback, and waits until it can be used.
 *
 * @throws Error that says what went wrong, after all that was started has been stopped again
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const data = options.dataDirectory === undefined ? undefined : resolve(options.dataDirectory);
  const directory = resolve(options.stateDirectory ?? data ?? '.local');
  const state = openStateDirectory(directory);
  const log = (name: string, line: string) => {
    state.log(name, line);
    options.onLine?.(name, line);
  };
  const supervisor = createSupervisor(log);
  const stopping = new AbortController();
  const servers: Server[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= stopAll(stopping, servers, supervisor, state);
    return stopped;
  };

  try {
    const ports = await choosePorts(options.port ?? 0);
    const site = { supervisor, servers, ports, directory, aborted: stopping.signal, log };
    const booted = await Promise.race([
      boot(options, data, site),
      supervisor.failed.then((reason) => Promise.reject(new Error(reason))),
      interrupted(options.signal, stopping.signal),
    ]);
    state.publish(booted.info, booted.principals);
    const { processes, failed } = supervisor;
    return { ...booted, state, processes, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Booted = Pick<Stack, 'info' | 'principals' | 'simulated' | 'zips'>;

async function boot(options: StackOptions, data: string | undefined, site: Site): Promise<Booted> {
  const { supervisor, ports } = site;
  if (data !== undefined) mkdirSync(data, { recursive: true });
  const secretSeed = readSeed(data);
  const principals = people(secretSeed);
  const given = options.openaiBaseUrl ?? (options.openaiApiKey ? OPENAI : undefined);
  const simulatedKey = simulatorAdminKey(secretSeed);
  const openAi: OpenAiAccount = {
    apiKey: options.openaiApiKey,
    adminKey: given === undefined ? simulatedKey : options.openaiAdminKey,
    ownProjects: given === undefined,
  };
  const zips = options.runtimeClient === undefined ? undefined : join(site.directory, 'functions');
  const [modules, dynamodbEndpoint, memcached, upstream, secretsEndpoint] = await Promise.all([
    options.modules ?? (zips === undefined ? OWN_FUNCTIONS : buildTasks(zips)),
    startDynamoDb(supervisor, {
      port: ports.dynamodb,
      path: data === undefined ? undefined : join(data, 'dynamodb'),
    }).then(async (endpoint) => {
      await createTables(endpoint);
      return endpoint;
    }),
    options.memcached === 'off' ? undefined : startMemcached(supervisor, ports.memcached, site.aborted),
    given ?? startSimulator(supervisor, ports.simulator, simulatedKey),
    serve(site, createStageSecrets(secretSeed, openAi), ports.secrets).then(urlOf),
  ]);

  const services = { openAi, dynamodbEndpoint, memcached, upstream, secretsEndpoint };
  const hosts = await startStages(supervisor, ports, {
    ...services,
    secretSeed,
    principals: Object.values(principals),
    modules,
    runtimeClient: options.runtimeClient,
    environment: options.functionEnvironment ?? {},
  });
  const lambda = createLambdaEndpoint({
    principals: Object.values(principals),
    urls: { dev: hosts.dev.proxyUrl, prod: hosts.prod.proxyUrl },
    invoke: (stage, name, payload) => hosts[stage].invoke(name, payload),
    log: (line) => site.log('stack', line),
  });
  const lambdaPort = await serve(site, lambda, ports.lambda);
  if (options.modules === undefined)
    await Promise.all(STAGES.map((stage) => seed((payload) => hosts[stage].invoke('admin', payload))));

  const { accessKeyId, secretAccessKey } = principals.developer;
  const info: StackJson = {
    stages: { dev: { proxyUrl: hosts.dev.proxyUrl }, prod: { proxyUrl: hosts.prod.proxyUrl } },
    lambdaEndpoint: urlOf(lambdaPort),
    dynamodbEndpoint,
    memcached: memcached ?? null,
    upstream,
    credentials: { accessKeyId, secretAccessKey, region: REGION },
  };
  return { info, principals, simulated: given === undefined, zips };
}

async function serve(site: Site, server: Server, port: number): Promise<number> {
  if (site.aborted.aborted) throw new Error('the stack is stopping');
  site.servers.push(server);
  return listen(server, port);
}

async function stopAll(
  stopping: AbortController,
  servers: readonly Server[],
  supervisor: Supervisor,
  state: StateDirectory,
): Promise<void> {
  stopping.abort();
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await supervisor.stop();
  state.retract();
}

/** Rejects when the start is called off, or takes too long. */
function interrupted(signal: AbortSignal | undefined, stopping: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(new Error('stopped before it was ready'));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const late = () =>
      reject(new Error(`it was not ready after ${START_WITHIN_MS / 1000} s; its logs say more`));
    const timer = setTimeout(late, START_WITHIN_MS).unref();
    stopping.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

function urlOf(port: number): string {
  return `http://${LOOPBACK}:${port}`;
}
