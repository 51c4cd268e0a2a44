/*
 * Reads the outer level of valid JSON without touching what is inside: what a caller wrote is passed on byte for byte,
 * with its order of members and its way of writing numbers.
 */

/**
 * The members of an object, as texts of JSON. Of a repeated name the last one counts, as for every parser.
 *
 * @returns `undefined` if the text is not a JSON object
 */
export function membersOf(text: string): Map<string, string> | undefined {
  const parts = partsOf(text, '{');
  if (parts === undefined) return undefined;
  const members = new Map<string, string>();
  for (const part of parts) {
    const colon = endOfString(part, 0);
    const name: unknown = JSON.parse(part.slice(0, colon));
    members.set(String(name), part.slice(part.indexOf(':', colon) + 1).trim());
  }
  return members;
}

/**
 * The elements of an array, as texts of JSON.
 *
 * @returns `undefined` if the text is not a JSON array
 */
export function elementsOf(text: string): string[] | undefined {
  return partsOf(text, '[');
}

/** Writes an object from texts of JSON. */
export function objectOf(members: ReadonlyMap<string, string>): string {
  return `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

/** A string, a number or the like from a text of JSON; `undefined` if there is none. */
export function parsed(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}

function partsOf(text: string, opening: '{' | '['): string[] | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const trimmed = text.trim();
  if (!trimmed.startsWith(opening)) return undefined;
  const parts: string[] = [];
  let depth = 0;
  let begin = 1;
  for (let at = 1; at < trimmed.length - 1; at += 1) {
    const character = trimmed[at];
    if (character === '"') at = endOfString(trimmed, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === ',' && depth === 0) {
      parts.push(trimmed.slice(begin, at).trim());
      begin = at + 1;
    }
  }
  const last = trimmed.slice(begin, -1).trim();
  return last === '' ? parts : [...parts, last];
}

/** Where a string that begins at a quote ends, its closing quote included. */
function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}
