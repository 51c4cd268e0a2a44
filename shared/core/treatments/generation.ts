import { chatCompletions } from '../endpoints/chat-completions.ts';
import { completions } from '../endpoints/completions.ts';
import { decisions } from '../endpoints/decisions.ts';
import { embeddings } from '../endpoints/embeddings.ts';
import { goodModerations } from '../endpoints/good-answers.ts';
import { responses } from '../endpoints/responses.ts';
import { responsesCompact } from '../endpoints/responses-compact.ts';
import { type Content, free, metered, type Row } from './row.ts';

const JSON_OR_STREAM: readonly Content[] = ['application/json', 'text/event-stream'];
const TEXT_BOUND = 'bytes bound the input tokens; pictures by size and detail, sound by length; ';

/** What models are asked for, and what it costs. */
export const GENERATION: readonly Row[] = [
  metered(
    'POST /chat/completions',
    'chat.completions',
    chatCompletions,
    {
      worstCase: `${TEXT_BOUND}output at \`max_completion_tokens\` times \`n\`, or the cap; a search a choice`,
      usage: '`usage`; in a stream the last chunk, asked for with `include_usage`',
      cache: 'yes, unless `store`, web search, files or audio by id',
    },
    { gives: JSON_OR_STREAM, objects: { creates: 'chat_completion' } },
  ),
  metered(
    'POST /responses',
    'responses',
    responses,
    {
      worstCase: `${TEXT_BOUND}output at \`max_output_tokens\`, or the cap; a context that may be compacted, once more; with hosted tools, all turns of \`max_tool_calls\` and their fees; 35 minutes of each container, of the [largest](ledger.md#the-time-of-containers) in what it leans on`,
      usage:
        '`usage`, `tool_usage` and the items of `output`; the minutes of a container that nobody has booked; in a stream `response.completed`, `incomplete` or `failed`',
      cache: 'with `store: false`, without hosted tools, stored input or `background`',
    },
    { gives: JSON_OR_STREAM, objects: { creates: 'response' } },
  ),
  metered(
    'POST /completions',
    'completions',
    completions,
    {
      worstCase: 'bytes bound the input tokens; output at `max_tokens` times `n` or `best_of`, or the cap',
      usage: '`usage`; in a stream the last chunk, asked for with `include_usage`',
      cache: 'yes',
    },
    { gives: JSON_OR_STREAM },
  ),
  metered('POST /embeddings', 'embeddings', embeddings, {
    worstCase: 'bytes bound the tokens of texts; tokens are counted',
    usage: '`usage.prompt_tokens`',
    cache: 'yes',
  }),
  metered('POST /responses/compact', 'responses.compact', responsesCompact, {
    worstCase: `${TEXT_BOUND}output at the most of the model`,
    usage: '`usage`',
    cache: 'no',
  }),
  free('POST /responses/input_tokens', 'responses.input_tokens'),
  metered('POST /decisions', 'decisions', decisions, {
    worstCase: 'bytes bound the input tokens, pictures by size and detail, read once for each question',
    usage: '`usage.input_tokens`; the output is free',
    cache: 'no',
  }),
  free('POST /moderations', 'moderations', { good: goodModerations }),
  free('GET /models', 'models.list'),
  free('GET /models/{model}', 'models.retrieve'),
];
