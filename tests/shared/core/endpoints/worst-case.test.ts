import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chatCompletions } from '../../../../shared/core/endpoints/chat-completions.ts';
import { completions } from '../../../../shared/core/endpoints/completions.ts';
import { embeddings } from '../../../../shared/core/endpoints/embeddings.ts';
import { responses } from '../../../../shared/core/endpoints/responses.ts';
import { MAX_QUERIES_PER_SEARCH } from '../../../../shared/core/endpoints/tool-charges.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import { wav } from '../../../support/audio.ts';
import { autoTiers, expectBounded, given, of, price, share, shares, tiers } from './bounded.ts';
import { items, namespace } from './generated-items.ts';
import { PRICE } from './support.ts';

const WINDOW = PRICE.contextWindow;

/** What the user sends: texts, images, audio, files. */
const content = fc.record({
  text: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.nat(150_000).map((size) => 'x'.repeat(size)),
  ),
  images: fc.array(fc.boolean(), { maxLength: 4 }),
  audioSeconds: fc.oneof(fc.constant(0), fc.nat(600)),
  file: fc.boolean(),
});
type Content = typeof content extends fc.Arbitrary<infer T> ? T : never;

/** The most tokens of each kind that such content is at OpenAI. */
function truth({ text, images, audioSeconds, file }: Content) {
  if (file) return { text: WINDOW, image: WINDOW, audio: WINDOW };
  return {
    text: Buffer.byteLength(text),
    image: images.length * PRICE.maxImageTokens,
    audio: audioSeconds * 10,
  };
}

const imageUrl = (inline: boolean) =>
  inline ? `data:image/png;base64,${'A'.repeat(500)}` : 'https://x.test/a.png';
const sound = (seconds: number) => wav(seconds, { rate: 1_000 }).toString('base64');

/** Usage of one turn, or of several: never more of a kind than there can be, never more together than `most`. */
function usageOf(
  names: { input: string; output: string },
  kinds: { text: number; image: number; audio: number },
  most: number,
  output: { tokens: number; audio: boolean },
  [a, b, c, d, e, f]: [number, number, number, number, number, number],
  ttl12h: boolean,
): JsonObject {
  const audio = Math.min(most, of(kinds.audio, a));
  const image = Math.min(most - audio, of(kinds.image, b));
  const text = Math.min(most - audio - image, of(kinds.text, c));
  const total = audio + image + text;
  const cached = of(total, d);
  const written = of(total - cached, e);
  const tokens = of(output.tokens, f);
  return {
    [`${names.input}_tokens`]: total,
    [`${names.input}_tokens_details`]: {
      cached_tokens: cached,
      cache_write_tokens: written,
      cache_write_tokens_details: { ttl_12h_tokens: ttl12h ? written : 0 },
      audio_tokens: audio,
      image_tokens: image,
    },
    [`${names.output}_tokens`]: tokens,
    [`${names.output}_tokens_details`]: {
      audio_tokens: output.audio ? of(tokens, a) : 0,
      reasoning_tokens: of(tokens, b),
    },
  };
}

test('no chat completion costs more than its worst case', () => {
  const options = fc.record({
    n: fc.option(fc.integer({ min: 1, max: 8 })),
    max: fc.option(fc.integer({ min: 1, max: 20_000 })),
    audio: fc.boolean(),
    prediction: fc
      .option(fc.nat(20_000), { freq: 4 })
      .map((size) => (size === null ? null : 'y'.repeat(size))),
    ttl12h: fc.boolean(),
  });
  fc.assert(
    fc.property(
      price,
      tiers,
      content,
      options,
      shares,
      (table, [tier, autoTier, servedTier], sent, asked, parts) => {
        const marked = asked.ttl12h ? { prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } } : {};
        const body = {
          model: 'test-model',
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: sent.text, ...marked },
                ...sent.images.map((inline) => ({ type: 'image_url', image_url: { url: imageUrl(inline) } })),
                ...(sent.audioSeconds === 0
                  ? []
                  : [
                      { type: 'input_audio', input_audio: { data: sound(sent.audioSeconds), format: 'wav' } },
                    ]),
                ...(sent.file ? [{ type: 'file', file: { file_id: 'file-1' } }] : []),
              ],
            },
          ],
          ...given('service_tier', tier),
          ...given('n', asked.n),
          ...given('max_completion_tokens', asked.max),
          ...(asked.audio ? { modalities: ['text', 'audio'] } : {}),
          ...(asked.prediction === null
            ? {}
            : { prediction: { type: 'content', content: asked.prediction } }),
        };
        const kinds = truth(sent);
        const found = table.searchPerCall === true ? { ...kinds, text: WINDOW } : kinds;
        expectBounded(chatCompletions, body, table, autoTier, (_sent, max) => {
          const rejected = asked.prediction === null ? 0 : Buffer.byteLength(asked.prediction);
          const tokens = (asked.n ?? 1) * (max + rejected);
          const output = { tokens, audio: asked.audio && rejected === 0 };
          return {
            service_tier: servedTier,
            choices: Array.from({ length: asked.n ?? 1 }, () => ({})),
            usage: usageOf(
              { input: 'prompt', output: 'completion' },
              found,
              WINDOW,
              output,
              parts,
              asked.ttl12h,
            ),
          };
        });
      },
    ),
    { numRuns: 500 },
  );
});

test('no response costs more than its worst case', () => {
  const hosted = fc.subarray([
    'web_search',
    'web_search_preview',
    'file_search',
    'mcp',
    'code_interpreter',
  ] as const);
  const options = fc.record({
    max: fc.option(fc.integer({ min: 1, max: 20_000 })),
    calls: fc.option(fc.integer({ min: 1, max: 20 })),
    stored: fc.boolean(),
    added: items,
    grouped: fc.option(namespace),
    ttl12h: fc.boolean(),
  });
  fc.assert(
    fc.property(price, tiers, content, hosted, options, shares, (table, tier, sent, types, asked, parts) => {
      const hostedTools = types.map((type) => ({
        type,
        ...(type === 'code_interpreter' ? { container: { type: 'auto' } } : {}),
      }));
      const tools = asked.grouped === null ? hostedTools : [...hostedTools, asked.grouped.tool];
      const body = {
        model: 'test-model',
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_text', text: sent.text },
              ...sent.images.map((inline) => ({ type: 'input_image', image_url: imageUrl(inline) })),
              ...(sent.file ? [{ type: 'input_file', file_id: 'file-1' }] : []),
            ],
          },
          ...asked.added.map(({ item }) => item),
        ],
        tools,
        ...(asked.ttl12h ? { prompt_cache_options: { ttl: '12h' } } : {}),
        ...(asked.stored ? { previous_response_id: 'resp_1' } : {}),
        ...given('service_tier', tier[0]),
        ...given('max_output_tokens', asked.max),
        ...given('max_tool_calls', asked.calls),
      };
      if (asked.grouped?.hosted === true) {
        expect(responses.check(body)).toMatchObject({ status: 400, param: `tools[${types.length}]` });
        return;
      }
      const looksUp = asked.added.some(({ text }) => text === 'stored');
      if (looksUp) expect(responses.cacheable({ ...body, store: false })).toBe(false);
      const said = asked.added.reduce((sum, { text }) => sum + (text === 'stored' ? 0 : text), 0);
      // What a search brings is text; all else may be pictures.
      const leans = asked.stored || looksUp || sent.file;
      const draws = types.includes('code_interpreter');
      const isText = !leans && !draws;
      const ran = draws ? [{ type: 'code_interpreter_call', container_id: 'c' }] : [];
      expectBounded(responses, body, table, tier[1], (forwarded, max) => {
        const calls = types.length === 0 ? 0 : Number(forwarded['max_tool_calls']);
        const reads = calls > 0 || leans || table.searchPerCall === true;
        const most = (calls + 1) * WINDOW;
        const seen = truth({ ...sent, audioSeconds: 0 });
        const again = isText ? (calls + 1) * seen.image : most;
        const kinds = reads
          ? { text: most, image: again, audio: 0 }
          : { ...seen, text: seen.text + said, audio: 0 };
        const searches = types.some((type) => type.startsWith('web')) ? of(calls, parts[0]) : 0;
        const files = types.includes('file_search') ? calls - searches : 0;
        return {
          service_tier: tier[2],
          tools,
          output: [...Array.from({ length: files }, () => ({ type: 'file_search_call' })), ...ran],
          tool_usage: { web_search: { num_requests: searches * MAX_QUERIES_PER_SEARCH } },
          usage: usageOf(
            { input: 'input', output: 'output' },
            kinds,
            most,
            { tokens: max, audio: false },
            parts,
            asked.ttl12h,
          ),
        };
      });
    }),
    { numRuns: 500 },
  );
});

test('no completion costs more than its worst case', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const long = fc.nat(150_000).map((size) => 'x'.repeat(size));
  const tokens = fc.array(fc.nat(200_000), { minLength: 1, maxLength: 30 });
  const prompt = fc.oneof(text, long, tokens, fc.array(fc.oneof(text, long), { minLength: 1, maxLength: 3 }));
  const number = fc.option(fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(price, autoTiers, prompt, number, number, shares, (table, autoTier, asked, n, max, parts) => {
      const body = {
        model: 'test-model',
        prompt: asked,
        ...given('n', n),
        ...given('max_tokens', max),
      };
      const prompts = Array.isArray(asked) && typeof asked[0] === 'string' ? (asked as string[]) : [asked];
      const sizes = prompts.map((each) =>
        Math.min(WINDOW, typeof each === 'string' ? Buffer.byteLength(each) : each.length),
      );
      const kinds = { text: sizes.reduce((sum, size) => sum + size, 0), image: 0, audio: 0 };
      const output = { tokens: prompts.length * (n ?? 1) * (max ?? 16), audio: false };
      const names = { input: 'prompt', output: 'completion' };
      expectBounded(completions, body, table, autoTier, () => ({
        usage: usageOf(names, kinds, prompts.length * WINDOW, output, parts, false),
      }));
    }),
    { numRuns: 300 },
  );
});

test('no embedding costs more than its worst case', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const input = fc.oneof(
    text,
    fc.array(text),
    fc.array(fc.nat(200_000)),
    fc.array(fc.array(fc.nat(200_000))),
  );
  fc.assert(
    fc.property(price, input, share, (table, asked, part) => {
      const sizes = (
        Array.isArray(asked) && typeof asked[0] !== 'number' ? (asked as (string | number[])[]) : [asked]
      ).map((each) => (typeof each === 'string' ? Buffer.byteLength(each) : each.length));
      const prompt_tokens = of(
        sizes.reduce((sum, size) => sum + size, 0),
        part,
      );
      expectBounded(embeddings, { model: 'test-model', input: asked }, table, 'default', () => ({
        usage: { prompt_tokens, total_tokens: prompt_tokens },
      }));
    }),
    { numRuns: 300 },
  );
});
