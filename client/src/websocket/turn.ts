import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { messageOf } from '../errors.ts';
import type { Context, ResponseMemory } from './memory.ts';
import { membersOf, parsed } from './raw-json.ts';
import { bodyOf, repeatable, type TurnRequest } from './turn-request.ts';

/** Sends a body as `POST /v1/responses`. */
export type Post = (body: string, signal: AbortSignal) => Promise<Response>;

/** How a turn ended, without a word of what was said in it. */
export interface TurnNote {
  readonly status: number;
  readonly ms: number;
  /** USD, if the stage told it. */
  readonly cost: string | undefined;
  readonly cache: string | undefined;
  /** The stage broke off in the middle of an answer. */
  readonly broken: boolean;
  /** The caller closed the socket first. */
  readonly left: boolean;
}

/** An error of the protocol, as OpenAI sends it: `{"type":"error","status":400,"error":{…}}`. */
export interface SocketError {
  readonly status: number;
  readonly error: { type: string; code: string | null; message: string; param: string | null };
}

export interface TurnParts {
  readonly post: Post;
  readonly memory: ResponseMemory;
  /** Sends one message to the caller, and waits as long as the caller takes to receive it. */
  readonly send: (text: string) => Promise<void>;
  readonly fail: (error: SocketError) => Promise<void>;
  readonly signal: AbortSignal;
  /** Models that refuse to give their reasoning, found out by asking once. */
  readonly withoutReasoning: Set<string>;
}

const COST_COMMENT = /^\s*openai-proxy-cost (\S+)/;
const END = /^response\.(completed|incomplete|failed)$|^error$/;
const PREVIOUS_NOT_FOUND = 'previous_response_not_found';

/** Sends one turn to the stage and relays the events of its stream; every outcome is told to the caller. */
export async function runTurn(request: TurnRequest, parts: TurnParts): Promise<Omit<TurnNote, 'ms'>> {
  const failed = () => {
    if (request.previous !== undefined) parts.memory.forget(request.previous);
  };
  let response: Response;
  try {
    response = await ask(request, parts);
  } catch (error) {
    const left = parts.signal.aborted;
    if (!left) {
      failed();
      await parts.fail(serverError('stage_unreachable', `The stage cannot be reached: ${messageOf(error)}.`));
    }
    return { status: left ? 499 : 502, cost: undefined, cache: undefined, broken: false, left };
  }
  const note = { status: response.status, cache: response.headers.get('openai-proxy-cache') ?? undefined };
  const cost = response.headers.get('openai-proxy-cost') ?? undefined;
  if (!response.ok || response.body === null) {
    failed();
    await parts.fail(await errorOf(response, request));
    return { ...note, cost, broken: false, left: false };
  }
  const relayed = await relay(response.body, request, parts);
  if (!relayed.completed) failed();
  if (relayed.broken && !parts.signal.aborted)
    await parts.fail(
      serverError('stage_broken', 'The connection to the stage broke in the middle of an answer.'),
    );
  return {
    ...note,
    cost: relayed.cost ?? cost,
    broken: relayed.broken && !parts.signal.aborted,
    left: parts.signal.aborted,
  };
}

async function ask(request: TurnRequest, { post, signal, withoutReasoning }: TurnParts): Promise<Response> {
  const asks = !withoutReasoning.has(request.model);
  const body = bodyOf(request, asks);
  const response = await post(body, signal);
  const plain = bodyOf(request, false);
  if (response.status !== 400 || body === plain) return response;
  const said = await response.clone().text();
  if (!/encrypted/i.test(said)) return response;
  withoutReasoning.add(request.model);
  return post(plain, signal);
}

async function errorOf(response: Response, { previous, remembered }: TurnRequest): Promise<SocketError> {
  const text = await response.text().catch(() => '');
  const said = membersOf(membersOf(text)?.get('error') ?? '');
  const textOf = (name: string): string | null => {
    const value = parsed(said?.get(name));
    return typeof value === 'string' ? value : null;
  };
  const error = {
    type: textOf('type') ?? 'server_error',
    code: textOf('code'),
    message: textOf('message') ?? `The stage answered ${response.status}.`,
    param: textOf('param'),
  };
  const isAboutPrevious =
    previous !== undefined &&
    !remembered &&
    (error.param === 'previous_response_id' || response.status === 404);
  return isAboutPrevious
    ? { status: 400, error: { ...error, code: PREVIOUS_NOT_FOUND, param: 'previous_response_id' } }
    : { status: response.status, error };
}

async function relay(body: ReadableStream<Uint8Array>, request: TurnRequest, parts: TurnParts) {
  let cost: string | undefined;
  let completed = false;
  let ended = false;
  const events: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (event) => void events.push(event),
    onComment: (comment) => {
      cost = COST_COMMENT.exec(comment)?.[1] ?? cost;
    },
  });
  const decoder = new TextDecoder();
  const forward = async () => {
    for (const { event, data } of events.splice(0)) {
      const type = event ?? typeOf(data);
      if (type === undefined) continue;
      if (END.test(type)) ended = true;
      if (type === 'response.completed' || type === 'response.incomplete') {
        completed = true;
        keep(data, request, parts.memory);
      }
      await parts.send(onLane(data, request.lane));
    }
  };
  try {
    for await (const chunk of body) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      await forward();
    }
  } catch {
    return { cost, completed, broken: !ended };
  }
  return { cost, completed, broken: !ended };
}

function typeOf(data: string): string | undefined {
  const type = parsed(membersOf(data)?.get('type'));
  return typeof type === 'string' ? type : undefined;
}

/** Events carry the lane of the turn that they belong to. */
function onLane(data: string, lane: string | undefined): string {
  return lane === undefined ? data : data.replace('{', `{"stream_id":${JSON.stringify(lane)},`);
}

function keep(event: string, { context, lane }: TurnRequest, memory: ResponseMemory): void {
  const response = membersOf(membersOf(event)?.get('response') ?? '');
  const id = parsed(response?.get('id'));
  if (context === undefined || typeof id !== 'string') return;
  const output = repeatable(response?.get('output') ?? '[]');
  memory.keep(lane ?? '', id, { ...context, items: [...context.items, ...output] } satisfies Context);
}

function serverError(code: string, message: string): SocketError {
  return { status: 502, error: { type: 'server_error', code, message, param: null } };
}
