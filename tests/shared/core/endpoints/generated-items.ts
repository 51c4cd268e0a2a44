import fc from 'fast-check';
import type { JsonObject } from '../../../../shared/core/json.ts';

/** An item of `/responses`, and the most text that it is at OpenAI: its own bytes, or whatever is stored there. */
export interface GeneratedItem {
  readonly item: JsonObject;
  readonly text: 'stored' | number;
}

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
const id = fc.constantFrom('msg_1', 'rs_1', 'ws_1', '');
const role = { role: 'assistant' };
const call = { call_id: 'c', name: 'f' };

/** Items that OpenAI looks up by their id, whatever else they carry. */
const stored: fc.Arbitrary<JsonObject> = fc
  .tuple(
    id,
    fc.constantFrom<JsonObject>(
      {},
      { type: null },
      { type: null, ...role, content: 'x' },
      { type: 'item_reference' },
      { type: 'item_reference', content: 'x' },
      role,
      { type: 'message', ...role },
      { type: 'message', ...role, content: [] },
      { type: 'reasoning', summary: [] },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'x' }], encrypted_content: null },
      { type: 'compaction' },
      { type: 'function_call', ...call },
      { type: 'function_call_output', call_id: 'c', output: null },
      { type: 'computer_call', call_id: 'c', pending_safety_checks: [] },
      { type: 'web_search_call', action: { type: 'search', query: 'x' } },
      { type: 'file_search_call', queries: ['x'], results: null },
      { type: 'code_interpreter_call', code: '1', outputs: null },
      { type: 'image_generation_call', result: null },
      { type: 'mcp_call', server_label: 's', name: 'f', arguments: '{}' },
      { type: 'mcp_list_tools', server_label: 's' },
      { type: 'hologram', content: 'x' },
    ),
  )
  .map(([name, item]) => ({ ...item, id: name }));

/** Items that say all that they are, with an id or without. */
const carried: fc.Arbitrary<GeneratedItem> = fc
  .tuple(
    text,
    fc.option(id),
    fc.constantFrom<(content: string) => JsonObject>(
      (content) => ({ ...role, content }),
      (content) => ({ type: 'message', ...role, content: [{ type: 'output_text', text: content }] }),
      (content) => ({ type: 'reasoning', summary: [], encrypted_content: encrypted(content) }),
      (content) => ({ type: 'compaction', encrypted_content: encrypted(content) }),
      (content) => ({ type: 'function_call', ...call, arguments: content }),
      (content) => ({ type: 'function_call_output', call_id: 'c', output: content }),
      (content) => ({ type: 'mcp_call', server_label: 's', name: 'f', arguments: '{}', output: content }),
    ),
  )
  .map(([content, name, make]) => ({
    item: name === null ? make(content) : { ...make(content), id: name },
    text: Buffer.byteLength(content),
  }));

export const items: fc.Arbitrary<readonly GeneratedItem[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: carried },
    { weight: 1, arbitrary: stored.map((item) => ({ item, text: 'stored' as const })) },
  ),
  { maxLength: 4 },
);

/** A namespace of tools, and whether OpenAI would run one of them. */
export const namespace: fc.Arbitrary<{ readonly tool: JsonObject; readonly hosted: boolean }> = fc
  .tuple(
    fc.array(fc.constantFrom('function', 'custom'), { maxLength: 3 }),
    fc.option(fc.constantFrom('web_search', 'mcp', 'code_interpreter', 'tool_search'), { freq: 4 }),
    fc.nat(2),
  )
  .map(([own, hosted, depth]) => {
    const tools = [...own, ...(hosted === null ? [] : [hosted])].map((type) => ({ type, name: 'f' }));
    return {
      tool: nested({ type: 'namespace', name: 'n', tools }, hosted === null ? 0 : depth),
      hosted: hosted !== null,
    };
  });

function nested(tool: JsonObject, depth: number): JsonObject {
  return depth === 0 ? tool : nested({ type: 'namespace', name: 'n', tools: [tool] }, depth - 1);
}

/** Encrypted content is base64 of at least what it holds. */
function encrypted(content: string): string {
  return Buffer.from(content).toString('base64');
}
