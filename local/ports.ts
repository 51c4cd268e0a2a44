import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOOPBACK } from './http.ts';

/** The listeners of a stack, in the order of their ports. */
const LISTENERS = ['dev', 'prod', 'lambda', 'dynamodb', 'memcached', 'simulator', 'secrets'] as const;
export type Ports = Readonly<Record<(typeof LISTENERS)[number], number>>;

export const PORT_COUNT = LISTENERS.length;
const POLL_MS = 20;

/**
 * The port of each listener: from `first` on, or 0 (any free one) for all.
 *
 * @throws Error that names a port which is taken
 */
export async function choosePorts(first: number): Promise<Ports> {
  const at = (index: number) => (first === 0 ? 0 : first + index);
  const ports = {
    dev: at(0),
    prod: at(1),
    lambda: at(2),
    dynamodb: at(3),
    memcached: at(4),
    simulator: at(5),
    secrets: at(6),
  };
  if (first === 0) return ports;
  const taken = await Promise.all(
    Object.values(ports).map(async (port) => ((await isFree(port)) ? [] : [port])),
  );
  if (taken.flat().length > 0) {
    throw new Error(
      `Port ${taken.flat().join(', ')} is taken. Choose another first port with --port N (0: any free ones).`,
    );
  }
  return ports;
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Waits until somebody accepts connections on a port; for ever, if nobody does. */
export async function untilListening(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (await accepts(port)) return;
    await sleep(POLL_MS);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = new Promise<boolean>((resolve) => {
    server.once('listening', () => resolve(true));
    server.once('error', () => resolve(false));
  });
  server.listen(port, LOOPBACK);
  const free = await listening;
  server.close();
  return free;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
