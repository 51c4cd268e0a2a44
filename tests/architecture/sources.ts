import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Import {
  /** A path from the repository's root where the file is ours, else the package's or built-in's name. */
  readonly target: string;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
}

/** A source file as the rules see it. */
export interface Source {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
  /** The text without comments and without what is in its string literals. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['shared', 'functions', 'prices', 'client', 'iac', 'local', 'bench', 'tests'];
const LITERAL_OR_COMMENT =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const STATIC_IMPORT = /^[ \t]*(?:import|export)\s+(type\s)?[^'";=()]*?\bfrom\s*['"]([^'"]+)['"]/gm;
const BARE_IMPORT = /^[ \t]*import\s*['"]([^'"]+)['"]/gm;
const DYNAMIC_IMPORT = /\b(?:import|require|createRequire\([^()]*\))\(\s*['"]([^'"]+)['"]/g;

/** Every TypeScript file of the product and its tests. */
export function readSources(): Source[] {
  const patterns = ['*.ts', ...FOLDERS.map((folder) => `${folder}/**/*.ts`)];
  return globSync(patterns, { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !/^client\/(dist|node_modules)/.test(path))
    .sort()
    .map((path) => sourceOf(path, readFileSync(`${ROOT}${path}`, 'utf8')));
}

/** The packages that a function may bring along: `dependencies` of package.json. */
export function productionPackages(): string[] {
  const manifest: { dependencies: object } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  return Object.keys(manifest.dependencies);
}

/**
 * Reads what the rules need out of a file's text.
 *
 * @param path from the repository's root
 */
export function sourceOf(path: string, text: string): Source {
  const uncommented = text.replace(LITERAL_OR_COMMENT, (match) => (match.startsWith('/') ? ' ' : match));
  const code = text.replace(LITERAL_OR_COMMENT, (match) => (match.startsWith('/') ? ' ' : "''"));
  return { path, text, code, imports: importsOf(path, uncommented) };
}

function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: string | undefined, typeOnly: boolean): void => {
    if (specifier !== undefined) found.push({ target: targetOf(path, specifier), typeOnly });
  };
  for (const [, type, specifier] of text.matchAll(STATIC_IMPORT)) add(specifier, type !== undefined);
  for (const [, specifier] of text.matchAll(BARE_IMPORT)) add(specifier, false);
  for (const [, specifier] of text.matchAll(DYNAMIC_IMPORT)) add(specifier, false);
  return found;
}

function targetOf(path: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
}
