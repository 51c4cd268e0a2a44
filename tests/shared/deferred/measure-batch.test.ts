import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import { type BatchFile, measureBatch } from '../../../shared/deferred/measure-batch.ts';
import type { Upstream } from '../../../shared/ports/upstream.ts';

const FILE: BatchFile = {
  id: 'file-1',
  endpoint: '/v1/embeddings',
  prices: bundledPrices(),
  at: Date.parse('2026-11-21T12:00:00Z'),
  maxLineBytes: 1_000,
};
const MEGABYTE = 1_048_576;

const line = (n: number) =>
  JSON.stringify({
    custom_id: `r-${n}`,
    method: 'POST',
    url: '/v1/embeddings',
    body: { model: 'text-embedding-3-small', input: 'a' },
  });

/** OpenAI with one file, which is made as it is read; tells how much of it was. */
function withFile(chunks: Iterator<Uint8Array>, status = 200, file = FILE) {
  const read = { bytes: 0, cancelled: false };
  const upstream: Upstream = {
    async send({ path }) {
      expect(path).toBe('/files/file-1/content');
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            const next = chunks.next();
            if (next.done === true) return controller.close();
            read.bytes += next.value.byteLength;
            controller.enqueue(next.value);
          },
          cancel() {
            read.cancelled = true;
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { status });
    },
  };
  return { read, measure: () => measureBatch(file, upstream, AbortSignal.timeout(60_000)) };
}

function* of(...chunks: (string | Uint8Array)[]): Generator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}

describe('The file of a batch', () => {
  it('is measured as it comes, also without an end to its last line', async () => {
    const { measure } = withFile(of(`${line(1)}\n${line(2).slice(0, 20)}`, line(2).slice(20)));
    const one = await withFile(of(line(1))).measure();
    const two = await measure();
    if (one.kind !== 'measured' || two.kind !== 'measured') throw new Error('it was refused');
    expect(two.most).toBe(2n * one.most);
  });

  it('is not read on when a line is refused', async () => {
    const endless = (function* () {
      yield* of('no JSON\n');
      for (;;) yield* of(line(1));
    })();
    const { measure, read } = withFile(endless);
    expect(await measure()).toMatchObject({
      code: 'invalid_batch',
      message: expect.stringContaining('Line 1'),
    });
    expect(read.cancelled).toBe(true);
  });

  it('is refused with a line longer than any request may be', async () => {
    const endless = (function* () {
      for (;;) yield new Uint8Array(500).fill(97);
    })();
    const { measure, read } = withFile(endless);
    expect(await measure()).toMatchObject({ message: expect.stringContaining('longer than 1000 bytes') });
    expect(read.bytes).toBeLessThan(3_000);
  });

  it('is refused where it is larger than OpenAI takes', async () => {
    const blank = new Uint8Array(MEGABYTE).fill(0x20);
    blank[MEGABYTE - 1] = 0x0a;
    const endless = (function* () {
      for (;;) yield blank;
    })();
    const { measure, read } = withFile(endless, 200, { ...FILE, maxLineBytes: MEGABYTE });
    expect(await measure()).toMatchObject({ message: expect.stringContaining('200 MB') });
    expect(read.bytes).toBe(201 * MEGABYTE);
  });

  it('is refused with more blank lines than requests can be', async () => {
    const blank = (function* () {
      for (;;) yield new Uint8Array(1_000).fill(0x0a);
    })();
    const { measure, read } = withFile(blank);
    expect(await measure()).toMatchObject({ message: expect.stringContaining('blank') });
    expect(read.bytes).toBe(101_000);
  });

  it('is refused with more requests than OpenAI takes', async () => {
    const many = (function* () {
      for (let n = 0; n <= 50_000; n += 1) yield* of(`${line(n)}\n`);
    })();
    expect(await withFile(many).measure()).toMatchObject({
      message: expect.stringContaining('up to 50000 requests'),
    });
  });

  it('that OpenAI does not have, or cannot give now, holds nothing', async () => {
    expect(await withFile(of(''), 404).measure()).toMatchObject({ status: 404, code: 'not_found' });
    expect(await withFile(of(''), 500).measure()).toMatchObject({
      status: 502,
      code: 'upstream_unreachable',
    });
  });
});
