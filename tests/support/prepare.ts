import { spawnSync } from 'node:child_process';
import { BY_HAND, type Command, installCommands, isInstalled } from './install-memcached.ts';

/* Runs before the tests: makes sure that the real memcached is there, and says what to do where it cannot be had. */

if (!isInstalled('memcached')) install();

function install(): void {
  const commands = installCommands({
    has: isInstalled,
    isRoot: process.getuid?.() === 0,
    canSudo: () => run(['sudo', '-n', 'true'], 'ignore'),
  });
  if (commands !== undefined) {
    console.log('memcached is not installed: installing it for the tests.');
    // A stale package index is no reason to give up: the installation tells.
    for (const command of commands) run(command, 'inherit');
  }
  if (isInstalled('memcached')) return;
  console.error(BY_HAND);
  process.exit(1);
}

function run([program, ...args]: Command, output: 'inherit' | 'ignore'): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(program, args, { stdio: ['ignore', output, output], env }).status === 0;
}
