/** A value that is the caller's own, or content: whatever its members are called, OpenAI looks nothing up by them. */
export const FREE = 'free';
/** An object whose members are named by the caller; their values are OpenAI's to read, and a text in it is a text. */
export const NAMED = 'named';

/** What is known of one place of a request; the elements of a list are in the place of the list. */
export type Place = typeof FREE | typeof NAMED | PlaceTree;
export interface PlaceTree {
  readonly [member: string]: Place;
}

const SCHEMA: PlaceTree = { schema: FREE };
const FORMAT: PlaceTree = { format: SCHEMA };

/** A function, also as chat completions wrap it; MCP servers are sent headers, and describe their tools by schemas. */
const INNER_TOOL: PlaceTree = {
  annotations: FREE,
  function: { parameters: FREE },
  headers: FREE,
  input_schema: FREE,
  output_schema: FREE,
  parameters: FREE,
};
/** Those of a namespace are in a list of their own. */
const TOOL: PlaceTree = { ...INNER_TOOL, tools: INNER_TOOL };

/** What a model said, or is told: its annotations tell where it has it from. `data` is JSON that is asked about. */
const PARTS: PlaceTree = { annotations: FREE, data: FREE };

/** An item of `/responses`, of a conversation, or of a question: what a hosted tool found is content of its call. */
export const ITEM: PlaceTree = {
  action: { env: FREE },
  arguments: FREE,
  content: PARTS,
  outputs: FREE,
  results: FREE,
  text: FORMAT,
  tools: TOOL,
};

/** The places of a request that are free in form, by where they stand and never by their names alone. */
export const REQUEST: PlaceTree = {
  client_metadata: FREE,
  functions: { parameters: FREE },
  input: ITEM,
  items: ITEM,
  messages: { annotations: FREE, content: PARTS },
  metadata: FREE,
  prompt: { variables: NAMED },
  questions: { instructions: PARTS },
  response_format: { json_schema: SCHEMA },
  text: FORMAT,
  tools: TOOL,
};

/** The place of a member; `undefined` where nothing is known of it. */
export function placeOf(parent: Place | undefined, name: string): Place | undefined {
  return typeof parent === 'object' && Object.hasOwn(parent, name) ? parent[name] : undefined;
}
