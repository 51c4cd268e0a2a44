import type { PictureSize } from './picture-formats.ts';

/** What a picture is scaled down to fit: pixels of its longer side, and patches of 32 pixels squared. */
export type PictureFit = readonly [edge: number, patches: number];

/** How one picture becomes tokens, as the guide "Images and vision" of OpenAI describes it. */
export type PictureRule =
  | {
      readonly rule: 'patches';
      /** Billed tokens for a hundred patches. */
      readonly percent: number;
      readonly low: PictureFit;
      readonly high: PictureFit;
      readonly original: PictureFit;
      /** What `detail: "auto"`, or no detail, is sized as. */
      readonly auto: 'high' | 'original';
    }
  /** A base, and as many tokens for each tile of 512 pixels squared; the base alone for `detail: "low"`. */
  | { readonly rule: 'tiles'; readonly base: number; readonly tile: number };

/** What a model makes of pictures. */
export type Vision = {
  /** The rules that its pictures may be billed by; of several, the dearest counts. */
  readonly rules: readonly PictureRule[];
  /** The most tokens that are billed for a hundred tokens of the context window that pictures fill: 100 or more. */
  readonly inflation: number;
};

/** `unknown`: a detail that the API does not have, or one where it documents none. */
export type PictureDetail = 'low' | 'high' | 'original' | 'auto' | 'unknown';

/** A picture of a request, as far as the request shows it. */
export interface Picture {
  readonly detail: PictureDetail;
  /** Absent where it cannot be seen. */
  readonly size?: PictureSize;
}

const PATCH = 32;
const TILE = 512;

/** "Fit in a 2048px x 2048px square", and "if the shortest side exceeds 768px, scale it down to 768px". */
const TILES_EDGE = 2_048;
const TILES_SHORT_EDGE = 768;

/** "Floating-point rounding in billing can make the final count differ from the estimate by one token." */
const ROUNDING_TOKENS = 1;

/** The most tokens that a picture can be billed as. */
export function pictureTokens(vision: Vision, picture: Picture): number {
  return Math.max(...vision.rules.map((rule) => tokensBy(rule, picture)));
}

/** The most tokens that any picture can be billed as. */
export function mostPictureTokens(vision: Vision): number {
  return pictureTokens(vision, { detail: 'unknown' });
}

function tokensBy(rule: PictureRule, picture: Picture): number {
  if (rule.rule === 'tiles') {
    const tiles = picture.detail === 'low' ? 0 : tilesOf(picture.size);
    return rule.base + rule.tile * tiles;
  }
  const patches = Math.max(...fitsOf(rule, picture.detail).map((fit) => patchesOf(fit, picture.size)));
  return Math.ceil((patches * rule.percent) / 100) + ROUNDING_TOKENS;
}

function fitsOf(
  rule: Extract<PictureRule, { rule: 'patches' }>,
  detail: PictureDetail,
): readonly PictureFit[] {
  if (detail === 'unknown') return [rule.low, rule.high, rule.original];
  return [rule[detail === 'auto' ? rule.auto : detail]];
}

/** Where a picture does not fit the patches, it is scaled to fit: to no more than there may be. */
function patchesOf([edge, most]: PictureFit, size: PictureSize | undefined): number {
  const { width, height } = size ?? { width: edge, height: edge };
  const longest = Math.max(width, height, edge);
  const across = Math.ceil((width * edge) / longest);
  const down = Math.ceil((height * edge) / longest);
  return Math.min(most, Math.ceil(across / PATCH) * Math.ceil(down / PATCH));
}

/** However OpenAI rounds between the two steps: the longer side as long, and the shorter one as short, as it may be. */
function tilesOf(size: PictureSize | undefined): number {
  const { width, height } = size ?? { width: TILES_EDGE, height: TILES_SHORT_EDGE };
  const long = Math.max(width, height);
  const edge = Math.max(long, TILES_EDGE);
  const short = (Math.min(width, height) * TILES_EDGE) / edge;
  const across = Math.ceil((long * TILES_EDGE) / edge) * TILES_SHORT_EDGE;
  const tilesAcross = Math.ceil(Math.ceil(across / Math.max(Math.floor(short), TILES_SHORT_EDGE)) / TILE);
  return tilesAcross * Math.ceil(Math.min(Math.ceil(short), TILES_SHORT_EDGE) / TILE);
}
