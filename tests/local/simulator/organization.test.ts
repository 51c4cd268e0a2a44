import OpenAI from 'openai';
import { beforeAll, describe, expect, it } from 'vitest';
import { SIMULATOR_KEY, useSimulator } from '../../support/simulated-client.ts';

const ADMIN_KEY = 'sk-admin-simulated-for-tests';
const { client, url } = useSimulator({ adminKey: ADMIN_KEY });

/** The real SDK, with which an organization's admin reads the invoice. */
const admin = (adminAPIKey = ADMIN_KEY) =>
  new OpenAI({ baseURL: url(), apiKey: SIMULATOR_KEY, adminAPIKey, maxRetries: 0 });
const DAY = 86_400;
const start_time = Math.floor(Date.now() / 1_000 / DAY) * DAY - 9 * DAY;

describe('the simulated organization', () => {
  const used = { input: 0, cached: 0, output: 0 };
  beforeAll(async () => {
    const ask = (content: string, more = {}) =>
      client().chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content }],
        ...more,
      });
    const long = 'the quiet pangolin recites in blue '.repeat(300);
    for (const answer of [await ask(long), await ask(`${long}, again`)]) {
      used.input += answer.usage?.prompt_tokens ?? 0;
      used.cached += answer.usage?.prompt_tokens_details?.cached_tokens ?? 0;
      used.output += answer.usage?.completion_tokens ?? 0;
    }
    await client().responses.create({
      model: 'gpt-4o',
      input: 'search',
      max_tool_calls: 1,
      tools: [{ type: 'web_search' }],
    });
  });

  /** All pages, as somebody who follows `next_page` reads them. */
  async function allCosts(limit: number) {
    const buckets = [];
    let page: string | undefined;
    do {
      const query = { start_time, limit, group_by: ['line_item' as const], ...(page ? { page } : {}) };
      const answer = await admin().admin.organization.usage.costs(query);
      expect(answer.object).toBe('page');
      buckets.push(...answer.data);
      page = answer.has_more ? (answer.next_page ?? undefined) : undefined;
    } while (page !== undefined);
    return buckets;
  }

  it.each([1, 4, 180])('bills by day and line item, in pages of %i', async (limit) => {
    const buckets = await allCosts(limit);
    expect(buckets.map((bucket) => bucket.start_time)).toEqual(
      Array.from({ length: buckets.length }, (_, day) => start_time + day * DAY),
    );
    const results = buckets.flatMap((bucket) => bucket.results);
    const cost = (name: string) =>
      results.flatMap((result) =>
        result.object === 'organization.costs.result' && result.line_item === name
          ? [{ usd: result.amount?.value, quantity: result.quantity }]
          : [],
      );
    expect(used.cached).toBeGreaterThan(0);
    // gpt-4o-mini: $0.15, $0.075 cached and $0.60 per million tokens; a search is one cent.
    const usd = (tokens: number, rate: number) => ({ usd: (tokens * rate) / 1e12, quantity: tokens });
    expect(cost('gpt-4o-mini-2024-07-18, input')).toEqual([usd(used.input - used.cached, 150_000)]);
    expect(cost('gpt-4o-mini-2024-07-18, cached input')).toEqual([usd(used.cached, 75_000)]);
    expect(cost('gpt-4o-mini-2024-07-18, output')).toEqual([usd(used.output, 600_000)]);
    expect(cost('web search tool calls')).toEqual([{ usd: 0.01, quantity: 1 }]);
  });

  it('counts by day and model', async () => {
    const { usage } = admin().admin.organization;
    const completions = await usage.completions({ start_time, limit: 31, group_by: ['model'] });
    expect(completions.data.flatMap(({ results }) => results)).toContainEqual(
      expect.objectContaining({
        object: 'organization.usage.completions.result',
        model: 'gpt-4o-mini-2024-07-18',
        num_model_requests: 2,
        input_tokens: used.input,
        input_cached_tokens: used.cached,
        output_tokens: used.output,
      }),
    );
    const searches = await usage.webSearchCalls({ start_time, limit: 31 });
    expect(searches.data.flatMap(({ results }) => results)).toMatchObject([
      { object: 'organization.usage.web_searches.result', num_requests: 1 },
    ]);
  });

  it('has every kind of usage that the SDK can ask for', async () => {
    const { usage } = admin().admin.organization;
    const pages = await Promise.all([
      usage.audioSpeeches({ start_time }),
      usage.audioTranscriptions({ start_time }),
      usage.codeInterpreterSessions({ start_time }),
      usage.decisions({ start_time }),
      usage.embeddings({ start_time }),
      usage.fileSearchCalls({ start_time }),
      usage.images({ start_time }),
      usage.moderations({ start_time }),
      usage.vectorStores({ start_time }),
    ]);
    for (const page of pages)
      expect(page).toMatchObject({ object: 'page', data: expect.any(Array), has_more: true });
  });

  it('is shown to its admin key alone', async () => {
    const ask = (key: string) => admin(key).admin.organization.usage.costs({ start_time });
    await expect(ask(SIMULATOR_KEY)).rejects.toMatchObject({ status: 403 });
    await expect(ask('sk-admin-another')).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    const nobody = await fetch(`${url()}/organization/costs?start_time=${start_time}`);
    expect(nobody.status).toBe(401);
  });

  it.each([
    ['costs', ''],
    ['costs', 'start_time=soon'],
    ['costs', `start_time=${start_time}&end_time=${start_time}`],
    ['costs', `start_time=${start_time}&limit=181`],
    ['costs', `start_time=${start_time}&group_by[]=model`],
    ['costs', `start_time=${start_time}&page=page_x`],
    ['usage/completions', `start_time=${start_time}&limit=32`],
    ['usage/completions', `start_time=${start_time}&bucket_width=1y`],
    ['usage/file_search_calls', `start_time=${start_time}&group_by=model`],
  ])('refuses /organization/%s?%s', async (path, query) => {
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const answer = await fetch(`${url()}/organization/${path}?${query}`, { headers });
    expect(answer.status).toBe(400);
  });
});
