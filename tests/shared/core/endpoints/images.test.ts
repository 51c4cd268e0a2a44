import { describe, expect, it, test } from 'vitest';
import { bundledPrices } from '../../../../prices/load.ts';
import { imageOutputTokens } from '../../../../shared/core/endpoints/image-bounds.ts';
import { imageEdits, imageGenerations } from '../../../../shared/core/endpoints/images.ts';
import { responses } from '../../../../shared/core/endpoints/responses.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import type { Price } from '../../../../shared/core/price.ts';
import { PRICE, RATES } from './support.ts';

const { longContext: _, ...SHORT } = PRICE;
const price = (model: string) => ({ ...SHORT, model });
const listed = bundledPrices();
/** The test's price, with what the price table says of a model's images. */
function drawnBy(model: string): Price {
  const found = listed.find(model, Date.UTC(2026, 10, 21));
  if (found.kind !== 'priced') throw new Error(`${model} has no price`);
  const { imageOutput } = found.price;
  return { ...SHORT, ...(imageOutput === undefined ? {} : { imageOutput }) };
}
const tokens = (model: string, options: JsonObject) => imageOutputTokens(options, drawnBy(model)) - 4_096;
const USAGE = {
  input_tokens: 1_300,
  input_tokens_details: { image_tokens: 1_200, text_tokens: 100 },
  output_tokens: 4_300,
  output_tokens_details: { image_tokens: 4_160, text_tokens: 140 },
  total_tokens: 5_600,
};
const COUNTS = { input: 100, image_input: 1_200, output: 140, image_output: 4_160 };
const draw = (more: JsonObject = {}) => ({ model: 'gpt-image-2', prompt: 'a hedgehog', ...more });

describe('the most that an image puts out', () => {
  it.each([
    ['gpt-image-1.5', { quality: 'low', size: '1024x1024' }, 272],
    ['gpt-image-1.5', { quality: 'high', size: '1024x1536' }, 6_240],
    ['gpt-image-1-mini', { quality: 'medium', size: '1536x1024' }, 1_568],
    ['gpt-image-1.5', { quality: 'auto', size: '1024x1024' }, 6_240],
    ['gpt-image-1.5', {}, 6_240],
    // The three that OpenAI's calculator is quoted with.
    ['gpt-image-2', { quality: 'high', size: '1024x1024' }, 7_024],
    ['gpt-image-2', { quality: 'high', size: '1536x1024' }, 5_488],
    ['gpt-image-2', { quality: 'high', size: '3584x2048' }, 12_329],
    ['gpt-image-2', { quality: 'low', size: '1024x1024' }, 196],
    ['gpt-image-2.5-flare', { quality: 'max', size: '1024x1024' }, 7_024],
    ['gpt-image-2.5-flare-2026-09-08', { quality: 'low', size: '1024x1024' }, 196],
    ['gpt-image-2', {}, 23_719],
    ['gpt-image-2', { quality: 'high', size: 'auto' }, 23_719],
    ['gpt-image-2', { quality: 'high', size: '9000x9000' }, 23_719],
    ['gpt-image-2', { quality: 'high', size: '1024x1024', partial_images: 3 }, 7_024 + 300],
    ['gpt-image-2', { quality: 'low', size: '1024x1024', output_format: 'gif' }, 9 * 196],
    ['gpt-image-2', { quality: 'low', size: '1024x1024', output_format: 'gif', frame_count: 16 }, 16 * 196],
    // Seen to be up to four times those of 2.5: 784.
    ['gpt-image-2.6-flare', { quality: 'low', size: '1024x1024' }, 1_756],
    ['gpt-image-2.6-sunburst', { quality: 'max', size: '1024x1024' }, 7_024],
    // Of this one no table is published.
    ['chatgpt-image-latest', { quality: 'low', size: '1024x1024' }, PRICE.maxOutputTokens],
  ])('of %s with %j', (model, options, most) => {
    expect(tokens(model, options)).toBe(most);
  });

  it.each<[string, Price['imageOutput'], JsonObject, number]>([
    [
      'units of a quality',
      { units: { low: 16, ultra: 192 } },
      { quality: 'ultra', size: '1024x1024' },
      28_096,
    ],
    ['the most units', { units: { low: 16, ultra: 192 } }, { quality: 'auto', size: '1024x1024' }, 28_096],
    ['a quality and size', { sizes: { low: { '64x64': 7 } } }, { quality: 'low', size: '64x64' }, 7],
    ['the most of what is listed', { sizes: { low: { '64x64': 7, '8x8': 1 } } }, { quality: 'low' }, 7],
    ['no member of objects', { units: { low: 16 } }, { quality: 'constructor', size: '1024x1024' }, 196],
    ['all that a model can put out', undefined, { quality: 'low', size: '64x64' }, PRICE.maxOutputTokens],
  ])('is, by a price of an admin, %s', (_, imageOutput, options, most) => {
    const set = { ...SHORT, model: 'draw-9', ...(imageOutput === undefined ? {} : { imageOutput }) };
    expect(imageOutputTokens(options, set) - 4_096).toBe(most);
  });
});

describe('images', () => {
  it('are billed what their usage says, text and images apart', () => {
    expect(imageGenerations.served({ created: 1, data: [], usage: USAGE }, draw())).toEqual({
      counts: COUNTS,
    });
  });

  it('whose output is not told apart are images, and whose usage is missing may have cost anything', () => {
    const { output_tokens_details: _details, ...usage } = USAGE;
    const counts = { input: 100, image_input: 1_200, image_output: 4_300 };
    expect(imageEdits.served({ usage }, draw())).toEqual({ counts });
    expect(imageGenerations.served({ data: [] }, draw())).toBeUndefined();
  });

  it('in events are billed by the last event of each', () => {
    const meter = imageGenerations.streamMeter(draw({ n: 2 }));
    meter.see({ type: 'image_generation.partial_image', b64_json: 'QUJD' });
    meter.see({ type: 'image_generation.completed', usage: USAGE });
    expect(meter.isFinal()).toBe(false);
    meter.see({ type: 'image_generation.completed', usage: USAGE });
    expect(meter.isFinal()).toBe(true);
    expect(meter.served()?.counts).toEqual({
      input: 200,
      image_input: 2_400,
      output: 280,
      image_output: 8_320,
    });
    expect(meter.seenOutputBytes()).toBeUndefined();
  });

  it('of which one does not say what it cost may have cost anything', () => {
    const meter = imageEdits.streamMeter(draw({ n: 2 }));
    meter.see({ type: 'image_edit.completed', usage: USAGE });
    meter.see({ type: 'image_edit.completed' });
    expect([meter.isFinal(), meter.served()]).toEqual([true, undefined]);
  });

  it('are held for each of them, prompt and images that they are made from', () => {
    const one = imageEdits.worstCase(draw({ image: {}, mask: {} }), price('gpt-image-2'), {
      bodyBytes: 0,
      autoTier: 'default',
    });
    const three = imageEdits.worstCase(draw({ image: {}, mask: {}, n: 3 }), price('gpt-image-2'), {
      bodyBytes: 0,
      autoTier: 'default',
    });
    expect(one.fixed).toBeGreaterThan(2n * BigInt(PRICE.maxImageTokens) * RATES.image_input);
    expect(three.fixed).toBe(3n * one.fixed);
    expect(three.maxOutputTokens).toBe(3 * one.maxOutputTokens);
    expect(one.perOutputToken).toBe(RATES.image_output);
  });

  const author = { output_format: 'svg', svg: { model: 'gpt-6-sol' } };

  it('as SVG are billed their author too, at its own price', () => {
    const svg_usage = {
      model: 'gpt-6-sol',
      input_tokens: 900,
      output_tokens: 500,
      reasoning_tokens: 300,
      total_tokens: 1_400,
    };
    expect(imageGenerations.otherModels?.(draw(author))).toEqual(['gpt-6-sol']);
    expect(imageGenerations.served({ usage: USAGE, svg_usage }, draw(author))).toEqual({
      counts: COUNTS,
      also: [{ model: 'gpt-6-sol', counts: { input: 900, output: 500, reasoning: 300 } }],
    });
    expect(
      imageGenerations.served({ usage: USAGE, svg_usage: { model: 'gpt-6-sol' } }, draw()),
    ).toBeUndefined();
    const held = (prices: ReadonlyMap<string, typeof PRICE>) =>
      imageGenerations.worstCase(draw(author), price('gpt-image-2'), {
        bodyBytes: 0,
        autoTier: 'default',
        prices,
      }).fixed;
    expect(held(new Map([['gpt-6-sol', PRICE]])) - held(new Map())).toBeGreaterThan(
      BigInt(PRICE.contextWindow) * RATES.input,
    );
  });

  it.each<[string, JsonObject]>([
    ['model', { prompt: 'x' }],
    ['n', draw({ n: 11 })],
    ['partial_images', draw({ partial_images: 4 })],
    ['frame_count', draw({ frame_count: 17 })],
    ['svg.model', draw({ output_format: 'svg' })],
    ['svg.model', draw({ svg: {} })],
    ['size', draw({ size: 1024 })],
    ['prompt', draw({ prompt: ['x'] })],
    ['image', draw({ image: 'x' })],
  ])('with a wrong %s are refused', (param, body) => {
    expect(imageGenerations.check(body)).toMatchObject({ status: 400, param });
  });

  it('are edited as SVG by an author that is named, and billed', () => {
    expect(imageEdits.check(draw({ output_format: 'svg' }))).toMatchObject({ param: 'svg.model' });
    expect(imageEdits.check(draw({ svg: {} }))).toMatchObject({ param: 'svg.model' });
    expect(imageEdits.check(draw(author))).toBeUndefined();
    expect(imageEdits.otherModels?.(draw(author))).toEqual(['gpt-6-sol']);
  });
});

describe('images that a response has made', () => {
  const tool = { type: 'image_generation' };
  const ask = (more: JsonObject = {}) => ({ model: 'test-model', input: 'x', tools: [tool], ...more });
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  const image = { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'QUJD' };

  it('are asked of a model by its name, and no more of them than are held for', () => {
    const named = responses.withDefaults?.(ask(), { defaultImageModel: () => 'draw-9' }, 0) ?? {};
    expect(responses.forMetering(named, PRICE)).toMatchObject({
      tools: [{ type: 'image_generation', model: 'draw-9' }],
      max_tool_calls: 2,
    });
    expect(responses.otherModels?.(named)).toEqual(['draw-9']);
    const own = ask({ tools: [{ ...tool, model: 'gpt-image-1.5' }] });
    expect(responses.withDefaults?.(own, { defaultImageModel: () => 'draw-9' }, 0)).toEqual(own);
    expect(responses.otherModels?.(ask({ tools: [{ ...tool, model: 'gpt-image-1.5' }] }))).toEqual([
      'gpt-image-1.5',
    ]);
    expect(responses.otherModels?.(ask({ tools: [] }))).toEqual([]);
  });

  it('are refused of a model that nobody named and nobody knows', () => {
    const unnamed = responses.withDefaults?.(ask(), { defaultImageModel: () => undefined }, 0) ?? {};
    expect(responses.check(unnamed)).toMatchObject({ status: 400, param: 'tools[0]' });
    const known = responses.withDefaults?.(ask(), { defaultImageModel: () => 'draw-9' }, 0) ?? {};
    expect(responses.check(known)).toBeUndefined();
  });

  it('are held at the price of their model', () => {
    const drawn = { tools: [{ ...tool, model: 'gpt-image-2' }] };
    const fixed = (prices: ReadonlyMap<string, typeof PRICE>, calls: number) =>
      responses.worstCase(ask({ ...drawn, max_tool_calls: calls }), PRICE, {
        bodyBytes: 100,
        autoTier: 'default',
        prices,
      }).fixed;
    const none = new Map();
    const priced = new Map([['gpt-image-2', drawnBy('gpt-image-2')]]);
    const one = fixed(priced, 1) - fixed(none, 1);
    expect(one).toBeGreaterThan(23_719n * RATES.image_output);
    // The second call can be handed what the first one made.
    const second = fixed(priced, 2) - fixed(none, 2) - 2n * one;
    expect(second).toBe(2n * BigInt(PRICE.maxImageTokens) * RATES.image_input);
  });

  it('are billed to their model', () => {
    const answer = {
      model: 'm',
      usage,
      tools: [{ ...tool, model: 'gpt-image-1.5' }],
      output: [image],
      tool_usage: { image_gen: USAGE },
    };
    expect(responses.served(answer, ask())).toEqual({
      model: 'm',
      counts: { input: 10, output: 5 },
      also: [{ model: 'gpt-image-1.5', counts: COUNTS }],
    });
  });

  test.each([
    ['no usage of images', undefined],
    ['no tokens', { input_tokens: 0, output_tokens: 0, total_tokens: 0 }],
  ])('and that the answer counts with %s may have cost anything', (_what, image_gen) => {
    const answer = { model: 'm', usage, tools: [tool], tool_usage: { image_gen } };
    expect(responses.served({ ...answer, output: [image] }, ask())).toBeUndefined();
    expect(responses.served({ ...answer, output: [] }, ask())).toEqual({
      model: 'm',
      counts: { input: 10, output: 5 },
    });
  });
});
