export interface CircuitBreakerOptions {
  /** Milliseconds since the epoch. */
  readonly clock: { now(): number };
  /** So many failures in a row open the circuit. */
  readonly failures: number;
  /** How long it stays open at first, in milliseconds; each failed probe doubles it. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

/**
 * Keeps calls away from a server that fails. After some failures in a row it lets nobody through for a back-off, then
 * one probe at a time: a probe that succeeds closes the circuit, one that fails opens it for twice as long.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failuresInRow = 0;
  #backoffMs: number;
  #openedAt: number | undefined;
  #probing = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#backoffMs = options.backoffMs;
  }

  /** Whether a call may go through. After `true`, tell how it went: `succeeded` or `failed`. */
  enter(): boolean {
    if (this.#openedAt === undefined) return true;
    const elapsed = this.#options.clock.now() - this.#openedAt;
    // A wall clock may be set back: that must not hold the circuit open.
    const waited = elapsed < 0 || elapsed >= this.#backoffMs;
    if (!waited || this.#probing) return false;
    this.#probing = true;
    return true;
  }

  succeeded(): void {
    this.#failuresInRow = 0;
    this.#openedAt = undefined;
    this.#probing = false;
    this.#backoffMs = this.#options.backoffMs;
  }

  /** Returns whether this opened a circuit that was closed: then a fault begins; a failed probe only prolongs it. */
  failed(): boolean {
    const wasClosed = this.#openedAt === undefined;
    if (this.#probing) this.#backoffMs = Math.min(this.#backoffMs * 2, this.#options.maxBackoffMs);
    this.#probing = false;
    this.#failuresInRow += 1;
    if (this.#failuresInRow >= this.#options.failures) this.#openedAt = this.#options.clock.now();
    return wasClosed && this.#openedAt !== undefined;
  }
}
