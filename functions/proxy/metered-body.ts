import type { Deferred } from '../../shared/core/ledger.ts';
import type { Served } from '../../shared/core/usage.ts';

/** How a body came to its end, and what was learned on the way. */
export interface BodyEnd {
  /** `complete`: OpenAI ended it · `broken`: it broke off · `left`: the caller went away and the upstream was cancelled. */
  readonly how: 'complete' | 'broken' | 'left';
  readonly served: Served | undefined;
  /** What OpenAI goes on working on, and tells the cost of later. */
  readonly deferred?: Deferred | undefined;
  /** What OpenAI keeps of an answer that did not come to its end, and may tell the cost of later. */
  readonly kept?: Deferred | undefined;
  /** The tier that serves it, as far as it was told. */
  readonly serviceTier?: string | undefined;
  /** Bytes of output that were seen; absent where they bound nothing, as more was put out than can be seen. */
  readonly seenOutputBytes: number | undefined;
  /** OpenAI reported a failure inside the body. */
  readonly failed: boolean;
  /** With it, it turned the request down in the midst of its output: what was seen of that is all that there is. */
  readonly cutShort?: boolean;
  /** All that the caller was sent; absent when it was more than may be kept. */
  readonly bytes: Uint8Array | undefined;
}

/** What a kind of body is read for on its way through. */
export interface BodyReader {
  /** Takes what came; returns what may go on to the caller now. */
  pass(chunk: Uint8Array): Uint8Array;
  /** What is still to be sent at the end; `cut`: the caller can only be told by a connection that breaks. */
  last(how: BodyEnd['how']): Uint8Array | 'cut';
  /** Called after `last`. */
  end(how: BodyEnd['how']): BodyEnd;
}

export interface MeteredBodyOptions {
  readonly reader: BodyReader;
  readonly onDisconnect: 'drain' | 'cancel';
  /** Called once, when all is known; what it returns is sent after the last byte. */
  readonly onEnd: (end: BodyEnd) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

/** The body broke off after its head had gone out. Its text is for nobody: a connection carries none. */
export class BrokenBody extends Error {
  override readonly name = 'BrokenBody';
}

/**
 * Passes a body on while it is read for its usage. It asks the upstream for more only when its own reader does. When
 * that reader leaves, it either reads on alone to the usage, or cancels.
 */
export function meteredBody(
  source: ReadableStream<Uint8Array>,
  { reader, onDisconnect, onEnd }: MeteredBodyOptions,
): ReadableStream<Uint8Array> {
  const upstream = source.getReader();
  let ended = false;
  let left = false;

  const step = async (): Promise<Uint8Array | 'cut'> => {
    let next: ReadableStreamReadResult<Uint8Array>;
    try {
      next = await upstream.read();
    } catch {
      return finish('broken');
    }
    return next.done ? finish('complete') : reader.pass(next.value);
  };
  const finish = async (how: BodyEnd['how']): Promise<Uint8Array | 'cut'> => {
    if (ended) return new Uint8Array();
    ended = true;
    const last = reader.last(how);
    const trailer = await onEnd(reader.end(how));
    return trailer === undefined || last === 'cut' ? last : Buffer.concat([last, trailer]);
  };
  const drain = async () => {
    while (!ended) await step();
  };

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (!left) {
          const bytes = await step();
          if (left) return;
          if (bytes === 'cut') return controller.error(new BrokenBody());
          if (bytes.byteLength > 0) controller.enqueue(bytes);
          if (ended) return controller.close();
          if (bytes.byteLength > 0) return;
        }
      },
      async cancel() {
        left = true;
        if (onDisconnect === 'drain') return drain();
        const finished = finish('left');
        await upstream.cancel().catch(() => undefined);
        await finished;
      },
    },
    { highWaterMark: 0 },
  );
}

/** Collects bytes while they are few enough to be kept. */
export class Keeper {
  readonly #most: number;
  #chunks: Uint8Array[] | undefined = [];
  #size = 0;

  /** @param most bytes; with more than these, none are kept */
  constructor(most: number) {
    this.#most = most;
  }

  add(bytes: Uint8Array): void {
    this.#size += bytes.byteLength;
    if (this.#size > this.#most) this.#chunks = undefined;
    this.#chunks?.push(bytes);
  }

  bytes(): Uint8Array | undefined {
    return this.#chunks && Buffer.concat(this.#chunks);
  }
}
