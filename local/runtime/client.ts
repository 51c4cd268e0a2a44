import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { isInstalled } from '../services.ts';
import manifest from './client/package.json' with { type: 'json' };

const NAME = 'aws-lambda-ric';
const MANIFEST = fileURLToPath(new URL('./client/', import.meta.url));
/** Survives `npm ci`, unlike what lies in `node_modules`. */
const DEFAULT_DIRECTORY = fileURLToPath(new URL('../../.local/runtime', import.meta.url));

/** What compiles the client: a program each, and the package that brings it on Debian. */
const TOOLS: readonly (readonly [program: string, debianPackage: string])[] = [
  ['autoconf', 'autoconf'],
  ['automake', 'automake'],
  ['libtoolize', 'libtool'],
  ['cmake', 'cmake'],
  ['g++', 'g++'],
  ['make', 'make'],
  ['python3', 'python3'],
];

/** The Debian packages of those tools that are not installed here. */
export function missingTools(): string[] {
  return TOOLS.filter(([program]) => !isInstalled(program)).map(([, debianPackage]) => debianPackage);
}

/**
 * Gets the runtime client of Lambda's `nodejs22.x`, AWS's own, from npm. It is compiled here, which takes minutes, and
 * kept for the next time.
 *
 * @param options.say told before it takes long
 * @param options.directory where it is kept; `.local/runtime` of the repository where absent
 * @returns the entry to start Node with; throws an error that says what to do
 */
export async function installRuntimeClient(options: {
  readonly say: (line: string) => void;
  readonly directory?: string;
}): Promise<string> {
  const { say, directory = DEFAULT_DIRECTORY } = options;
  const version = manifest.dependencies[NAME];
  const home = join(directory, `${NAME}-${version}-${process.platform}-${process.arch}`);
  const entry = join(home, 'node_modules', NAME, 'bin', 'index.mjs');
  if (existsSync(entry)) return entry;
  if (process.platform !== 'linux')
    throw new Error(`The runtime client of Lambda runs on Linux alone, not on ${process.platform}.`);
  const missing = missingTools();
  if (missing.length > 0) {
    throw new Error(
      `The runtime client is compiled here, and that needs more: sudo apt-get install ${missing.join(' ')}`,
    );
  }
  say(`Compiling ${NAME} ${version}, once: this takes some minutes.`);
  mkdirSync(directory, { recursive: true });
  const workshop = mkdtempSync(join(directory, 'compiling-'));
  try {
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(join(MANIFEST, file), join(workshop, file));
    await npm(['ci', '--no-audit', '--no-fund', '--foreground-scripts'], workshop);
    // At once, and only when it is whole: another process may be doing the same.
    if (!existsSync(home)) renameSync(workshop, home);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  return entry;
}

async function npm(args: readonly string[], cwd: string): Promise<void> {
  const child = spawn('npm', args, {
    cwd,
    env: {
      ...process.env,
      // What the client's own scripts run is the Node that runs this.
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      MAKEFLAGS: `-j${availableParallelism()}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  if (code === 0) return;
  const last = `${output}\n${errors}`.trim().split('\n').slice(-KEPT_LINES).join('\n  ');
  throw new Error(`The runtime client could not be compiled:\n  ${last}`);
}

const KEPT_LINES = 30;
