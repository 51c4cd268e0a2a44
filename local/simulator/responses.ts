import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { servedTier } from './models.ts';
import { digest } from './random.ts';
import { apiError, isReply, type JsonReply, ok, type Reply } from './reply.ts';
import { keptText } from './response-items.ts';
import { type Answered, answerResponse, started } from './response-object.ts';
import {
  type ResponseRequest,
  readCompactRequest,
  readInputTokensRequest,
  readResponseRequest,
} from './response-request.ts';
import type { StoredResponse } from './response-store.ts';
import { responseFrames } from './response-stream.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { tokenise } from './tokens.ts';
import { countInput, inputUnits, responseUsage } from './usage.ts';

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

/** `POST /responses/compact` */
export function compactResponse({ body }: EndpointRequest, simulation: Simulation): Reply {
  const request = readCompactRequest(body, simulation);
  if (isReply(request)) return request;
  const { model, prompt } = request;
  const input = countInput(prompt, model, simulation);
  const tier = servedTier(model, body['service_tier']);
  const summary = digest('compaction', prompt.text).repeat(4);
  const outputTokens = tokenise(summary).length;
  simulation.bill({
    kind: 'completions',
    model: model.snapshot,
    tier,
    inputTokens: input.tokens,
    units: { ...inputUnits(input), output: outputTokens },
  });
  const kept = Array.isArray(body['input']) ? body['input'].filter(isObject).filter(isUsers) : [];
  const encrypted_content = Buffer.from(summary).toString('base64');
  return ok({
    id: simulation.newId('resp_'),
    object: 'response.compaction',
    created_at: simulation.now(),
    output: [...kept, { id: simulation.newId('cmp_'), type: 'compaction', encrypted_content }],
    service_tier: tier,
    usage: responseUsage(input, outputTokens, 0),
  });
}

function isUsers({ role }: JsonObject): boolean {
  return role === 'user';
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
