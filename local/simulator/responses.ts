import { apiError, isReply, type JsonReply, ok, type Reply } from './reply.ts';
import { keptText } from './response-items.ts';
import { type Answered, answerResponse, started } from './response-object.ts';
import { type ResponseRequest, readInputTokensRequest, readResponseRequest } from './response-request.ts';
import type { StoredResponse } from './response-store.ts';
import { responseFrames } from './response-stream.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';

/** `POST /responses` */
export function createResponse({ body }: EndpointRequest, simulation: Simulation): Reply {
  const request = readResponseRequest(body, simulation);
  if (isReply(request)) return request;
  const answered = answerResponse(request, simulation);
  if (request.store) simulation.responses.put(stored(request, answered));
  if (request.stream) return { kind: 'stream', frames: responseFrames(answered, request) };
  return ok(request.background ? started(answered.response, 'queued') : answered.response);
}

/** `GET /responses/{id}` */
export function getResponse({ id }: EndpointRequest, simulation: Simulation): Reply {
  const found = simulation.responses.get(id);
  return found === undefined ? notFound(id) : ok(found.response);
}

/** `DELETE /responses/{id}` */
export function deleteResponse({ id }: EndpointRequest, simulation: Simulation): Reply {
  return simulation.responses.delete(id) ? ok({ id, object: 'response', deleted: true }) : notFound(id);
}

/** `POST /responses/input_tokens` */
export function countInputTokens({ body }: EndpointRequest, simulation: Simulation): Reply {
  const request = readInputTokensRequest(body, simulation);
  if (isReply(request)) return request;
  return ok({ object: 'response.input_tokens', input_tokens: request.prompt.tokens });
}

function stored({ prompt }: ResponseRequest, { response, output, items }: Answered): StoredResponse {
  return {
    response,
    conversation: `${prompt.text}\n${output.tokens.join('')}`,
    items: new Map(
      items.flatMap((item) => (item.item.id === undefined ? [] : [[item.item.id, keptText(item, output)]])),
    ),
  };
}

function notFound(id: string): JsonReply {
  return apiError(404, `Response with id '${id}' not found.`);
}
