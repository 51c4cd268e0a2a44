import type { JsonObject } from '../../shared/core/json.ts';
import { sizeOfDataUrl } from '../../shared/core/picture-size.ts';

/** How many tokens a picture is billed as, and how many tokens of the context window it fills. */
export interface PictureTokens {
  readonly billed: number;
  readonly filled: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a picture is taken to be that cannot be looked at from here: one by its URL on the web, or by its file. */
const UNSEEN: Size = { width: 1_024, height: 1_024 };

/** More patches than these are refused, where nothing scales the picture down to fewer. */
const MOST_PATCHES = 30_000;

interface Limits {
  readonly edge: number;
  readonly patches?: number;
}

const FINE: Limits = { edge: 2_048, patches: 2_500 };
const COARSE: Limits = { edge: 512 };
const EVEN: Limits = { edge: 2_048, patches: 6_144 };
const WHOLE: Limits = { edge: 65_535 };
const LARGE: Limits = { edge: 6_000, patches: 10_000 };

/** The table "Model sizing behavior" of the guide "Images and vision", with the factors below it; the first that fits. */
const SIZED: readonly (readonly [models: RegExp, factor: number, low: Limits, high: Limits, auto: Limits])[] =
  [
    [/^gpt-(6|daybreak)/, 1.2, COARSE, { edge: 65_535, patches: 2_500 }, WHOLE],
    [/^gpt-5\.6/, 1.2, COARSE, FINE, WHOLE],
    [/^gpt-5\.5/, 1.2, COARSE, FINE, LARGE],
    [/^gpt-5\.4/, 1.2, EVEN, FINE, FINE],
    [/^gpt-5\.[23]/, 1.2, EVEN, EVEN, EVEN],
    [/^gpt-5-nano/, 1.5, EVEN, EVEN, EVEN],
    [/^gpt-5(\.1-codex)?-mini/, 1.2, EVEN, EVEN, EVEN],
    [/^gpt-4\.1-mini/, 1.62, EVEN, EVEN, EVEN],
    [/^gpt-4\.1-nano/, 2.46, EVEN, EVEN, EVEN],
    [/^(o4|codex)-mini/, 1.72, EVEN, EVEN, EVEN],
  ];

/** The tokens that are the base, and those of a tile; of gpt-4o-mini they cost 33 times what they fill. */
const TILED: readonly (readonly [models: RegExp, base: number, tile: number])[] = [
  [/^gpt-4o-mini/, 2_833, 5_667],
  [/^gpt-4|^chatgpt-4o/, 85, 170],
  [/^o\d/, 75, 150],
  [/^computer-use/, 65, 129],
];
const OTHER_TILES = [70, 140] as const;

/** The picture of a part of a request: with its `detail`, and its size where it is in the request. */
export function pictureOf(part: JsonObject): { readonly size: Size; readonly detail: string } {
  const { url = part['image_url'] } = part;
  const size = typeof url === 'string' ? sizeOfDataUrl(url) : undefined;
  return { size: size ?? UNSEEN, detail: String(part['detail'] ?? 'auto') };
}

/**
 * Counts a picture as the guide "Images and vision" does, step by step.
 *
 * @returns `undefined` for one that OpenAI refuses, as it has too many patches
 */
export function countPicture(model: string, size: Size, detail: string): PictureTokens | undefined {
  const sized = SIZED.find(([models]) => models.test(model));
  if (sized === undefined) return tiled(model, size, detail);
  const [, factor, low, high, auto] = sized;
  const original = /^gpt-5\.4/.test(model) ? LARGE : auto;
  const limits = { low, high, original }[detail] ?? auto;
  const patches = patchesOf(fitEdge(size, limits.edge), limits.patches);
  return patches > MOST_PATCHES ? undefined : { billed: Math.ceil(patches * factor), filled: patches };
}

function fitEdge({ width, height }: Size, edge: number): Size {
  const factor = Math.min(1, edge / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

function patchesOf({ width, height }: Size, budget: number | undefined): number {
  const patches = Math.ceil(width / 32) * Math.ceil(height / 32);
  if (budget === undefined || patches <= budget) return patches;
  const shrink = Math.sqrt((32 ** 2 * budget) / (width * height));
  const [across, down] = [(width * shrink) / 32, (height * shrink) / 32];
  const whole = (rows: number) => Math.max(1, Math.floor(rows)) / rows;
  const adjusted = shrink * Math.min(whole(across), whole(down));
  return Math.ceil(Math.floor(width * adjusted) / 32) * Math.ceil(Math.floor(height * adjusted) / 32);
}

function tiled(model: string, size: Size, detail: string): PictureTokens {
  const [, base, tile] = TILED.find(([models]) => models.test(model)) ?? ['', ...OTHER_TILES];
  const { width, height } = fitEdge(size, 2_048);
  const factor = Math.min(1, 768 / Math.min(width, height));
  const [across, down] = [width * factor, height * factor].map((edge) => Math.ceil(Math.floor(edge) / 512));
  const tiles = detail === 'low' ? 0 : (across ?? 1) * (down ?? 1);
  const billed = base + tile * tiles;
  return { billed, filled: base === 2_833 ? 85 + 170 * tiles : billed };
}
