import { existsSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Fault, inject, type NamedFault } from './fault.ts';

/** A copy of the repository that faults are put into, so that the user's files are never touched. */
export interface Workspace {
  readonly root: string;
  /** Puts a fault in, does something, and takes the fault out again. `undefined`: the fault is stale, for this reason. */
  with<T>(fault: Fault, work: () => Promise<T>): Promise<T | { readonly why: string }>;
}

export interface Workspaces {
  readonly all: readonly Workspace[];
  /** Where reports may be written. */
  readonly scratch: string;
  remove(): void;
}

/** Neither sources nor tests, or large: packages are linked. */
const LEFT_OUT = new Set(['node_modules', '.git', '.local', '.terraform']);

/** The directories that are still there. */
const made = new Set<string>();

/**
 * Copies the repository into a temporary directory.
 *
 * @param count so many copies, for faults that are tried at the same time
 */
export async function makeWorkspaces(repository: string, count: number): Promise<Workspaces> {
  const scratch = await mkdtemp(join(tmpdir(), 'farebox-mutate-'));
  made.add(scratch);
  const remove = () => removeOne(scratch);
  try {
    const all = await Promise.all(
      Array.from({ length: count }, (_, index) => copy(repository, join(scratch, String(index)))),
    );
    return { all, scratch, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The faults whose edit no longer fits the files of a repository, or whose suites are gone, and why. */
export async function staleFaults(
  repository: string,
  faults: readonly NamedFault[],
): Promise<{ readonly id: string; readonly why: string }[]> {
  const found = await Promise.all(
    faults.map(async (fault) => {
      const { id, suites } = fault;
      const gone = suites.find((suite) => !existsSync(join(repository, suite)));
      if (gone !== undefined) return [{ id, why: `there is no ${gone}` }];
      const injected = await injectInto(repository, fault);
      return 'why' in injected ? [{ id, why: injected.why }] : [];
    }),
  );
  return found.flat();
}

async function injectInto(root: string, fault: Fault) {
  const path = join(root, ...fault.file.split('/'));
  const original = await readFile(path, 'utf8').catch(() => undefined);
  if (original === undefined) return { why: `there is no ${fault.file}` };
  const injected = inject(fault, original);
  return 'why' in injected ? injected : { path, original, text: injected.text };
}

/** Removes every copy at once, for a process that must end. */
export function removeWorkspaces(): void {
  for (const scratch of made) removeOne(scratch);
}

function removeOne(scratch: string): void {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  made.delete(scratch);
}

async function copy(repository: string, root: string): Promise<Workspace> {
  await cp(repository, root, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !LEFT_OUT.has(basename(source)) || source === repository,
  });
  await linkPackages(repository, root);
  return {
    root,
    async with(fault, work) {
      const injected = await injectInto(root, fault);
      if ('why' in injected) return injected;
      const { path, original, text } = injected;
      await writeFile(path, text);
      try {
        return await work();
      } finally {
        await writeFile(path, original);
      }
    },
  };
}

/** Links each package, but not what is a link itself: that is a package of the repository, and is the copy's own. */
async function linkPackages(repository: string, root: string): Promise<void> {
  const [from, to] = [join(repository, 'node_modules'), join(root, 'node_modules')];
  await mkdir(to);
  const entries = (await readdir(from, { withFileTypes: true })).filter(({ name }) => name !== '.vite');
  await Promise.all(
    entries.map(async (entry) => {
      const source = join(from, entry.name);
      const target = entry.isSymbolicLink() ? await readlink(source) : source;
      await symlink(target, join(to, entry.name), entry.isDirectory() ? 'junction' : undefined);
    }),
  );
}
