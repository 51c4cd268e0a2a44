import { LAYERS } from './layers.ts';
import type { Source } from './sources.ts';

/** A rule of the code's shape: a sentence each for what breaks it, none when nothing does. */
export type Rule = (sources: readonly Source[]) => string[];

const PRODUCT = /^(shared|functions|prices|client|iac|local|bench)\//;
const MOST_LINES = 250;
const MOST_TEST_LINES = 500;
/** The longest exported function that needs no docstring, signature and closing brace included. */
const MOST_BARE_LINES = 5;
/** The line before it, and all of an exported function at the top of a file. */
const EXPORTED_FUNCTION = /^(.*)\n(?:export (?:async )?function\*? (\w+))[\s\S]*?^}/gm;

/** Imports point one way. */
export const importsPointOneWay: Rule = (sources) =>
  sources.flatMap(({ path, imports }) => {
    const layer = LAYERS.find(({ files }) => files.test(path));
    if (layer === undefined) return [];
    return imports
      .filter(({ target }) => ![layer.own, ...layer.may].some((allowed) => allowed.test(target)))
      .map(({ target }) => `${path} imports ${target}; ${layer.name} may not, because ${layer.because}`);
  });

/** Every file of the product belongs to a layer, so that no new folder escapes the rule above. */
export const everyFileHasALayer: Rule = (sources) =>
  sources
    .filter(({ path }) => /^(shared|functions)\//.test(path) || PRODUCT.test(path))
    .filter(({ path }) => !LAYERS.some(({ files }) => files.test(path)))
    .map(({ path }) => `${path} belongs to no layer: add its folder to tests/architecture/layers.ts`);

/** No file imports itself, by whatever way round. */
export const noCycles: Rule = (sources) => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) {
      const cycle = [...way.slice(start), path].join(' -> ');
      found.push(`${cycle} is a cycle: none of these files can be read, tested or moved without the others`);
      return;
    }
    if (done.has(path)) return;
    for (const { target } of byPath.get(path)?.imports ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return found;
};

/**
 * What a function's entry reaches goes into its bundle.
 *
 * @param packages the packages that may
 */
export function bundlesAreLean(packages: readonly string[]): Rule {
  return (sources) => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const entries = sources.filter(({ path }) => /^functions\/\w+\/handler\.ts$/.test(path));
    return entries.flatMap((entry) =>
      [...reachable(entry.path, byPath)]
        .filter(([target]) => !belongsInBundle(target, packages))
        .map(
          ([target, by]) =>
            `${entry.path} reaches ${target} through ${by}: a cold start pays for every byte, and what is for ` +
            'development (the SDK, the local stack, the tests) must not run in production',
        ),
    );
  };
}

/** The files and packages that a program loads, each with the file that imports it. */
function reachable(entry: string, byPath: ReadonlyMap<string, Source>): Map<string, string> {
  const found = new Map([[entry, entry]]);
  // A Map hands out what is added to it while it is walked.
  for (const [path] of found) {
    for (const { target, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (!typeOnly && !found.has(target)) found.set(target, path);
    }
  }
  return found;
}

function belongsInBundle(target: string, packages: readonly string[]): boolean {
  if (target.startsWith('node:') || /^(shared|functions)\//.test(target)) return true;
  if (/^prices\/(load\.ts|table\.json|schema\.ts)$/.test(target)) return true;
  return packages.some((name) => target === name || target.startsWith(`${name}/`));
}

/** Files stay small. */
export const filesAreShort: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const lines = linesOf(text);
    const most = path.startsWith('tests/') ? MOST_TEST_LINES : MOST_LINES;
    return lines <= most
      ? []
      : [`${path} has ${lines} lines, more than ${most}: two things live together in it, split them`];
  });

function linesOf(text: string): number {
  return text.trimEnd().split('\n').length;
}

/** Exported functions say what they are for, unless they are read as quickly as a sentence about them. */
export const exportsAreDocumented: Rule = (sources) =>
  sources
    .filter(({ path }) => PRODUCT.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(EXPORTED_FUNCTION)]
        .filter(
          ([whole, before]) => !before?.trimEnd().endsWith('*/') && linesOf(whole) - 1 > MOST_BARE_LINES,
        )
        .map(([, , name]) => `${path}: ${name} has no docstring; who calls it must not have to read it`),
    );

/** The environment is read where the program starts. */
export const environmentIsReadAtTheEdge: Rule = (sources) =>
  sources
    .filter(({ path }) => /^(shared|functions|client)\//.test(path))
    .filter(
      ({ path }) =>
        !/^functions\/\w+\/handler\.ts$|^shared\/config|^client\/src\/environment\.ts$/.test(path),
    )
    .filter(({ code }) => /\bprocess\s*\.\s*env\b|\benv\b[^;\n]*\bfrom ''/.test(code))
    .map(
      ({ path }) =>
        `${path} reads the environment: only an entry does, so that all problems are reported at once`,
    );

const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\s*\.\s*now\b/, 'Date.now()'],
  [/\bnew Date\s*\(\s*\)/, 'new Date()'],
  [/\bMath\s*\.\s*random\b/, 'Math.random()'],
  [/\bperformance\s*\.\s*now\b/, 'performance.now()'],
  [/\brandom(?:Bytes|UUID|Int|FillSync)\b|\bgetRandomValues\b/, 'a random source'],
  [/\bset(?:Timeout|Interval|Immediate)\b/, 'a timer'],
  [/\bfetch\s*\(/, 'fetch()'],
  [/\bconsole\s*\./, 'the console'],
  [/\bprocess\s*\./, 'the process'],
];

/** The core takes time and chance as parameters. */
export const coreIsPure: Rule = (sources) =>
  sources
    .filter(({ path }) => path.startsWith('shared/core/'))
    .flatMap(({ path, code }) =>
      IMPURE.filter(([pattern]) => pattern.test(code)).map(
        ([, what]) =>
          `${path} uses ${what}: the core gets it as a parameter, so that every run can be replayed`,
      ),
    );
