import type { ContainerUnit } from './containers.ts';

/**
 * The classes in which OpenAI bills, and the unit that each is counted in. Each unit is counted in exactly one class, so
 * a cost is the plain sum of count times rate. `character`: of the text that is spoken. `second`: of audio that is
 * listened to, begun ones counted whole. `call`: of a hosted tool. `minute`: of a container.
 */
export const UNITS = {
  input: 'token',
  cached_input: 'token',
  cache_write: 'token',
  cache_write_12h: 'token',
  audio_input: 'token',
  cached_audio_input: 'token',
  image_input: 'token',
  cached_image_input: 'token',
  output: 'token',
  audio_output: 'token',
  image_output: 'token',
  characters: 'character',
  audio_seconds: 'second',
  web_search: 'call',
  web_search_preview: 'call',
  file_search: 'call',
  container_1g: 'minute',
  container_4g: 'minute',
  container_16g: 'minute',
  container_64g: 'minute',
} as const;

export type BilledClass = keyof typeof UNITS;
export type Unit = (typeof UNITS)[BilledClass];

export const BILLED_CLASSES = Object.keys(UNITS) as [BilledClass, ...BilledClass[]];

/** Parts of `output` that people ask for; already billed there, so they carry no rate of their own. */
export const DETAIL_CLASSES = ['reasoning', 'accepted_prediction', 'rejected_prediction'] as const;

export const USAGE_CLASSES = [...BILLED_CLASSES, ...DETAIL_CLASSES] as const;

export type UsageClass = (typeof USAGE_CLASSES)[number];

/** How much was used, by class; a class that is absent was not used. */
export type UsageCounts = Partial<Record<UsageClass, number>>;

/** A container that an answer ran in. */
export interface UsedContainer {
  readonly id: string;
  /** The class that its minutes are counted in: that of a container which its tools would make. */
  readonly unit: ContainerUnit;
}

/** What OpenAI says that it served, read from an answer: the facts that a cost is made of. */
export interface Served {
  /** The `model` of the answer, exactly as it was sent; absent where the endpoint's answers carry none. */
  readonly model?: string;
  /** The `service_tier` of the answer (`default`, `flex`, `priority`, `fast`…). */
  readonly serviceTier?: string;
  readonly counts: UsageCounts;
  /** How many choices it has, where its kind of answer has choices. */
  readonly choices?: number;
  /** The containers that it ran in, each counted in `counts` as if it was made for it and then left alone. */
  readonly containers?: readonly UsedContainer[];
  /** What other models did for the same answer (an image that a response had made, say), each billed at its own price. */
  readonly also?: readonly Omit<Served, 'also' | 'containers'>[];
}
