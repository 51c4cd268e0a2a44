import type { Outline } from './json-outline.ts';

type Members = { readonly [member: string]: Outline };

/** All that either of two outlines keeps. */
export function bothOutlines(one: Members, other: Members): Members {
  const merged: Record<string, Outline> = { ...one };
  for (const [name, outline] of Object.entries(other)) {
    const known = Object.hasOwn(merged, name) ? merged[name] : undefined;
    const isWhole = known === true || outline === true;
    merged[name] = known === undefined || isWhole ? (isWhole ? true : outline) : bothOutlines(known, outline);
  }
  return merged;
}
