import type { PictureFit, PictureRule, Vision } from '../../shared/core/vision.ts';

/**
 * Everything here is from the guide "Images and vision" (https://developers.openai.com/api/docs/guides/images-vision),
 * of which stored copies from July, August and November 2026 were read on 30 November 2026. Where they differ, and no
 * later one is plainly right, the dearer counts: usage has not been seen to follow either.
 */
const LOW: PictureFit = [512, 256];
const HIGH: PictureFit = [2_048, 2_500];

/** All details alike: "a 2048-pixel maximum dimension and a 6,144-patch budget". The July copy had 1,536 patches. */
const EVEN = {
  rule: 'patches',
  low: [2_048, 6_144],
  high: [2_048, 6_144],
  original: [2_048, 6_144],
  auto: 'high',
} as const;

/** "`low` … can use more tokens than `high`"; "`auto` uses the same sizing behavior as `high`". */
const GPT_5_4 = { ...EVEN, high: HIGH, original: [6_000, 10_000] } as const;

/** "`auto` uses the same sizing behavior as `original`". */
const GPT_5_5 = { ...GPT_5_4, low: LOW, auto: 'original' } as const;

/** Not resized but to 65,535 pixels: "if the resulting image requires more than 30,000 patches, the API rejects" it. */
const GPT_5_6 = { ...GPT_5_5, original: [65_535, 30_000] } as const;
const GPT_6 = { ...GPT_5_6, high: [65_535, 2_500] } as const;

/** Nothing says whether patches fill the context window before or after the factor: before it, they come to more. */
function patches(rule: Omit<Extract<PictureRule, { rule: 'patches' }>, 'percent'>, percent: number): Vision {
  return { rules: [{ ...rule, percent }], inflation: percent };
}

function tiles(base: number, tile: number): Vision {
  return { rules: [{ rule: 'tiles', base, tile }], inflation: 100 };
}

const TILES_5 = tiles(70, 140);
const PATCHES_5_2 = patches(EVEN, 120);
const TILES_4O = tiles(85, 170);
const PATCHES_6 = patches(GPT_6, 120);

/** What the pictures of a request come to, by families of models. */
export const VISION = {
  gpt4o: TILES_4O,
  /** Tiles by the newest copy; 1,536 patches by an older text of the guide. */
  gpt41: {
    rules: [
      ...TILES_4O.rules,
      { ...EVEN, low: LOW, high: [2_048, 1_536], original: [2_048, 1_536], percent: 100 },
    ],
    inflation: 100,
  },
  /** A picture is billed as 33 times the tokens that it is on gpt-4o, and fills no more of the window than there. */
  gpt4oMini: { ...tiles(2_833, 5_667), inflation: 3_334 },
  gpt41Mini: patches(EVEN, 162),
  gpt41Nano: patches(EVEN, 246),
  o1: tiles(75, 150),
  o4Mini: patches(EVEN, 172),
  computerUse: tiles(65, 129),
  gpt5: TILES_5,
  /** 1.62 in July, 1.2 since August. */
  gpt5Mini: patches(EVEN, 162),
  /** 2.46 in July, 1.5 since August. */
  gpt5Nano: patches(EVEN, 246),
  gpt52: PATCHES_5_2,
  /** "Specialized variants can use different limits": those without a row of their own may be billed as either sibling. */
  gpt5Variant: { rules: [...TILES_5.rules, ...PATCHES_5_2.rules], inflation: 120 },
  gpt54: patches(GPT_5_4, 120),
  /** 1.62 in July, 1.2 since August. */
  gpt54Mini: patches(GPT_5_4, 162),
  /** 2.46 in July, 1.2 since August. */
  gpt54Nano: patches(GPT_5_4, 246),
  gpt55: patches(GPT_5_5, 120),
  gpt56: patches(GPT_5_6, 120),
  /** The guide has a row for gpt-6-astra alone; the others of its generation are taken to see as it does. */
  gpt6: PATCHES_6,
  /** A name that OpenAI moves on from model to model. */
  alias: { rules: [...TILES_5.rules, ...PATCHES_6.rules], inflation: 120 },
} as const satisfies Readonly<Record<string, Vision>>;
