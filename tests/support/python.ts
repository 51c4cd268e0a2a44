import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url));
const OWN = process.env['FAREBOX_TEST_PYTHON'] ?? 'python3';
const INSTALL_MS = 240_000;
const FIND = 'import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))';

/**
 * A Python that has the `openai` package: the machine's own, else one in a virtual environment that is made once.
 *
 * @returns `undefined` where there is no Python, or PyPI cannot be reached
 */
export function pythonWithOpenai(): string | undefined {
  return has(OWN, ['openai']) ? OWN : pythonWith('farebox-python', ['openai'], ['openai']);
}

/**
 * A Python in a virtual environment of its own, with these packages of PyPI; it is made once.
 *
 * @param name of the environment's folder, one for each set of packages
 * @param packages as pip takes them, such as `openai==2.33.0`
 * @param modules that must then be there
 * @returns `undefined` where there is no Python, or PyPI cannot be reached
 */
export function pythonWith(
  name: string,
  packages: readonly string[],
  modules: readonly string[],
): string | undefined {
  const folder = join(CACHE, name);
  const made = join(folder, 'bin/python');
  if (existsSync(made) && has(made, modules)) return made;
  try {
    execFileSync(OWN, ['-m', 'venv', folder], { stdio: 'ignore', timeout: INSTALL_MS });
    const pip = ['-m', 'pip', 'install', '--quiet', '--retries', '0', ...packages];
    execFileSync(made, pip, { stdio: 'ignore', timeout: INSTALL_MS });
  } catch {
    return undefined;
  }
  return has(made, modules) ? made : undefined;
}

function has(python: string, modules: readonly string[]): boolean {
  return spawnSync(python, ['-c', FIND, ...modules], { stdio: 'ignore' }).status === 0;
}
