import { spawnSync } from 'node:child_process';
import { installRuntimeClient, missingTools } from '../../local/runtime/client.ts';
import { hasFfmpeg, NO_FFMPEG } from './ffmpeg.ts';
import { BY_HAND, type Command, installCommands, isInstalled } from './install-memcached.ts';

/*
 * Runs before the tests: makes sure that the real memcached is there, FFmpeg, and, with `--runtime`, Lambda's own runtime
 * client; says what to do where they cannot be had. Without FFmpeg all but its tests run, except in CI.
 */

const runtime = process.argv.includes('--runtime');
const missing = [
  ...(isInstalled('memcached') ? [] : ['memcached']),
  ...(runtime ? missingTools() : hasFfmpeg() ? [] : ['ffmpeg']),
];
if (missing.length > 0) install(missing);
if (!isInstalled('memcached')) giveUp(BY_HAND);
if (!runtime && !hasFfmpeg()) {
  if (process.env['CI'] === undefined) console.warn(NO_FFMPEG);
  else giveUp(NO_FFMPEG);
}
if (runtime)
  await installRuntimeClient({ say: console.log }).catch((error: unknown) => giveUp(String(error)));

function install(packages: readonly string[]): void {
  const commands = installCommands(
    {
      has: isInstalled,
      isRoot: process.getuid?.() === 0,
      canSudo: () => run(['sudo', '-n', 'true'], 'ignore'),
    },
    packages,
  );
  if (commands === undefined) return;
  console.log(`Not installed: ${packages.join(', ')}. Installing it for the tests.`);
  // A stale package index is no reason to give up: the installation tells.
  for (const command of commands) run(command, 'inherit');
}

function giveUp(reason: string): void {
  console.error(reason);
  process.exit(1);
}

function run([program, ...args]: Command, output: 'inherit' | 'ignore'): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(program, args, { stdio: ['ignore', output, output], env }).status === 0;
}
