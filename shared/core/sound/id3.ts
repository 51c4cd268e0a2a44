const HEADER_BYTES = 10;

/** Where the content of a file begins: after the ID3v2 tags at its beginning, which every decoder skips. */
export function afterId3(file: Buffer): number {
  let at = 0;
  while (isTag(file, at)) at = Math.min(file.length, at + tagBytes(file, at));
  return at;
}

/** Four of its bytes are a size of seven bits each; one that has an eighth bit is no tag ("ID3v2.4", section 3.1). */
function isTag(file: Buffer, at: number): boolean {
  if (at + HEADER_BYTES > file.length || file.toString('latin1', at, at + 3) !== 'ID3') return false;
  const isVersion = file[at + 3] !== 0xff && file[at + 4] !== 0xff;
  return isVersion && file.subarray(at + 6, at + HEADER_BYTES).every((byte) => byte < 0x80);
}

function tagBytes(file: Buffer, at: number): number {
  const size = file.subarray(at + 6, at + HEADER_BYTES).reduce((sum, byte) => sum * 128 + byte, 0);
  const hasFooter = ((file[at + 5] ?? 0) & 0x10) !== 0;
  return HEADER_BYTES + size + (hasFooter ? HEADER_BYTES : 0);
}
