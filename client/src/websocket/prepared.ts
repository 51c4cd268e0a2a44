import { objectOf } from './raw-json.ts';
import type { TurnRequest } from './turn-request.ts';

const NO_USAGE =
  '{"input_tokens":0,"input_tokens_details":{"cached_tokens":0},"output_tokens":0,' +
  '"output_tokens_details":{"reasoning_tokens":0},"total_tokens":0}';

/** What a response shows when the request names nothing else. Source: types of the `openai` package, `Response`. */
const DEFAULTS: readonly (readonly [string, string])[] = [
  ['instructions', 'null'],
  ['metadata', '{}'],
  ['parallel_tool_calls', 'true'],
  ['temperature', 'null'],
  ['tool_choice', '"auto"'],
  ['tools', '[]'],
  ['top_p', 'null'],
];

/**
 * The events of a turn with `generate: false`: a finished response without output, which nobody was asked for and
 * which costs nothing.
 *
 * @param seconds the time, in seconds since 1970
 */
export function preparedEvents({ members, lane }: TurnRequest, id: string, seconds: number): string[] {
  const response = (status: string) =>
    objectOf(
      new Map([
        ['id', JSON.stringify(id)],
        ['object', '"response"'],
        ['created_at', String(seconds)],
        ['status', `"${status}"`],
        ['model', members.get('model') ?? 'null'],
        ['output', '[]'],
        ['error', 'null'],
        ['incomplete_details', 'null'],
        ...DEFAULTS.map(([name, value]): [string, string] => [name, members.get(name) ?? value]),
        ['usage', status === 'completed' ? NO_USAGE : 'null'],
      ]),
    );
  const event = (type: string, status: string, sequence: number) =>
    objectOf(
      new Map([
        ...(lane === undefined ? [] : [['stream_id', JSON.stringify(lane)] as const]),
        ['type', `"${type}"`],
        ['sequence_number', String(sequence)],
        ['response', response(status)],
      ]),
    );
  return [event('response.created', 'in_progress', 0), event('response.completed', 'completed', 1)];
}
