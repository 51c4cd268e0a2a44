import fc from 'fast-check';
import { describe, it } from 'vitest';
import { responses } from '../../../../shared/core/endpoints/responses.ts';
import { MAX_QUERIES_PER_SEARCH } from '../../../../shared/core/endpoints/tool-charges.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import type { Price } from '../../../../shared/core/price.ts';
import { given } from './bounded.ts';
import {
  countAll,
  expectCaught,
  expectHeld,
  mostShown,
  picture,
  pictures,
  type SentPicture,
  said,
  seeingPrice,
  type Telling,
  type Tiers,
  TOLD_LESS,
  tiersOf,
  usageOf,
  usageParts,
} from './priced.ts';

const TOOLS = {
  web_search: {},
  web_search_preview: {},
  file_search: { vector_store_ids: ['vs_1'] },
  mcp: { server_label: 's' },
  tool_search: {},
  programmatic_tool_calling: {},
  code_interpreter: { container: { type: 'auto', memory_limit: '4g' } },
} as const satisfies Readonly<Record<string, JsonObject>>;
type Tool = keyof typeof TOOLS;

const asked = fc.record({
  text: said,
  pictures,
  place: fc.constantFrom('message', 'function', 'screen'),
  /** Pages of a file, or of what was said before, that nobody here sees; with such pictures. */
  unseen: fc.option(fc.record({ by: fc.constantFrom('file', 'response', 'item'), picture }), { freq: 4 }),
  hosted: fc.oneof(fc.constant<Tool[]>([]), fc.subarray(Object.keys(TOOLS) as Tool[], { maxLength: 3 })),
  calls: fc.option(fc.integer({ min: 1, max: 9 })),
  threshold: fc.option(fc.constantFrom(1_000, 9_000, 150_000, 400_000, 2_000_000, null), { freq: 2 }),
  trigger: fc.boolean(),
  max: fc.option(fc.integer({ min: 1, max: 200_000 })),
  ttl: fc.constantFrom(null, '30m', '12h'),
  parts: usageParts,
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

function inputOf(sent: Asked): JsonObject[] {
  const images = sent.pictures.map(({ url, detail }: SentPicture) => ({
    type: 'input_image',
    image_url: url,
    ...given('detail', detail),
  }));
  const screens = images.map(({ image_url }) => ({
    type: 'computer_call_output',
    call_id: 'c',
    output: { type: 'computer_screenshot', image_url },
  }));
  const items = {
    message: [{ role: 'user', content: images }],
    function: [{ type: 'function_call_output', call_id: 'c', output: images }],
    screen: screens,
  }[sent.place];
  return [
    { role: 'user', content: [{ type: 'input_text', text: sent.text }] },
    ...items,
    ...(sent.unseen?.by === 'file'
      ? [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }]
      : []),
    ...(sent.unseen?.by === 'item' ? [{ type: 'item_reference', id: 'msg_1' }] : []),
    ...(sent.trigger && sent.threshold === null ? [{ type: 'compaction_trigger' }] : []),
  ];
}

function requestOf(price: Price, tiers: Tiers, sent: Asked): JsonObject {
  return {
    model: price.model,
    input: inputOf(sent),
    ...(sent.hosted.length === 0 ? {} : { tools: sent.hosted.map((type) => ({ type, ...TOOLS[type] })) }),
    ...given('max_tool_calls', sent.calls),
    ...given('service_tier', tiers.named),
    ...given('max_output_tokens', sent.max),
    ...given('prompt_cache_options', sent.ttl === null ? null : { ttl: sent.ttl }),
    ...(sent.unseen?.by === 'response' ? { previous_response_id: 'resp_1' } : {}),
    ...(sent.threshold === undefined || sent.threshold === null
      ? {}
      : { context_management: [{ type: 'compaction', compact_threshold: sent.threshold }] }),
  };
}

/** The most that one reading of the context can be billed as, and how much of the window it fills; nothing, where it does not fit. */
function readingOf(
  price: Price,
  sent: Asked,
): { readonly most: number; readonly filled: number } | undefined {
  // No detail is known to count for screenshots.
  const isScreen = sent.place === 'screen';
  const shown = isScreen ? sent.pictures.map((each) => ({ ...each, detail: null })) : sent.pictures;
  const seen = countAll(price.model, shown);
  const bytes = Buffer.byteLength(sent.text);
  const window = price.contextWindow;
  if (seen === undefined || seen.filled + bytes > window) return undefined;
  const free = window - seen.filled - bytes;
  const own = seen.billed + bytes;
  const { hosted, unseen } = sent;
  const looks = hosted.includes('code_interpreter') && price.reasons !== false;
  const drawn = { url: '', detail: null, width: 2_000, height: 2_000 };
  const pages =
    unseen?.picture ?? (looks || hosted.includes('programmatic_tool_calling') ? drawn : undefined);
  if (pages !== undefined) return { most: own + mostShown(price.model, free, pages), filled: window };
  const isFull = hosted.length > 0 || price.searchPerCall === true;
  return isFull ? { most: own + free, filled: window } : { most: own, filled: seen.filled + bytes };
}

/** What OpenAI may answer at most: every call of a tool, and the context read after each, and once more to shorten it. */
function answerOf(price: Price, tiers: Tiers, sent: Asked, forwarded: JsonObject): JsonObject | undefined {
  const { hosted } = sent;
  const calls = hosted.length === 0 ? 0 : Number(forwarded['max_tool_calls']);
  const maximum = Number(forwarded['max_output_tokens'] ?? price.maxOutputTokens);
  const output = calls > 0 ? maximum : Math.min(maximum, price.maxOutputTokens);
  const reading = readingOf(price, sent);
  if (reading === undefined) return undefined;
  const threshold = sent.threshold ?? (sent.trigger ? 0 : Number.POSITIVE_INFINITY);
  const put = Math.min(output, price.contextWindow - reading.filled);
  const again = reading.filled + put >= threshold ? reading.most + put : 0;
  const input = (calls + 1) * (reading.most + again);
  const searches = hosted.some((type) => type.startsWith('web')) ? calls : 0;
  const files = hosted.includes('file_search') ? calls - searches : 0;
  const draws = hosted.includes('code_interpreter');
  return {
    model: price.model,
    service_tier: tiers.served,
    tools: forwarded['tools'] ?? [],
    output: [
      ...Array.from({ length: files }, () => ({ type: 'file_search_call' })),
      ...(draws ? [{ type: 'code_interpreter_call', container_id: 'c' }] : []),
    ],
    tool_usage: { web_search: { num_requests: searches * MAX_QUERIES_PER_SEARCH } },
    usage: usageOf(['input', 'output'], { input, output, long: sent.ttl === '12h' }, sent.parts),
  };
}

/** That no response of a model, at its price, costs more than is held for it by what is told of that price. */
const isHeld = (tell?: Telling) =>
  fc.property(
    seeingPrice.chain((price) => fc.tuple(fc.constant(price), tiersOf(price))),
    asked,
    ([price, tiers], sent) => {
      const body = requestOf(price, tiers, sent);
      expectHeld(responses, body, price, tiers, (forwarded) => answerOf(price, tiers, sent, forwarded), tell);
    },
  );

describe('a response', () => {
  it('of any model, with pictures, tools, files and compactions, at every tier and window, costs no more than is held', () => {
    fc.assert(isHeld(), { numRuns: 1_000 });
  });

  it.each(Object.entries(TOLD_LESS))(
    'would cost more than is held, did the price say less of %s',
    (_, tell) => {
      expectCaught(isHeld(tell), 5_000);
    },
  );
});
