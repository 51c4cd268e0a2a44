/** The beginning of a body, or all of it. */
export type BodyHead =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** It is larger: all of it again, as a stream. */
  | { readonly kind: 'large'; readonly body: ReadableStream<Uint8Array> }
  /** It broke off: what had come by then. */
  | { readonly kind: 'broken'; readonly bytes: Uint8Array<ArrayBuffer> };

/**
 * Takes a body whole, unless it is large.
 *
 * @param most bytes that are taken whole
 */
export async function readHead(response: Response, most: number): Promise<BodyHead> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const next = await reader?.read();
      if (next === undefined || next.done) return { kind: 'whole', bytes: joined(chunks, size) };
      chunks.push(next.value);
      size += next.value.byteLength;
      if (size > most && reader !== undefined) return { kind: 'large', body: again(chunks, reader) };
    }
  } catch {
    return { kind: 'broken', bytes: joined(chunks, size) };
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

function again(chunks: Uint8Array[], rest: ReadableStreamDefaultReader<Uint8Array>) {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = chunks.shift() ?? (await rest.read()).value;
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: (reason) => rest.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
