import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VENV = fileURLToPath(new URL('../../node_modules/.cache/farebox-python', import.meta.url));
const INSTALL_MS = 240_000;

/**
 * A Python that has the `openai` package: the machine's own, else one in a virtual environment that is made once.
 *
 * @returns `undefined` where there is no Python, or PyPI cannot be reached
 */
export function pythonWithOpenai(): string | undefined {
  const own = process.env['FAREBOX_TEST_PYTHON'] ?? 'python3';
  if (has(own)) return own;
  const made = join(VENV, 'bin/python');
  if (existsSync(made) && has(made)) return made;
  try {
    execFileSync(own, ['-m', 'venv', VENV], { stdio: 'ignore', timeout: INSTALL_MS });
    const pip = ['-m', 'pip', 'install', '--quiet', '--retries', '0', 'openai'];
    execFileSync(made, pip, { stdio: 'ignore', timeout: INSTALL_MS });
  } catch {
    return undefined;
  }
  return has(made) ? made : undefined;
}

function has(python: string): boolean {
  return spawnSync(python, ['-c', 'import openai'], { stdio: 'ignore' }).status === 0;
}
