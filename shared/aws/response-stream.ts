import type { Writable } from 'node:stream';

/** What goes out before the first byte of a streamed Lambda answer. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly cookies: string[];
}

/** Puts the head on a response stream; in Lambda, `awslambda.HttpResponseStream.from`. */
export type WithHead = (stream: Writable, head: ResponseHead) => Writable;

/** A function URL is reported to hang on an answer without a byte, so an empty body gets this one. */
const ONE_BYTE = '\n';

/**
 * Writes a `Response` to a Lambda response stream, at the pace at which it is taken. When the stream breaks, the
 * response's body is cancelled, at once, also while it is silent. Returns when all is written; never throws because of
 * the stream, but passes on what the response's body throws.
 */
export async function writeResponse(response: Response, raw: Writable, withHead: WithHead): Promise<void> {
  const reader = response.body?.getReader();
  const gone = new Gone(raw);
  // No race against a promise that outlives the loop: it would hold on to every chunk that won.
  gone.act(() => reader?.cancel('the caller is gone'));
  if (gone.is) return gone.after;
  const stream = withHead(raw, headOf(response));
  if (stream !== raw) stream.on('error', () => raw.destroy());
  let wrote = false;
  for (;;) {
    const chunk = await reader?.read();
    if (gone.is) return gone.after;
    if (chunk === undefined || chunk.done) break;
    if (chunk.value.byteLength === 0) continue;
    wrote = true;
    if (!stream.write(chunk.value)) await gone.or(stream, 'drain');
    if (gone.is) return gone.after;
  }
  if (!wrote) stream.write(ONE_BYTE);
  stream.end();
  await gone.or(raw, 'finish');
}

/** Whether the reader of a stream is gone. */
class Gone {
  is: boolean;
  /** What is done about it, under way. */
  after: Promise<void> = Promise.resolve();
  #act: () => Promise<void> | undefined = () => undefined;
  #wake: () => void = () => {};

  constructor(stream: Writable) {
    this.is = stream.destroyed;
    const left = () => {
      if (this.is) return;
      this.is = true;
      this.#leave();
    };
    stream.once('error', left);
    stream.once('close', left);
  }

  /** Acts when it happens, or now when it has. */
  act(act: () => Promise<void> | undefined): void {
    this.#act = act;
    if (this.is) this.#leave();
  }

  /** Waits for an event of a stream that is not gone before. */
  or(stream: Writable, event: 'drain' | 'finish'): Promise<void> {
    return new Promise((resolve) => {
      if (this.is) resolve();
      this.#wake = resolve;
      stream.once(event, resolve);
    });
  }

  #leave(): void {
    this.after = this.#act() ?? Promise.resolve();
    // Whoever awaits it hears of its failure; nobody may be there yet.
    this.after.catch(() => undefined);
    this.#wake();
  }
}

function headOf(response: Response): ResponseHead {
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => {
    if (name !== 'set-cookie') headers[name] = value;
  });
  return { statusCode: response.status, headers, cookies: response.headers.getSetCookie() };
}
