/**
 * The classes in which OpenAI bills. Each unit (a token, a tool call, a container session) is counted in exactly
 * one of them, so a cost is the plain sum of count times rate.
 */
export const BILLED_CLASSES = [
  'input',
  'cached_input',
  'cache_write',
  'cache_write_12h',
  'audio_input',
  'cached_audio_input',
  'image_input',
  'cached_image_input',
  'output',
  'audio_output',
  'image_output',
  'web_search',
  'web_search_preview',
  'file_search',
  'container_1g',
  'container_4g',
  'container_16g',
  'container_64g',
] as const;

/** Parts of `output` that people ask for; already billed there, so they carry no rate of their own. */
export const DETAIL_CLASSES = ['reasoning', 'accepted_prediction', 'rejected_prediction'] as const;

export const USAGE_CLASSES = [...BILLED_CLASSES, ...DETAIL_CLASSES] as const;

export type BilledClass = (typeof BILLED_CLASSES)[number];
export type UsageClass = (typeof USAGE_CLASSES)[number];

/** How much was used, by class; a class that is absent was not used. */
export type UsageCounts = Partial<Record<UsageClass, number>>;

/** What OpenAI says that it served, read from an answer: the facts that a cost is made of. */
export interface Served {
  /** The `model` of the answer, exactly as it was sent; absent where the endpoint's answers carry none. */
  readonly model?: string;
  /** The `service_tier` of the answer (`default`, `flex`, `priority`, `fast`…). */
  readonly serviceTier?: string;
  readonly counts: UsageCounts;
  /** How many choices it has, where its kind of answer has choices. */
  readonly choices?: number;
}
