import fc from 'fast-check';
import { describe, it } from 'vitest';
import { chatCompletions } from '../../../../shared/core/endpoints/chat-completions.ts';
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
  TOLD_LESS,
  tiersOf,
  usageOf,
  usageParts,
} from './priced.ts';

const asked = fc.record({
  text: said,
  pictures,
  n: fc.option(fc.integer({ min: 1, max: 8 })),
  max: fc.option(fc.integer({ min: 1, max: 200_000 })),
  ttl: fc.constantFrom(null, '30m', '12h'),
  file: fc.option(picture, { freq: 5 }),
  tools: fc.nat(3),
  parts: usageParts,
});
const part = ({ url, detail }: SentPicture) => ({
  type: 'image_url',
  image_url: { url, ...given('detail', detail) },
});

/** That no chat completion of a model, at its price, costs more than is held for it by what is told of that price. */
const isHeld = (tell?: Telling) =>
  fc.property(
    seeingPrice.chain((price) => fc.tuple(fc.constant(price), tiersOf(price))),
    asked,
    ([price, tiers], sent) => {
      const content = [
        { type: 'text', text: sent.text },
        ...sent.pictures.map(part),
        ...(sent.file === null ? [] : [{ type: 'file', file: { file_id: 'file-1' } }]),
      ];
      const tool = { type: 'function', function: { name: 'f', parameters: {} } };
      const body = {
        model: price.model,
        messages: [{ role: 'user', content }],
        ...given('service_tier', tiers.named),
        ...given('n', sent.n),
        ...given('max_completion_tokens', sent.max),
        ...given('prompt_cache_options', sent.ttl === null ? null : { ttl: sent.ttl }),
        ...(sent.tools === 0 ? {} : { tools: Array.from({ length: sent.tools }, () => tool) }),
      };
      expectHeld(
        chatCompletions,
        body,
        price,
        tiers,
        ({ max_completion_tokens: maximum }) => {
          const seen = countAll(price.model, sent.pictures);
          const bytes = Buffer.byteLength(sent.text);
          if (seen === undefined || seen.filled + bytes > price.contextWindow) return undefined;
          const free = price.contextWindow - seen.filled - bytes;
          // A file is pages of text and pictures, as many as there is room for.
          const paged = sent.file === null ? 0 : mostShown(price.model, free, sent.file);
          const searched = price.searchPerCall === true ? free : 0;
          const input = seen.billed + bytes + Math.max(paged, searched);
          const most = Math.min(Number(maximum ?? price.maxOutputTokens), price.maxOutputTokens);
          const output = (sent.n ?? 1) * most;
          return {
            model: price.model,
            service_tier: tiers.served,
            choices: Array.from({ length: sent.n ?? 1 }, () => ({})),
            usage: usageOf(['prompt', 'completion'], { input, output, long: sent.ttl === '12h' }, sent.parts),
          };
        },
        tell,
      );
    },
  );

describe('a chat completion', () => {
  it('of any model, with pictures of every size and detail, at every tier and window, costs no more than is held', () => {
    fc.assert(isHeld(), { numRuns: 1_000 });
  });

  it.each(Object.entries(TOLD_LESS))(
    'would cost more than is held, did the price say less of %s',
    (_, tell) => {
      expectCaught(isHeld(tell), 5_000);
    },
  );
});
