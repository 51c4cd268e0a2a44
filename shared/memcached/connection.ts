import { Socket } from 'node:net';
import { Client, Server } from 'memjs';
import { FrameBound } from './frame-bound.ts';

/** What `memjs` is told to wait: so long that its own timers, which cannot be relied on, never act before ours. */
const MEMJS_TIMEOUT_SECONDS = 3_600;

/** The server answered, and would not store: its memory or its item size is exceeded. The connection is sound. */
const REFUSED_TO_STORE = /^MemJS (?:SET|ADD): (?:Value too large|Out of memory)$/;

/** `refused`: the server would not store · `failed`: the connection failed, and is destroyed. */
export type Reply<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed' };

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A `memjs` server whose sockets are known, keep no process alive, and are closed when they bring too much. */
class TrackedServer extends Server {
  readonly #sockets = new Set<Socket>();
  readonly #itemBytes: number;
  readonly #onClose: () => void;

  constructor({ host, port }: Address, itemBytes: number, onClose: () => void) {
    super(host, port, undefined, undefined, {
      timeout: MEMJS_TIMEOUT_SECONDS,
      conntimeout: MEMJS_TIMEOUT_SECONDS,
      keepAlive: true,
    });
    this.#itemBytes = itemBytes;
    this.#onClose = onClose;
  }

  override sock(sasl: boolean, go: (socket: Socket) => void): void {
    super.sock(sasl, go);
    const socket: unknown = Reflect.get(this, '_socket');
    if (!(socket instanceof Socket) || this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    // An open socket would make the Lambda runtime wait for it instead of taking the next call.
    socket.unref();
    // A name with several addresses gets a fresh handle for each attempt, so the first call is not enough.
    socket.once('connect', () => socket.unref());
    socket.once('close', this.#onClose);
    const bound = new FrameBound(this.#itemBytes);
    // Ahead of `memjs`, which copies all that it has with every piece that comes, until the last one is there.
    socket.on('data', (piece: Buffer) => {
      if (bound.isPassed(piece)) this.#onClose();
    });
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * One connection to one Memcached server, for as long as nothing goes wrong with it. `memjs` can hang for ever after
 * a FIN, and returns wrong bytes after a cut, so: a timer of our own bounds every operation, and the first fault
 * destroys the connection, failing whatever else is under way on it. It is not used again.
 */
export class Connection {
  readonly #server: TrackedServer;
  readonly #client: Client;
  readonly #pending = new Set<() => void>();
  readonly #onDestroyed: (busy: boolean) => void;
  #destroyed = false;

  /**
   * @param itemBytes the most bytes of an item: a server that announces more is not listened to
   * @param onDestroyed called once, when the connection is of no more use; `busy`: operations were under way
   */
  constructor(address: Address, itemBytes: number, onDestroyed: (busy: boolean) => void) {
    this.#onDestroyed = onDestroyed;
    this.#server = new TrackedServer(address, itemBytes, () => this.destroy());
    this.#client = new Client([this.#server], { retries: 0, logger: { log: () => undefined } });
  }

  /**
   * Runs one operation; it ends within `boundMs` whatever the server does, or, where others are under way, which the
   * server answers first, within as much for each of them. Never rejects.
   */
  run<T>(operation: (client: Client) => Promise<T>, boundMs: number): Promise<Reply<T>> {
    if (this.#destroyed) return Promise.resolve({ kind: 'failed' });
    return new Promise((resolve) => {
      const settle = (reply: Reply<T>) => {
        clearTimeout(timer);
        this.#pending.delete(fail);
        resolve(reply);
      };
      const fail = () => settle({ kind: 'failed' });
      const expire = () => {
        if (this.#pending.has(fail)) this.destroy();
      };
      // Immediates come after the poll for input: what arrived while this process was busy is no delay of the server.
      const timer = setTimeout(() => setImmediate(expire), boundMs * (this.#pending.size + 1));
      this.#pending.add(fail);
      operation(this.#client).then(
        (value) => settle({ kind: 'ok', value }),
        (error: unknown) => {
          if (error instanceof Error && REFUSED_TO_STORE.test(error.message)) settle({ kind: 'refused' });
          else this.destroy();
        },
      );
    });
  }

  /** Closes the socket at once and fails all that is under way. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#onDestroyed(this.#pending.size > 0);
    for (const fail of [...this.#pending]) fail();
    this.#server.destroy();
  }
}
