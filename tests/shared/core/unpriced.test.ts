import { describe, expect, it } from 'vitest';
import { countedModel } from '../../../shared/core/unpriced.ts';

describe('a model without a price is counted', () => {
  it.each(['gpt-7', 'gpt-4o-2099-01-01', 'o9', 'openai/gpt-4o', 'gpt-4.1:extended', 'a'.repeat(64)])(
    'by its name: %s',
    (model) => {
      expect(countedModel(model)).toBe(model);
    },
  );

  it('by its base model if it is a fine-tuned one, whose name tells of its owner', () => {
    expect(countedModel('ft:gpt-4o-2024-08-06:acme:my-project:abc123')).toBe('ft:gpt-4o-2024-08-06');
  });

  it.each([
    '',
    'x',
    'other',
    'a'.repeat(65),
    'Tell me a story',
    'GPT-4o',
    'alice@example.com',
    'gpt-4o\n',
    'sk-proj-abcdefghijklmnop',
    `sk-${'0'.repeat(40)}`,
    'модель',
    'gpt-"4',
    '-gpt',
    'ft:',
  ])('as another if that can be no name of a model: %j', (model) => {
    expect(countedModel(model)).toBe('other');
  });
});
