import { isObject, type JsonObject } from '../../shared/core/json.ts';

export interface DocBlock {
  /** What stands behind `json` where the block begins. */
  readonly kind: string;
  readonly value: JsonObject;
}

/** The blocks of a Markdown text that begin with three backticks and `json <kind>`, in their order. */
export function jsonBlocks(markdown: string): DocBlock[] {
  return [...markdown.matchAll(/^```json (\w+)\n(.*?)^```$/gms)].map(([, kind = '', text = '']) => {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) throw new Error(`not an object: ${text}`);
    return { kind, value };
  });
}
