import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What there is to install a program with. */
export interface Machine {
  /** Whether this program can be run. */
  has(program: string): boolean;
  readonly isRoot: boolean;
  /** Whether `sudo` works without a password. */
  canSudo(): boolean;
}

export type Command = readonly [program: string, ...args: string[]];

/** Others may be installing at the same time (Debian's own upgrades do). */
const APT_PATIENCE = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];

export const BY_HAND =
  'The tests need the memcached program: the cache is proved on a real one. Install it and run them again:\n' +
  '  Debian, Ubuntu   sudo apt-get update && sudo apt-get install memcached\n' +
  '  macOS            brew install memcached\n' +
  '  Fedora           sudo dnf install memcached\n' +
  'It needs no configuration and need not be running.';

/**
 * How to install memcached on this machine, unattended, or other packages of Debian.
 *
 * @returns the commands, to be run one after the other; `undefined` where only a person can do it
 */
export function installCommands(
  machine: Machine,
  packages: readonly string[] = ['memcached'],
): readonly Command[] | undefined {
  if (machine.has('apt-get')) {
    const apt = ['apt-get', ...APT_PATIENCE, '--quiet', '--yes'] as const;
    const commands: Command[] = [
      [...apt, 'update'],
      [...apt, 'install', '--no-install-recommends', ...packages],
    ];
    if (machine.isRoot) return commands;
    if (machine.has('sudo') && machine.canSudo())
      return commands.map((command): Command => ['sudo', '-n', ...command]);
  }
  return machine.has('brew') && !machine.isRoot ? [['brew', 'install', ...packages]] : undefined;
}

/**
 * Whether a program can be run.
 *
 * @param folders where to look; the PATH, and where Debian puts servers, unless told
 */
export function isInstalled(
  program: string,
  folders: readonly string[] = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/bin',
    '/usr/local/bin',
  ],
): boolean {
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
