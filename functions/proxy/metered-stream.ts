import type { StreamMeter } from '../../shared/core/endpoint.ts';
import { isObject } from '../../shared/core/json.ts';
import { type SsePiece, SseSplitter, sseEvent } from '../../shared/core/sse.ts';
import type { Served } from '../../shared/core/usage.ts';

/** How a stream came to its end, and what was learned on the way. */
export interface StreamEnd {
  /** `complete`: OpenAI ended it · `broken`: it broke off · `left`: the caller went away and the upstream was cancelled. */
  readonly how: 'complete' | 'broken' | 'left';
  readonly served: Served | undefined;
  readonly seenOutputBytes: number;
  /** OpenAI reported a failure inside the stream. */
  readonly failed: boolean;
  /** All that the caller was sent; absent when it was more than may be kept. */
  readonly bytes: Uint8Array | undefined;
}

export interface MeteredStreamOptions {
  readonly meter: StreamMeter;
  readonly onDisconnect: 'drain' | 'cancel';
  /** The most bytes to keep for the cache. */
  readonly keepBytes: number;
  /** Called once, when all is known; what it returns is sent after the last byte. */
  readonly onEnd: (end: StreamEnd) => Uint8Array | undefined;
}

/**
 * Passes an SSE stream on, byte for byte and event by event, and reads its usage on the way. It asks the upstream
 * for more only when its reader does. When the reader leaves, it either reads on alone to the usage, or cancels.
 */
export function meteredStream(
  source: ReadableStream<Uint8Array>,
  options: MeteredStreamOptions,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const passing = new Passing(options);
  let ended = false;
  let left = false;

  const step = async (): Promise<Uint8Array> => {
    let next: ReadableStreamReadResult<Uint8Array>;
    try {
      next = await reader.read();
    } catch {
      return finish('broken');
    }
    return next.done ? finish('complete') : passing.pass(next.value);
  };
  const finish = (how: StreamEnd['how']): Uint8Array => {
    if (ended) return new Uint8Array();
    ended = true;
    const last = passing.last(how);
    const trailer = options.onEnd(passing.end(how));
    return trailer === undefined ? last : Buffer.concat([last, trailer]);
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
          if (bytes.byteLength > 0) controller.enqueue(bytes);
          if (ended) return controller.close();
          if (bytes.byteLength > 0) return;
        }
      },
      async cancel() {
        left = true;
        if (options.onDisconnect === 'drain') return drain();
        finish('left');
        await reader.cancel().catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

/** What an SDK raises as an error in mid-stream; a clean end would look like success to it. */
const BROKEN_FRAME = sseEvent(
  'error',
  JSON.stringify({
    type: 'error',
    code: 'upstream_broken',
    message: 'OpenAI ended this stream before its end.',
    param: null,
    error: {
      type: 'server_error',
      code: 'upstream_broken',
      message: 'OpenAI ended this stream before its end.',
      param: null,
    },
  }),
);

const LF = 0x0a;
const CR = 0x0d;

/** The events of one stream on their way through. */
class Passing {
  readonly #splitter = new SseSplitter();
  readonly #options: MeteredStreamOptions;
  #kept: Uint8Array[] | undefined = [];
  #keptBytes = 0;
  #failed = false;
  #stripped = false;
  #endedInCr = false;

  constructor(options: MeteredStreamOptions) {
    this.#options = options;
  }

  pass(chunk: Uint8Array): Uint8Array {
    return this.#through(this.#splitter.push(chunk));
  }

  /** What is still to be sent at the end; of a broken stream, never half an event. */
  last(how: StreamEnd['how']): Uint8Array {
    if (how === 'broken') return BROKEN_FRAME;
    return how === 'complete' ? this.#through(this.#splitter.end()) : new Uint8Array();
  }

  end(how: StreamEnd['how']): StreamEnd {
    const { meter } = this.#options;
    return {
      how,
      served: meter.served(),
      seenOutputBytes: meter.seenOutputBytes(),
      failed: this.#failed,
      bytes: this.#kept && Buffer.concat(this.#kept),
    };
  }

  #through(events: readonly SsePiece[]): Uint8Array {
    const out = Buffer.concat(events.flatMap((event) => this.#visible(event)));
    this.#keep(out);
    return out;
  }

  /** The bytes of a piece that the caller gets. A line feed cut off from its CR goes the way of the event it ends. */
  #visible(piece: SsePiece): Uint8Array[] {
    const { raw } = piece;
    const late = this.#endedInCr && raw[0] === LF ? 1 : 0;
    const lateLf = this.#stripped ? [] : [raw.subarray(0, late)];
    this.#stripped = this.#see(piece) === 'strip';
    this.#endedInCr = raw.at(-1) === CR;
    return this.#stripped ? lateLf : [...lateLf, raw.subarray(late)];
  }

  #see(event: SsePiece): 'pass' | 'strip' {
    if (event.kind === 'opaque' || event.data === undefined || event.data === '[DONE]') return 'pass';
    let data: unknown;
    try {
      data = JSON.parse(event.data);
    } catch {
      return 'pass';
    }
    if (!isObject(data)) return 'pass';
    if (
      event.event === 'error' ||
      data['type'] === 'error' ||
      data['type'] === 'response.failed' ||
      isObject(data['error'])
    ) {
      this.#failed = true;
    }
    return this.#options.meter.see(data);
  }

  #keep(bytes: Uint8Array): void {
    this.#keptBytes += bytes.byteLength;
    if (this.#keptBytes > this.#options.keepBytes) this.#kept = undefined;
    this.#kept?.push(bytes);
  }
}
