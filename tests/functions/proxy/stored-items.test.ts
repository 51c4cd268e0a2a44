import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SimulatedStage, startSimulatedStage } from '../../support/simulated-stage.ts';
import { inProcess } from '../../support/targets.ts';
import { sdk, type World } from '../../support/world.ts';

/** A stage in front of the simulator, which keeps what it answered and looks it up by the ids of its items. */
let stage: SimulatedStage;
let world: World;
beforeAll(async () => {
  stage = await startSimulatedStage();
  world = stage.world;
});
afterAll(() => stage.close());

const TIMES = 100;
const cases: [string, (type: string, id: string) => object, string][] = [
  ['a reference', (_type, id) => ({ type: 'item_reference', id }), 'reasoning'],
  ['a reference without a type', (_type, id) => ({ id }), 'reasoning'],
  ['a reference whose type is null', (_type, id) => ({ type: null, id }), 'web_search_call'],
  ['a reasoning without its content', (type, id) => ({ type, id, summary: [] }), 'reasoning'],
  ['a web search without what it found', (type, id) => ({ type, id, action: {} }), 'web_search_call'],
];

test.each(cases)('%s costs no more than was held for it, and is answered anew', async (_name, by, type) => {
  const project = await world.project('500');
  const client = sdk(inProcess(world), project);
  const first = await client.responses.create({
    model: 'gpt-5',
    input: project,
    reasoning: { effort: 'high' },
    tools: [{ type: 'web_search' }],
    max_tool_calls: 1,
  });
  const stored = first.output.find((item) => item.type === type);
  const item = by(type, String(stored?.id)) as ResponseInputItem;
  const ask = () =>
    client.responses
      .create({
        model: 'gpt-5',
        input: Array.from({ length: TIMES }, () => item),
        max_output_tokens: 16,
        store: false,
      })
      .withResponse();
  for (const { data, response } of [await ask(), await ask()]) {
    // Far more than the bytes that name it: only what is stored makes it so.
    expect(data.usage?.input_tokens).toBeGreaterThan(JSON.stringify(item).length * TIMES);
    expect(response.headers.get('openai-proxy-cache')).toBe('bypass');
  }
  const entries = await world.entries(project);
  expect(entries).toHaveLength(3);
  for (const { held, outcome } of entries) {
    expect(outcome).toMatchObject({ state: 'settled', flags: [] });
    expect(outcome?.cost).toBeLessThanOrEqual(held);
  }
});
