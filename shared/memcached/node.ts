import type { Client } from 'memjs';
import { CircuitBreaker } from '../core/circuit-breaker.ts';
import type { Clock } from '../ports/clock.ts';
import { type Address, Connection, type Reply } from './connection.ts';

export interface NodeOptions {
  readonly clock: Clock;
  /** How long one operation may take, connecting included, in milliseconds. */
  readonly operationMs: number;
  /** The most bytes of an item: a server that sends more fails. */
  readonly itemBytes: number;
  /** So many failures in a row, and the node is left alone for a while. */
  readonly failures: number;
  /** For how long at first, and at most, in milliseconds. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Told once for each time that the node is found dead. */
  readonly onFault: (server: Address) => void;
}

/**
 * One Memcached server: a connection that is replaced after every fault, behind a circuit breaker. Each server of a
 * cluster has its own, so that a dead one takes only its share of the keys with it, and is found dead by its own
 * failures.
 */
export class MemcachedNode {
  readonly #address: Address;
  readonly #operationMs: number;
  readonly #itemBytes: number;
  readonly #breaker: CircuitBreaker;
  readonly #onFault: (server: Address) => void;
  #connection: Connection | undefined;

  constructor(address: Address, { operationMs, itemBytes, onFault, ...breaker }: NodeOptions) {
    this.#address = address;
    this.#operationMs = operationMs;
    this.#itemBytes = itemBytes;
    this.#onFault = onFault;
    this.#breaker = new CircuitBreaker(breaker);
  }

  /** Runs one operation within the bound; `failed` at once while the circuit is open. Never rejects. */
  async run<T>(operation: (client: Client) => Promise<T>): Promise<Reply<T>> {
    if (!this.#breaker.enter()) return { kind: 'failed' };
    const connection = this.#connection ?? this.#connect();
    const reply = await connection.run(operation, this.#operationMs);
    if (reply.kind !== 'failed') this.#breaker.succeeded();
    return reply;
  }

  /** Drops the connection; the next operation opens a new one. */
  close(): void {
    this.#connection?.destroy();
  }

  #connect(): Connection {
    const connection = new Connection(this.#address, this.#itemBytes, (busy) => {
      // Many operations can fail together: that is one failure. An idle connection that closes is none.
      if (busy && this.#breaker.failed()) this.#onFault(this.#address);
      if (this.#connection === connection) this.#connection = undefined;
    });
    this.#connection = connection;
    return connection;
  }
}
