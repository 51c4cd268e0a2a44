import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { LOOPBACK } from './http.ts';
import { freePort, untilListening } from './ports.ts';
import { type ChildSpec, firstMessage, type Supervisor } from './supervisor.ts';

const LISTENING = z.object({ port: z.number().int() });
const URL_LINE = z.url();
const MEMCACHED_MEGABYTES = '64';
/** What a program needs of this process's environment; nothing that could be secret. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'NODE_EXTRA_CA_CERTS', 'SystemRoot'];

/**
 * Becomes the program it is given, and leaves a guard behind that ends it when standard input ends: then the
 * stack's process is gone, however it went.
 */
const GUARDED = 'exec 3<&0; (cat <&3 >/dev/null; kill $$; kill -CONT $$) 2>/dev/null & exec "$@" </dev/null';

/** A program that ends, frozen or not, when its standard input does. */
export function guarded(program: readonly string[]): { readonly command: string; readonly args: string[] } {
  return { command: 'sh', args: ['-c', GUARDED, 'sh', ...program] };
}

/** The variables that every child gets. */
export function baseEnvironment(): Record<string, string> {
  const given = PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}

/** A Node process that runs a file of this directory, with type stripping. */
export function nodeChild(
  name: string,
  file: string,
  options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): ChildSpec {
  return {
    name,
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      `--import=${new URL('./lifeline.ts', import.meta.url).href}`,
      fileURLToPath(new URL(file, import.meta.url)),
      ...(options.args ?? []),
    ],
    env: { ...baseEnvironment(), ...options.env },
    lifeline: 'ipc',
  };
}

/**
 * Starts DynamoDB.
 *
 * @param path where it keeps its tables; absent: in memory
 * @returns its endpoint
 */
export async function startDynamoDb(
  supervisor: Supervisor,
  options: { readonly port: number; readonly path: string | undefined },
): Promise<string> {
  const args = [
    '--port',
    String(options.port),
    ...(options.path === undefined ? [] : ['--path', options.path]),
  ];
  const child = supervisor.start(nodeChild('DynamoDB (dynalite)', './dynamodb.ts', { args }));
  const { port } = LISTENING.parse(await firstMessage(child));
  return `http://${LOOPBACK}:${port}`;
}

/**
 * Starts the OpenAI simulator.
 *
 * @param adminKey the only one that its organization API takes
 * @returns its base URL
 */
export async function startSimulator(
  supervisor: Supervisor,
  port: number,
  adminKey: string,
): Promise<string> {
  const args = ['--port', String(port)];
  const env = { SIMULATOR_ADMIN_KEY: adminKey };
  const child = supervisor.start(nodeChild('OpenAI simulator', './simulator/main.ts', { args, env }));
  if (child.stdout === null) throw new Error('the simulator has no standard output');
  const [printed] = await once(child.stdout, 'data');
  return URL_LINE.parse(String(printed).trim());
}

/**
 * Starts Memcached.
 *
 * @param port 0 for any free one
 * @returns `host:port`, or `undefined` where the program is not installed
 */
export async function startMemcached(
  supervisor: Supervisor,
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!isInstalled('memcached') || !isInstalled('sh')) return undefined;
  const at = port === 0 ? await freePort() : port;
  const asRoot = process.getuid?.() === 0;
  const memcached = ['memcached', '-l', LOOPBACK, '-p', String(at), '-U', '0', '-m', MEMCACHED_MEGABYTES];
  supervisor.start({
    name: 'memcached',
    ...guarded([...memcached, ...(asRoot ? ['-u', 'nobody'] : [])]),
    env: baseEnvironment(),
    lifeline: 'stdin',
  });
  await untilListening(at, signal);
  return `${LOOPBACK}:${at}`;
}

/** Whether a program is on the path. */
export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
