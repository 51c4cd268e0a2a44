import { Transform, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { writeResponse } from '../../../shared/aws/response-stream.ts';

/** The caller's side: what it took, and a hand on the tap. */
function caller(options: { readonly takes?: number } = {}) {
  const seen: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      seen.push(chunk.toString());
      if (seen.length > (options.takes ?? Number.POSITIVE_INFINITY)) waiting.push(done);
      else done();
    },
  });
  return { stream, seen };
}

/** A body of these texts, then `silence` or its end; says how often it was asked, and whether it was cancelled. */
function bodyOf(texts: readonly string[], then: 'end' | 'silence' | 'fault' = 'end') {
  const pending = [...texts];
  const told = { pulls: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        told.pulls += 1;
        const text = pending.shift();
        if (text !== undefined) controller.enqueue(Buffer.from(text));
        else if (then === 'end') controller.close();
        else if (then === 'fault') controller.error(new Error('broken'));
        else await new Promise(() => undefined);
      },
      cancel() {
        told.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { told, response: new Response(body) };
}

const plain = (stream: Writable) => stream;

describe('a response on its way to the caller', () => {
  it('is written as it comes, and ended', async () => {
    const { stream, seen } = caller();
    await writeResponse(bodyOf(['a', 'b']).response, stream, plain);
    expect(seen).toEqual(['a', 'b']);
    expect(stream.writableFinished).toBe(true);
  });

  it('has at least a byte', async () => {
    const { stream, seen } = caller();
    await writeResponse(new Response(null), stream, plain);
    expect(seen).toEqual(['\n']);
  });

  it('has it where the head is put on by another stream, which alone knows where the head ends', async () => {
    const { stream, seen } = caller();
    const head = new Transform({ transform: (chunk, _encoding, done) => done(null, `[${chunk}]`) });
    await writeResponse(new Response(null), stream, (raw) => head.pipe(raw) && head);
    expect(seen).toEqual(['[\n]']);
  });

  it('is asked for no more than the caller takes', async () => {
    const { stream } = caller({ takes: 1 });
    const { told, response } = bodyOf(Array(100).fill('x'));
    const written = writeResponse(response, stream, plain);
    await sleep(20);
    expect(told.pulls).toBeLessThanOrEqual(3);
    stream.destroy();
    await written;
    expect(told.cancelled).toBe(true);
  });

  it('is cancelled when the caller was gone before it began', async () => {
    const { stream, seen } = caller();
    stream.destroy();
    const { told, response } = bodyOf(['a']);
    await writeResponse(response, stream, plain);
    expect([seen, told.cancelled]).toEqual([[], true]);
  });

  it('is cancelled at once when the caller leaves, though it is silent', async () => {
    const { stream, seen } = caller();
    const { told, response } = bodyOf(['a'], 'silence');
    const written = writeResponse(response, stream, plain);
    await expect.poll(() => seen.length).toBe(1);
    stream.destroy();
    await written;
    expect(told.cancelled).toBe(true);
  });

  it('is not over before what is done about a caller who left', async () => {
    const { stream } = caller();
    let drained = false;
    const body = new ReadableStream<Uint8Array>({
      async cancel() {
        await sleep(30);
        drained = true;
      },
    });
    const written = writeResponse(new Response(body), stream, plain);
    await sleep(5);
    stream.destroy();
    await written;
    expect(drained).toBe(true);
  });

  it('that breaks is a fault of the function, so that its connection breaks too', async () => {
    const { stream } = caller();
    await expect(writeResponse(bodyOf(['a'], 'fault').response, stream, plain)).rejects.toThrow('broken');
    expect(stream.writableEnded).toBe(false);
  });
});
