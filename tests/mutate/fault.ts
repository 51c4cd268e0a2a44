/** A small edit that breaks a promise, as a tired engineer might make it. */
export interface Fault {
  /** The file that is edited, from the repository's root. */
  readonly file: string;
  /** What is replaced: it occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** What the product promises, and no longer does with this edit. */
  readonly sentence: string;
  /** The nearest test files: one of their tests must fail. */
  readonly suites: readonly string[];
  /** Runs only the tests whose full name matches this pattern, where the whole suites would take long. */
  readonly only?: string;
}

/** A fault with its id: `holds/output-cap-is-sent`. */
export type NamedFault = Fault & { readonly id: string };

/** The faults of one part of the product, by name. */
export type Area = Readonly<Record<string, Fault>>;

/** What became of a fault. All but `caught` fail the run. */
export type Verdict =
  | { readonly kind: 'caught'; readonly by: string }
  /** Every test passed. */
  | { readonly kind: 'survived' }
  /** The fault no longer fits the code or the tests: it must be written anew. */
  | { readonly kind: 'stale'; readonly why: string }
  /** The suites failed, but no test of them did: a hook, an import or a syntax error. No test states the sentence. */
  | { readonly kind: 'unnamed'; readonly why: string };

/**
 * Puts a fault into the text of its file.
 *
 * @returns why that cannot be done, where the text to find is not there exactly once
 */
export function inject(
  { find, replace }: Pick<Fault, 'find' | 'replace'>,
  text: string,
): { readonly text: string } | { readonly why: string } {
  const parts = text.split(find);
  if (parts.length !== 2) return { why: `its text occurs ${parts.length - 1} times` };
  if (find === replace) return { why: 'it changes nothing' };
  return { text: parts.join(replace) };
}

/** Gives every fault of these areas its id. */
export function named(areas: Readonly<Record<string, Area>>): NamedFault[] {
  return Object.entries(areas).flatMap(([area, faults]) =>
    Object.entries(faults).map(([name, fault]) => ({ ...fault, id: `${area}/${name}` })),
  );
}

/**
 * Picks faults by area or id.
 *
 * @param wanted such as `wiring` or `holds/output-cap-is-sent`; none: all of them
 * @returns the words that fit no fault, where there are some
 */
export function pick(
  faults: readonly NamedFault[],
  wanted: readonly string[],
): readonly NamedFault[] | { readonly unknown: readonly string[] } {
  const fits = ({ id }: NamedFault, word: string) => id === word || id.startsWith(`${word}/`);
  const unknown = wanted.filter((word) => !faults.some((fault) => fits(fault, word)));
  if (unknown.length > 0) return { unknown };
  return wanted.length === 0 ? faults : faults.filter((fault) => wanted.some((word) => fits(fault, word)));
}
