import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDirectory } from '../../local/owner-lock.ts';

const TAKE_LOCK = fileURLToPath(new URL('../fixtures/take-lock.ts', import.meta.url));

let directory = '';
let file = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'farebox-lock-'));
  file = join(directory, 'owner.lock');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Another process that tries for the lock, and says what came of it. */
async function other(): Promise<{ said: unknown; end: () => Promise<void> }> {
  const child = fork(TAKE_LOCK, [directory], { execArgv: [] });
  const [said] = await once(child, 'message');
  const end = async () => {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return { said, end };
}

describe('a directory has one owner', () => {
  it('who is named, with what to do, to all others', async () => {
    const unlock = lockDirectory(directory);
    const refusal = new RegExp(`process ${process.pid};.*--data DIR and --port 0.*remove ${file}`);
    expect(() => lockDirectory(directory)).toThrow(refusal);
    const { said, end } = await other();
    expect(said).toMatch(refusal);
    await end();
    unlock();
    expect(readdirSync(directory)).toEqual([]);
    lockDirectory(directory)();
  });

  it('until that process is gone, even by force', async () => {
    const owner = await other();
    expect(owner.said).toBe('taken');
    expect(() => lockDirectory(directory)).toThrow(/a stack runs in/);
    await owner.end();
    const unlock = lockDirectory(directory);
    expect(readdirSync(directory)).toEqual(['owner.lock']);
    unlock();
  });

  it('of several who come at once, to a lock that a killed one left', async () => {
    await (await other()).end();
    const all = await Promise.all(Array.from({ length: 4 }, other));
    expect(all.filter(({ said }) => said === 'taken')).toHaveLength(1);
    await Promise.all(all.map(({ end }) => end()));
  });

  it.runIf(existsSync('/proc/self/stat'))(
    'which is not whoever was given the pid of one that is gone',
    async () => {
      writeFileSync(file, `${process.ppid} 1 1\n`);
      lockDirectory(directory)();
      writeFileSync(file, `${process.pid} 1 1\n`);
      lockDirectory(directory)();
      expect(existsSync(file)).toBe(false);
    },
  );

  it('and a lock that says nothing is nobody’s', () => {
    writeFileSync(file, '');
    lockDirectory(directory)();
    expect(existsSync(file)).toBe(false);
  });

  it('who takes back no lock but its own', () => {
    const unlock = lockDirectory(directory);
    writeFileSync(file, 'of another\n');
    unlock();
    expect(readFileSync(file, 'utf8')).toBe('of another\n');
  });
});
