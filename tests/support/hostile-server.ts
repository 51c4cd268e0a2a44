import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface HostileServer {
  readonly host: string;
  readonly port: number;
  /** How many connections it has taken. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

const HOST = '127.0.0.1';

/** What a server does with what it hears. */
export type Behaviour = (socket: Socket, heard: Buffer) => void;

/** Starts a TCP server on a free port that treats whoever connects as it likes. */
export async function startHostileServer(onData: Behaviour, port = 0): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (heard) => onData(socket, heard));
  });
  server.listen(port, HOST);
  await once(server, 'listening');
  return {
    host: HOST,
    port: portOf(server.address()),
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A response of Memcached's binary protocol that answers the request that was heard. */
export function binaryResponse(heard: Buffer, parts: { status?: number; value?: Buffer } = {}): Buffer {
  const value = parts.value ?? Buffer.alloc(0);
  const isGet = heard[1] === 0;
  const extras = Buffer.alloc(isGet && value.length > 0 ? 4 : 0);
  const header = Buffer.alloc(24);
  header.writeUInt8(0x81, 0);
  header.writeUInt8(heard[1] ?? 0, 1);
  header.writeUInt8(extras.length, 4);
  header.writeUInt16BE(parts.status ?? 0, 6);
  header.writeUInt32BE(extras.length + value.length, 8);
  heard.copy(header, 12, 12, 16);
  return Buffer.concat([header, extras, value]);
}

/** A port on which nobody listens: connections are refused. */
export async function deadPort(): Promise<number> {
  const server = await startHostileServer(() => undefined);
  await server.close();
  return server.port;
}

/** A port whose queue of connections is full and never emptied: further SYNs are dropped, as by a firewall. */
export async function startBlackHole(): Promise<HostileServer> {
  const program = `
    const server = require('node:net').createServer();
    server.listen({ host: '${HOST}', port: 0, backlog: 1 }, () => console.log(server.address().port));`;
  const child: ChildProcess = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no output to read the port from');
  const [line] = await once(child.stdout, 'data');
  const port = Number(line);
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 8 }, () => connect(port, HOST).on('error', () => undefined));
  await once(fillers[0] ?? child, 'connect');
  return {
    host: HOST,
    port,
    connections: () => fillers.length,
    async close() {
      for (const filler of fillers) filler.destroy();
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address.port;
}
