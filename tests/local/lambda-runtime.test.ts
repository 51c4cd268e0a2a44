import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { createResponseStream, installAwsLambda, isStreaming } from '../../local/lambda-runtime.ts';

beforeAll(installAwsLambda);

/** A stream as a handler gets it, and what reached the caller's side. */
function open(options: { readonly slow?: boolean } = {}) {
  const seen: { type?: string; bytes: string; ended: boolean } = { bytes: '', ended: false };
  const waiting: (() => void)[] = [];
  let leave = () => {};
  const { stream, ended } = createResponseStream({
    start: (type) => {
      seen.type = type;
    },
    write: (chunk, done) => {
      seen.bytes += chunk.toString('utf8');
      if (options.slow) waiting.push(done);
      else done();
    },
    end: () => {
      seen.ended = true;
    },
    onGone: (tell) => {
      leave = tell;
    },
  });
  return { stream: stream as awslambda.HttpResponseStream, seen, waiting, ended, leave: () => leave() };
}

describe('the response stream of the runtime', () => {
  it('puts the head before the first write', () => {
    const { stream, seen } = open();
    const answer = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
    answer.write('a');
    answer.end('b');
    expect(seen).toEqual({
      type: 'application/vnd.awslambda.http-integration-response',
      bytes: `{"statusCode":201}${'\0'.repeat(8)}ab`,
      ended: true,
    });
  });

  it('loses the head when nothing is written but the end', () => {
    const { stream, seen } = open();
    awslambda.HttpResponseStream.from(stream, { statusCode: 201 }).end('x');
    expect(seen.bytes).toBe('x');
  });

  it('has its content type before the first byte, and not after', () => {
    const { stream, seen } = open();
    stream.setContentType('text/plain');
    stream.write('a');
    expect(seen.type).toBe('text/plain');
    expect(() => stream.setContentType('text/html')).toThrow(/too late/);
  });

  it('turns views of memory that are no plain bytes into JSON', () => {
    const { stream, seen } = open();
    stream.write(new Uint8Array([65]));
    stream.write(Buffer.from('B'));
    stream.write(new Uint16Array([67]));
    expect(seen.bytes).toBe('AB{"0":67}');
  });

  it('makes the function wait for the caller', async () => {
    const { stream, waiting } = open({ slow: true });
    let drained = false;
    stream.on('drain', () => {
      drained = true;
    });
    while (stream.write('x'.repeat(4096)));
    expect(drained).toBe(false);
    await expect
      .poll(() => {
        waiting.shift()?.();
        return drained;
      })
      .toBe(true);
  });

  it('can be piped to, and tells whether it was ended', async () => {
    const { stream, seen, ended } = open();
    expect(ended()).toBe(false);
    await pipeline(Readable.from(['a', 'b']), stream);
    expect(seen.bytes).toBe('ab');
    expect(ended()).toBe(true);
  });

  it('is closed when the client leaves, and takes what is written from then on', async () => {
    const { stream, seen, ended, leave } = open();
    stream.write('a');
    const closed = new Promise((resolve) => stream.once('close', resolve));
    leave();
    await closed;
    expect(stream.destroyed).toBe(true);
    stream.write('b');
    stream.end();
    expect(seen).toMatchObject({ bytes: 'a', ended: false });
    expect(ended()).toBe(true);
  });

  it('is given to handlers that were made for it', () => {
    expect(isStreaming(awslambda.streamifyResponse(async () => undefined))).toBe(true);
    expect(isStreaming(async () => undefined)).toBe(false);
  });
});
