import type { Context, ResponseMemory } from './memory.ts';
import { elementsOf, membersOf, objectOf, parsed } from './raw-json.ts';

/** One turn, ready to be sent as `POST /v1/responses`. */
export interface TurnRequest {
  /** The members of the body, as texts of JSON. */
  readonly members: ReadonlyMap<string, string>;
  readonly lane: string | undefined;
  readonly model: string;
  /** False: nothing is generated, the turn only leaves a context to go on from. */
  readonly generate: boolean;
  /** The response that the caller goes on from. */
  readonly previous: string | undefined;
  /** Whether that response came from the socket's memory, so that the input holds its whole context. */
  readonly remembered: boolean;
  /** What to keep once it is answered, its output still to be added; `undefined` if OpenAI stores the response. */
  readonly context: Context | undefined;
}

/** Why a message is not a turn, in the words of OpenAI's errors. */
export interface Rejection {
  readonly code: string;
  readonly message: string;
  readonly param?: string;
}

const ENCRYPTED_REASONING = 'reasoning.encrypted_content';
const MOST_LANE_CHARACTERS = 256;

/** The lane that a message names, for the errors about it. */
export function laneOf(text: string): string | undefined {
  const lane = parsed(membersOf(text)?.get('stream_id'));
  return typeof lane === 'string' ? lane : undefined;
}

/**
 * Reads a client's message as a turn. Members are as OpenAI's guide "WebSocket mode" describes them: those of
 * `POST /v1/responses`, and `type`, `stream_id` and `generate` beside them.
 */
export function readTurn(text: string, memory: ResponseMemory): TurnRequest | Rejection {
  const all = membersOf(text);
  if (all === undefined) return rejected('invalid_json', 'A message must be one JSON object.');
  const type = parsed(all.get('type'));
  if (type !== 'response.create')
    return rejected('unsupported_event', 'Only response.create is supported here.', 'type');
  const { type: _, stream_id: lane, generate, background, ...rest } = Object.fromEntries(all);
  if (background !== undefined && background !== 'null' && background !== 'false')
    return rejected('unsupported_parameter', 'background is not supported over WebSocket.', 'background');
  const laneName = parsed(lane);
  if (laneName !== undefined && (typeof laneName !== 'string' || laneName.length > MOST_LANE_CHARACTERS))
    return rejected('invalid_type', 'stream_id must be a text of at most 256 characters.', 'stream_id');
  const model = parsed(rest['model']);
  if (generate === 'false' && typeof model !== 'string')
    return rejected('missing_required_parameter', 'Name a model.', 'model');
  // A Map and an object order names that are whole numbers in different ways; the first is what the caller wrote.
  const members = new Map([...all].filter(([name]) => Object.hasOwn(rest, name)));
  members.set('stream', 'true');
  const previous = parsed(rest['previous_response_id']);
  const previousId = typeof previous === 'string' ? previous : undefined;
  return {
    ...withContext(members, previousId, memory, generate === 'false'),
    lane: laneName,
    model: typeof model === 'string' ? model : '',
    generate: generate !== 'false',
    previous: previousId,
  };
}

function withContext(
  members: Map<string, string>,
  previous: string | undefined,
  memory: ResponseMemory,
  isKept: boolean,
): Pick<TurnRequest, 'members' | 'remembered' | 'context'> {
  const found = previous === undefined ? undefined : memory.find(previous);
  const input = itemsOf(members.get('input'));
  if (found !== undefined && input !== undefined) {
    members.set('input', `[${[...found.items, ...input].join(',')}]`);
    if (found.stored === undefined) members.delete('previous_response_id');
    else members.set('previous_response_id', JSON.stringify(found.stored));
  }
  const stored = found === undefined ? previous : found.stored;
  const keeps = (isKept || members.get('store') === 'false') && input !== undefined;
  const context = keeps
    ? { ...(stored === undefined ? {} : { stored }), items: [...(found?.items ?? []), ...input] }
    : undefined;
  return { members, remembered: found !== undefined, context };
}

/** The items of an input, a text alone included; `undefined` for what is not an input. */
function itemsOf(input: string | undefined): string[] | undefined {
  if (input === undefined || input === 'null') return [];
  if (input.startsWith('"')) return [`{"type":"message","role":"user","content":${input}}`];
  return elementsOf(input);
}

/**
 * The body to send. What is not stored can only be gone on from with its reasoning in it, so that is asked for, unless
 * the model is known to refuse that.
 */
export function bodyOf({ members, context }: TurnRequest, asksForReasoning: boolean): string {
  const include = elementsOf(members.get('include') ?? '[]') ?? [];
  const wanted = JSON.stringify(ENCRYPTED_REASONING);
  if (context === undefined || !asksForReasoning || include.includes(wanted)) return objectOf(members);
  return objectOf(new Map([...members, ['include', `[${[...include, wanted].join(',')}]`]]));
}

/** The output of a finished response that can be sent again as input. */
export function repeatable(output: string): string[] {
  return (elementsOf(output) ?? []).filter((item) => {
    const members = membersOf(item);
    if (parsed(members?.get('type')) !== 'reasoning') return true;
    // Without its content a reasoning item is a reference to something that nobody has stored.
    return typeof parsed(members?.get('encrypted_content')) === 'string';
  });
}

function rejected(code: string, message: string, param?: string): Rejection {
  return { code, message, ...(param === undefined ? {} : { param }) };
}
