import { beforeAll, describe, expect, it } from 'vitest';
import { toFunctionUrlEvent } from '../../../local/function-url-event.ts';
import {
  createContext,
  createResponseStream,
  installAwsLambda,
  type StreamingHandler,
} from '../../../local/lambda-runtime.ts';
import { people } from '../../../local/principals.ts';
import { streamingHandler } from '../../../shared/aws/streaming-handler.ts';
import type { App } from '../../../shared/ports/app.ts';

const { alice } = people('tests');
beforeAll(installAwsLambda);

/** Calls the entry of an app as Lambda does, up to where its answer has ended. */
function invoke(app: App) {
  const headers: [string, string][] = [['host', 'abc.lambda-url.us-east-1.on.aws']];
  const request = { method: 'GET', path: '/v1/models', query: '', headers, body: new Uint8Array() };
  const arrival = { requestId: 'request-1', at: Date.now(), apiId: 'abc', sourceIp: '192.0.2.1' };
  const answered = Promise.withResolvers<void>();
  const { stream } = createResponseStream({
    onGone: () => {},
    start: () => {},
    write: (_, done) => done(),
    end: () => answered.resolve(),
  });
  const handler = streamingHandler(app) as unknown as StreamingHandler;
  const event = toFunctionUrlEvent(request, alice, arrival);
  let over = false;
  const ended = Promise.resolve(
    handler(event, stream, createContext('openai-proxy-dev', 'request-1')),
  ).finally(() => {
    over = true;
  });
  return { answered: answered.promise, ended, isOver: () => over };
}

const round = () => new Promise((resolve) => setImmediate(resolve));

describe('the entry of a function', () => {
  it('is not over before what follows its answer, which would be frozen with it', async () => {
    const booked = Promise.withResolvers<void>();
    const app: App = async () => ({ response: new Response('{}'), done: booked.promise });
    const { answered, ended, isOver } = invoke(app);
    await answered;
    for (let rounds = 0; rounds < 10; rounds += 1) await round();
    expect(isOver()).toBe(false);
    booked.resolve();
    await ended;
  });

  it('is not over before that either where its answer breaks', async () => {
    const booked = Promise.withResolvers<void>();
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('broken')) });
    const { ended, isOver } = invoke(async () => ({ response: new Response(body), done: booked.promise }));
    for (let rounds = 0; rounds < 10; rounds += 1) await round();
    expect(isOver()).toBe(false);
    booked.resolve();
    await expect(ended).rejects.toThrow('broken');
  });
});
