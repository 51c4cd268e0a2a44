import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { listOf } from '../../shared/core/json-members.ts';
import { continueConversation, conversationOf, kept } from './conversations.ts';
import { page } from './listing.ts';
import { servedTier } from './models.ts';
import { digest } from './random.ts';
import { apiError, isReply, type JsonReply, ok, type Reply } from './reply.ts';
import { keptText } from './response-items.ts';
import { isRunning, newJob, responseAt } from './response-job.ts';
import { type Answered, answerResponse, refusedResponse, started } from './response-object.ts';
import {
  type ResponseRequest,
  readCompactRequest,
  readInputTokensRequest,
  readResponseRequest,
} from './response-request.ts';
import type { ResponseJob, StoredResponse } from './response-store.ts';
import { responseFrames } from './response-stream.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { tokenise } from './tokens.ts';
import { countInput, inputUnits, responseUsage } from './usage.ts';

/** `POST /responses` */
export function createResponse({ body }: EndpointRequest, simulation: Simulation): Reply {
  const request = readResponseRequest(body, simulation);
  if (isReply(request)) return request;
  const refusal = simulation.faults.takeRefusal();
  const answered =
    refusal === undefined
      ? answerResponse(request, simulation)
      : refusedResponse(answerResponse(request, { ...simulation, bill: () => undefined }), refusal);
  const job = request.background ? jobOf(request, answered, simulation) : undefined;
  if (request.store) simulation.responses.put(stored(request, answered, job, simulation));
  const conversation = conversationOf(body, simulation);
  if (conversation !== undefined && !isReply(conversation))
    continueConversation(conversation, body['input'], answered.response.output, simulation);
  const frames = job?.frames?.(-1) ?? responseFrames(answered, request);
  if (request.stream) return { kind: 'stream', frames };
  return ok(request.background ? started(answered.response, 'queued') : answered.response);
}

/** `GET /responses/{id}`, also as a stream of what is made in the background. */
export function getResponse({ id, query }: EndpointRequest, simulation: Simulation): Reply {
  const found = simulation.responses.get(id);
  if (found === undefined) return notFound(id);
  if (query.get('stream') !== 'true') return ok(responseAt(found, simulation.nowMs()));
  const frames = found.job?.isCancelled === true ? undefined : found.job?.frames;
  if (frames === undefined)
    return apiError(400, 'Only a background response that was streamed can be streamed.');
  return { kind: 'stream', frames: frames(Number(query.get('starting_after') ?? -1)) };
}

/** `POST /responses/{id}/cancel` */
export function cancelResponse({ id }: EndpointRequest, simulation: Simulation): Reply {
  const found = simulation.responses.get(id);
  if (found === undefined) return notFound(id);
  if (found.job === undefined) return apiError(400, 'Cannot cancel a synchronous response.');
  if (isRunning(found, simulation.nowMs())) found.job.isCancelled = true;
  return ok(responseAt(found, simulation.nowMs()));
}

/** `DELETE /responses/{id}` */
export function deleteResponse({ id }: EndpointRequest, simulation: Simulation): Reply {
  return simulation.responses.delete(id) ? ok({ id, object: 'response', deleted: true }) : notFound(id);
}

/** `GET /responses/{id}/input_items` */
export function listInputItems({ id, query }: EndpointRequest, simulation: Simulation): Reply {
  const found = simulation.responses.get(id);
  return found === undefined ? notFound(id) : ok(page(found.input, query));
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
  const kept = [...inputBefore(body, simulation), ...listOf(body['input'])].filter(isObject).filter(isUsers);
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

/** What the response that a request continues was asked, as items. */
function inputBefore(body: JsonObject, { responses }: Simulation): readonly JsonObject[] {
  const { previous_response_id: previous } = body;
  return typeof previous === 'string' ? (responses.get(previous)?.input ?? []) : [];
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

/** It has ended when its stream has been sent to its end, or its time is over. */
function jobOf(request: ResponseRequest, answered: Answered, { nowMs, jobMs }: Simulation): ResponseJob {
  if (!request.stream) return newJob(nowMs(), jobMs);
  const job: ResponseJob = newJob(nowMs(), jobMs, function* (after) {
    yield* responseFrames(answered, request, after);
    job.endsAt = Math.min(job.endsAt, nowMs());
  });
  return job;
}

/** What a response was asked, as items. */
function inputItems(input: JsonValue | undefined, simulation: Simulation) {
  const items = Array.isArray(input) ? input : [{ role: 'user', content: input ?? '' }];
  return items.filter(isObject).map((item) => kept(item, simulation));
}

function stored(
  { body, prompt }: ResponseRequest,
  { response, output, items }: Answered,
  job: ResponseJob | undefined,
  simulation: Simulation,
): StoredResponse {
  return {
    response,
    input: inputItems(body['input'], simulation),
    ...(job === undefined ? {} : { job }),
    conversation: `${prompt.text}\n${output.tokens.join('')}`,
    items: new Map(
      items.flatMap((item) => (item.item.id === undefined ? [] : [[item.item.id, keptText(item, output)]])),
    ),
  };
}

function notFound(id: string): JsonReply {
  return apiError(404, `Response with id '${id}' not found.`);
}
