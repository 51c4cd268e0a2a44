import type { Rule } from './rules.ts';

/** Where a model's name is an example for people, or what a benchmark books: nothing is decided by it there. */
const EXAMPLES =
  /^(functions\/admin\/(commands\/(prices|projects)|legacy)|local\/greeting|bench\/.*|local\/simulator\/.*)\.ts$/;
const PRODUCT = /^(shared|functions|local|client|bench|iac)\//;

const COMMENT = /^\/[/*]/;
const LITERAL =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<=[=(,:!&|?[{};\n]\s*|return\s)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;
const REGEX = /^\/([\s\S]+)\/([a-z]*)$/;
/** A part of a text that is looked for. */
const LOOKED_FOR = /(?:\.(startsWith|endsWith|includes|indexOf)|new (RegExp))\($/;

/**
 * A model is told from others by its price alone, so that a price that an admin sets says all there is to know of it.
 *
 * @param models the ids and families of the price table
 */
export function modelsAreToldByTheirPrices(models: readonly string[]): Rule {
  const tellsModels = (test: (name: string) => boolean) =>
    models.some((name) => test(name) && !SHIFTS.some((by) => test(shifted(name, by))));
  return (sources) =>
    sources
      .filter(({ path }) => PRODUCT.test(path) && !EXAMPLES.test(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(LITERAL)]
          .filter(({ 0: literal, index }) => {
            if (COMMENT.test(literal)) return false;
            const test = testOf(literal, text.slice(0, index), models);
            return test !== undefined && tellsModels(test);
          })
          .map(
            ([literal]) =>
              `${path} knows a model by its name: ${literal}; what is to be known of a model is a field of its price`,
          ),
      );
}

/** What a literal tells one name from another by; `undefined` where it looks at no name. */
function testOf(
  literal: string,
  before: string,
  models: readonly string[],
): ((name: string) => boolean) | undefined {
  const [, source, flags = ''] = REGEX.exec(literal) ?? [];
  if (source !== undefined) return patternTest(source, flags);
  const text = literal.slice(1, -1);
  const [, method, pattern] = LOOKED_FOR.exec(before) ?? [];
  if (pattern !== undefined) return patternTest(text, '');
  if (method === 'startsWith') return (name) => text.length > 1 && name.startsWith(text);
  if (method === 'endsWith') return (name) => text.length > 1 && name.endsWith(text);
  // "audio" alone is looked for in lists of modalities, too.
  if (method !== undefined) return (name) => /[-\d]|gpt/.test(text) && name.includes(text);
  const isName = !/\s/.test(text) && models.some((name) => text.startsWith(name));
  return isName ? (name) => text.startsWith(name) : undefined;
}

function patternTest(source: string, flags: string): (name: string) => boolean {
  const pattern = new RegExp(source, flags.replaceAll(/[gy]/g, ''));
  return (name) => pattern.test(name);
}

/** A pattern that says the same of a name and of this nonsense of the same shape looks at no name. */
const SHIFTS = [3, 7, 13];
function shifted(name: string, by: number): string {
  return name.replaceAll(/[a-z]/g, (letter) =>
    String.fromCharCode(((letter.charCodeAt(0) - 97 + by) % 26) + 97),
  );
}
