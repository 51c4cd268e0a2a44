import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** How the SDK's resources call its client; a path is a plain string, or a template tagged `path`. */
const CALL =
  /\b_?client\s*\.(get|post|put|patch|delete|getAPIList)\((?:path ?`([^`]+)`|'([^']+)'|"([^"]+)")/g;

/** A resource that names no `method` in its options lists by GET. */
const LISTS_BY = /^[^;]*?method: '(post)'/;

/** `POST /files/{}`: what tells endpoints apart, whatever their parameters are called. */
export function shapeOf(method: string, path: string): string {
  return `${method} ${path.split('?')[0]?.replaceAll(/\$?\{[^}]*\}/g, '{}')}`;
}

/** Every method and path that the installed `openai` package can call, read from its resources. */
export function sdkEndpoints(): string[] {
  const shapes = ['resources', 'lib'].flatMap((folder) => {
    const root = fileURLToPath(new URL(`./${folder}/`, import.meta.resolve('openai')));
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const modules = files.filter((file) => file.endsWith('.mjs'));
    return modules.flatMap((file) => endpointsIn(readFileSync(`${root}${file}`, 'utf8')));
  });
  return [...new Set(shapes)].sort();
}

function endpointsIn(source: string): string[] {
  return [...source.matchAll(CALL)].map((call) => {
    const [whole, verb = '', ...paths] = call;
    const path = paths.find((each) => each !== undefined) ?? '';
    if (verb !== 'getAPIList') return shapeOf(verb.toUpperCase(), path);
    const rest = source.slice(call.index + whole.length);
    return shapeOf(LISTS_BY.exec(rest)?.[1]?.toUpperCase() ?? 'GET', path);
  });
}
