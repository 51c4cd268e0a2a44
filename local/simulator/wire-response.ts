import type { Response } from 'openai/resources/responses/responses';
import type { JsonValue } from '../../shared/core/json.ts';

/** Fields that are the request's own, given back as they came. */
type Echoed =
  | 'instructions'
  | 'metadata'
  | 'reasoning'
  | 'text'
  | 'tool_choice'
  | 'tools'
  | 'truncation'
  | 'usage';

/** A response as it travels; `output_text` is something that the SDKs add. */
export type WireResponse = Omit<Response, 'output_text' | Echoed> &
  Readonly<Record<Exclude<Echoed, 'usage'>, JsonValue>> & {
    readonly usage: Response['usage'] | null;
    readonly store: boolean;
  };
