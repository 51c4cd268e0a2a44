import type http from 'node:http';
import type { Socket } from 'node:net';

/**
 * A socket idle for longer is not used again. A frozen Lambda sandbox cannot notice that OpenAI closed a connection
 * meanwhile; a request written to it would fail in a way that leaves open whether it was billed.
 */
const MAX_IDLE_MS = 3_000;

/** Keeps connections alive between calls that follow each other closely, and drops those that waited too long. */
export function socketPool(agent: http.Agent): { agent: () => http.Agent } {
  const freedAt = new WeakMap<Socket, number>();
  agent.on('free', (socket: Socket) => freedAt.set(socket, Date.now()));
  const dropStale = () => {
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of sockets ?? []) {
        if (Date.now() - (freedAt.get(socket) ?? 0) > MAX_IDLE_MS) socket.destroy();
      }
    }
  };
  return {
    agent: () => {
      dropStale();
      return agent;
    },
  };
}
