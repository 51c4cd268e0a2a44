import { GPT_4 } from './overlay/gpt-4.ts';
import { GPT_5_4 } from './overlay/gpt-5.4.ts';
import { GPT_5 } from './overlay/gpt-5.ts';
import { GPT_6 } from './overlay/gpt-6.ts';
import { MEDIA } from './overlay/media.ts';
import { OTHERS } from './overlay/others.ts';
import { REASONING } from './overlay/reasoning.ts';
import { LEFT_OUT, REFUSED } from './overlay/refused.ts';
import type { Group, RefusedGroup } from './overlay/types.ts';

/** All that Farebox says itself about models and their prices, reviewed by people. */
export interface Overlay {
  readonly groups: readonly Group[];
  readonly refused: readonly RefusedGroup[];
  /** Entries of the base that are left out on purpose: an update does not ask about them again. */
  readonly leftOut: readonly string[];
}

export const OVERLAY: Overlay = {
  groups: [...GPT_6, ...GPT_5_4, ...GPT_5, ...GPT_4, ...REASONING, ...MEDIA, ...OTHERS],
  refused: REFUSED,
  leftOut: LEFT_OUT,
};
