import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'owner.lock';
const PRIVATE = 0o600;
const ATTEMPTS = 5;
/** The locks of this process: its pid alone in a file would not tell its own from one left by another of that pid. */
const mine = new Set<string>();
let taken = 0;

/**
 * Makes this process the owner of a directory, until the function that is returned is called. The owner is named in
 * `owner.lock` by its pid and, where the system tells, the moment it started: pids come again, in containers soon. What
 * a killed owner left is taken over.
 *
 * @throws Error that says what to do, when a running process owns the directory
 */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, FILE);
  taken += 1;
  const own = `${process.pid} ${startOf(process.pid)} ${taken}\n`;
  const draft = `${file}.${process.pid}.${taken}`;
  writeFileSync(draft, own, { mode: PRIVATE });
  mine.add(own);
  try {
    claim(file, draft, directory);
  } catch (error) {
    mine.delete(own);
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    mine.delete(own);
    if (read(file) === own) rmSync(file, { force: true });
  };
}

/** A link is made whole or not at all, so that nobody reads half of a lock. */
function claim(file: string, draft: string, directory: string): void {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      linkSync(draft, file);
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const owner = read(file);
    if (owner === undefined) continue;
    if (isLive(owner)) throw new Error(ownedBy(owner, directory, file));
    discard(file, owner, `${draft}.stale`);
  }
  throw new Error(`${file} could not be taken: other stacks are starting in this directory. Try again.`);
}

/** Moved away first, as another may have taken the lock over since it was read; then it is given back. */
function discard(file: string, stale: string, aside: string): void {
  try {
    renameSync(file, aside);
    if (read(aside) !== stale) linkSync(aside, file);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function ownedBy(owner: string, directory: string, file: string): string {
  return (
    `a stack runs in ${directory} already (process ${pidOf(owner)}; stack.json there says where it listens). ` +
    'Use that one, or stop it first, or start this one beside it with --data DIR and --port 0. ' +
    `If no stack runs there, remove ${file}.`
  );
}

function isLive(owner: string): boolean {
  const pid = pidOf(owner);
  if (pid === process.pid) return mine.has(owner);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else.
    if (hasCode(error, 'ESRCH')) return false;
  }
  const started = owner.split(' ')[1];
  const now = startOf(pid);
  return started === '-' || now === '-' || started === now;
}

function pidOf(owner: string): number {
  return Number(owner.split(' ')[0]);
}

/**
 * When a process started, in the words of Linux (`man 5 proc`, field 22 of `stat`); `-` where the system does not
 * tell, and `ended` for one that its parent has not waited for yet.
 */
function startOf(pid: number): string {
  // The second field, a program's name in brackets, may hold spaces.
  const fields = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
  return fields?.[0] === 'Z' ? 'ended' : (fields?.[19] ?? '-');
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
