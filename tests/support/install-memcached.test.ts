import { describe, expect, it } from 'vitest';
import { installCommands, isInstalled, type Machine } from './install-memcached.ts';

function machine(programs: readonly string[], more: Partial<Machine> = {}): Machine {
  return { has: (program) => programs.includes(program), isRoot: false, canSudo: () => false, ...more };
}

describe('memcached is installed for the tests', () => {
  it('by apt-get as root, after the package index', () => {
    const commands = installCommands(machine(['apt-get'], { isRoot: true }));
    expect(commands?.map((command) => [command[0], command.at(-1)])).toEqual([
      ['apt-get', 'update'],
      ['apt-get', 'memcached'],
    ]);
  });

  it('or whatever else is missing', () => {
    const commands = installCommands(machine(['apt-get'], { isRoot: true }), ['cmake', 'g++']);
    expect(commands?.at(-1)?.slice(-2)).toEqual(['cmake', 'g++']);
  });

  it('by sudo where that asks for no password', () => {
    const commands = installCommands(machine(['apt-get', 'sudo'], { canSudo: () => true }));
    expect(commands?.map((command) => command.slice(0, 3))).toEqual([
      ['sudo', '-n', 'apt-get'],
      ['sudo', '-n', 'apt-get'],
    ]);
  });

  it('by brew, which refuses to run as root', () => {
    expect(installCommands(machine(['brew']))).toEqual([['brew', 'install', 'memcached']]);
    expect(installCommands(machine(['brew'], { isRoot: true }))).toBeUndefined();
  });

  it('by nobody but a person where sudo wants a password or there is no package manager', () => {
    expect(installCommands(machine(['apt-get', 'sudo']))).toBeUndefined();
    expect(installCommands(machine([]))).toBeUndefined();
  });

  it('only where it is missing', () => {
    expect(isInstalled('memcached')).toBe(true);
    expect(isInstalled('memcached', ['/nowhere'])).toBe(false);
  });
});
