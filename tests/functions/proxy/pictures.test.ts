import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseUsd } from '../../../shared/core/money.ts';
import { jpeg, png } from '../../support/pictures.ts';
import { type SimulatedStage, startSimulatedStage } from '../../support/simulated-stage.ts';
import { inProcess } from '../../support/targets.ts';
import { sdk } from '../../support/world.ts';

/** A stage in front of the simulator, which bills pictures as OpenAI's guide counts them. */
let stage: SimulatedStage;
beforeAll(async () => {
  stage = await startSimulatedStage();
});
afterAll(() => stage.close());

const url = (bytes: Uint8Array) => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
const shown = (count: number, image_url: string, detail: 'auto' | 'low') => [
  {
    role: 'user' as const,
    content: Array.from({ length: count }, () => ({ type: 'input_image' as const, image_url, detail })),
  },
];

/** Asks a model about pictures; the entry of the call says what was held and what was booked. */
async function look(
  model: string,
  count: number,
  picture: string,
  limit: string,
  detail: 'auto' | 'low' = 'auto',
) {
  const project = await stage.world.project(limit);
  const input = shown(count, picture, detail);
  const ask = { model, input, max_output_tokens: 200, service_tier: 'default' as const };
  const refusal = await sdk(inProcess(stage.world), project)
    .responses.create(ask)
    .then(
      () => undefined,
      (error) => error.status,
    );
  const [entry] = await stage.world.entries(project);
  if (entry?.outcome === undefined) throw new Error('nothing was booked');
  const { cost, state, flags } = entry.outcome;
  return { refusal, state, flags, cost, held: entry.held };
}

describe('pictures, as OpenAI bills them', () => {
  it.each([
    ['gpt-6.1-sol', 10, png(4_800, 6_400)],
    ['gpt-6.1-sol', 10, jpeg(4_800, 6_400, { before: 100_000 })],
    ['gpt-4o-mini', 50, png(1_000, 1_000)],
    ['gpt-4.1-mini', 20, png(2_048, 2_048)],
    ['gpt-5.4-nano', 20, png(3_200, 3_200)],
  ])('%s: %d of them cost no more than was held, and not much less', async (model, count, bytes) => {
    const { refusal, state, flags, cost, held } = await look(model, count, url(bytes), '20');
    expect({ refusal, state, flags }).toEqual({ refusal: undefined, state: 'settled', flags: [] });
    expect(cost).toBeLessThanOrEqual(held);
    expect(cost).toBeGreaterThan(held / 4n);
  });

  it('that a limit does not afford are not looked at, and smaller ones are', async () => {
    const limit = parseUsd('0.5') ?? 0n;
    const large = await look('gpt-6.1-sol', 10, url(png(4_800, 6_400)), '0.5');
    expect(large).toMatchObject({ refusal: 429, state: 'void', cost: 0n });
    for (const [picture, detail] of [
      [url(png(640, 480)), 'auto'],
      [url(png(4_800, 6_400)), 'low'],
    ] as const) {
      const small = await look('gpt-6.1-sol', 10, picture, '0.5', detail);
      expect(small).toMatchObject({ refusal: undefined, state: 'settled', flags: [] });
      expect(small.cost).toBeLessThanOrEqual(small.held);
      expect(small.held).toBeLessThanOrEqual(limit);
    }
  });

  it('with more patches than OpenAI takes cost nothing', async () => {
    const refused = await look('gpt-6.1-sol', 1, url(png(9_000, 9_000)), '5');
    expect(refused).toMatchObject({ refusal: 400, cost: 0n });
  });
});
