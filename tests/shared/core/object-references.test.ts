import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../shared/core/json.ts';
import { type ObjectReference, objectReferences } from '../../../shared/core/object-references.ts';
import { isRefusal } from '../../../shared/core/refusal.ts';

function referencesIn(body: JsonObject): readonly ObjectReference[] {
  const found = objectReferences(body);
  if (isRefusal(found)) throw new Error(found.message);
  return found;
}

describe('the objects that a request names', () => {
  it.each([
    [
      'a file in the content of a chat',
      { messages: [{ content: [{ file: { file_id: 'f' } }] }] },
      ['f messages[0].content[0].file.file_id'],
    ],
    [
      'a file in the input of a response',
      { input: [{ content: [{ file_id: 'f' }] }] },
      ['f input[0].content[0].file_id'],
    ],
    [
      'the files of a container',
      { tools: [{ container: { file_ids: ['a', 'b'] } }] },
      ['a tools[0].container.file_ids', 'b tools[0].container.file_ids'],
    ],
    [
      'the stores of a file search',
      { tools: [{ vector_store_ids: ['v'] }] },
      ['v tools[0].vector_store_ids'],
    ],
    [
      'the mask of an image tool',
      { tools: [{ input_image_mask: { file_id: 'f' } }] },
      ['f tools[0].input_image_mask.file_id'],
    ],
    ['the response before', { previous_response_id: 'r' }, ['r previous_response_id']],
    ['a conversation by its id', { conversation: 'c' }, ['c conversation']],
    ['a conversation as an object', { conversation: { id: 'c' } }, ['c conversation.id']],
    ['the input of a batch', { input_file_id: 'f' }, ['f input_file_id']],
    ['an item by reference', { input: [{ type: 'item_reference', id: 'i' }] }, ['i input[0].id']],
    ['an item by nothing but its id', { input: [{ id: 'i' }] }, ['i input[0].id']],
    ['an item of a new conversation', { items: [{ type: null, id: 'i' }] }, ['i items[0].id']],
    [
      'a whole item, weakly',
      { input: [{ type: 'message', id: 'i', content: 'Hello.' }] },
      ['i input[0].id (weak)'],
    ],
    [
      'a file among the variables of a prompt',
      { prompt: { variables: { a: { file_id: 'f' } } } },
      ['f prompt.variables.a.file_id'],
    ],
  ])('%s', (_name, body, found) => {
    const shown = referencesIn(body).map(({ id, param, weak }) => `${id} ${param}${weak ? ' (weak)' : ''}`);
    expect(shown).toEqual(found);
  });

  it.each([
    ['metadata of the caller', { metadata: { file_id: 'f' } }],
    [
      'the schema of a function',
      { tools: [{ parameters: { properties: { file_id: { type: 'string' } }, example: { file_id: 'f' } } }] },
    ],
    ['a text', { input: 'file_id', previous_response_id: null, conversation: null }],
    ['a stored prompt, which is the stage’s', { prompt: { id: 'pmpt_1' } }],
  ])('are none in %s', (_name, body) => {
    expect(objectReferences(body)).toEqual([]);
  });
});
