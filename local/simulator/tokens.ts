/** A word with the blank before it, up to three digits, up to three signs, or some white space. */
const TOKEN = / ?[\p{L}\p{M}]{1,10}| ?\p{N}{1,3}| ?[^\s\p{L}\p{M}\p{N}]{1,3}|\s{1,4}/gu;

/** Splits an output into the pieces that it is streamed and counted in; joined, they are the text again. */
export function tokenise(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** How many tokens an input counts: a quarter of its UTF-8 bytes, rounded up, which is near the truth for English. */
export function countTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}
