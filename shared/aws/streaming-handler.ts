import type { StreamifyHandler } from 'aws-lambda';
import type { App, Exchange } from '../ports/app.ts';
import { type FunctionUrlEvent, fromFunctionUrlEvent } from './function-url-event.ts';
import { writeResponse } from './response-stream.ts';

/** Makes the Lambda entry of an app behind a streaming function URL. */
export function streamingHandler(app: App): StreamifyHandler<FunctionUrlEvent, void> {
  return awslambda.streamifyResponse<FunctionUrlEvent, void>(async (event, stream, context) => {
    // Open sockets of the cache and of kept-alive connections must not hold up the next call.
    context.callbackWaitsForEmptyEventLoop = false;
    const exchange = await exchangeOf(app, event);
    try {
      await writeResponse(exchange.response, stream, (raw, head) =>
        awslambda.HttpResponseStream.from(raw, { ...head }),
      );
    } finally {
      // Also when the answer is cut short: what follows it would be frozen with the function.
      await exchange.done;
    }
  });
}

async function exchangeOf(app: App, event: FunctionUrlEvent): Promise<Exchange> {
  const { request, caller } = fromFunctionUrlEvent(event);
  return app(request, caller);
}
