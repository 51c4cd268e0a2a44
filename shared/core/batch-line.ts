/** Whether a line of a batch's file has nothing on it. */
export function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}

/**
 * Whether a name stands twice in an object of a text: the file is read by OpenAI as it is, and of the two values only
 * one is known here. Outside of strings, each colon ends a name.
 */
export function namesTwice(line: Uint8Array): boolean {
  const text = new TextDecoder().decode(line);
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '');
  return bare.split(':').length - 1 !== namesIn(JSON.parse(text));
}

function namesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  const own = Array.isArray(value) ? 0 : members.length;
  return members.reduce<number>((sum, member) => sum + namesIn(member), own);
}
