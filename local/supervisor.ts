import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** How long a child may take to end after SIGTERM, in milliseconds. */
const GRACE_MS = 5_000;
const KEPT_LINES = 15;

export interface ChildSpec {
  /** What people call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** How it learns that this process is gone: the end of its IPC channel, or of its standard input. */
  readonly lifeline: 'ipc' | 'stdin';
}

/** Starts the stack's processes and answers for their end: none outlives the stack, and none dies unnoticed. */
export interface Supervisor {
  start(spec: ChildSpec): ChildProcess;
  /** The children that were started, in their order. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  /** Fulfilled when a child ends that was not told to, with what to tell people. */
  readonly failed: Promise<string>;
  /** Ends all children, the last one first, by force where they linger. */
  stop(): Promise<void>;
}

interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
}

/** @param onLine gets every line that a child prints, on either stream */
export function createSupervisor(onLine: (name: string, line: string) => void): Supervisor {
  const children: Child[] = [];
  const processes: { name: string; pid: number }[] = [];
  let stopping = false;
  let fail: (reason: string) => void = () => undefined;
  const failed = new Promise<string>((resolve) => {
    fail = resolve;
  });

  const start = (spec: ChildSpec): ChildProcess => {
    const { name, command, args, env, lifeline } = spec;
    if (stopping) throw new Error(`${name} was not started: the stack is stopping`);
    // A process group of its own: Ctrl-C reaches this process alone, which then ends the children in order.
    const process = spawn(command, args, {
      env: { ...env },
      detached: true,
      stdio: [
        lifeline === 'stdin' ? 'pipe' : 'ignore',
        'pipe',
        'pipe',
        ...(lifeline === 'ipc' ? ['ipc' as const] : []),
      ],
    });
    const lines = collectLines(process, (line) => onLine(name, line));
    const ended = new Promise<void>((resolve) => {
      const end = (how: string) => {
        process.stdin?.destroy();
        if (!stopping) fail([`${name} ${how}`, ...lines()].join('\n  '));
        resolve();
      };
      process.once('error', (error) => end(`could not be started: ${error.message}`));
      process.once('close', (code, signal) => end(`ended with ${signal ?? `exit code ${code}`}`));
    });
    children.push({ process, ended });
    if (process.pid !== undefined) processes.push({ name, pid: process.pid });
    return process;
  };

  const stop = async (): Promise<void> => {
    stopping = true;
    for (const child of children.toReversed()) await end(child);
  };
  return { start, processes, failed, stop };
}

/** Ends one child; returns when it is gone. */
async function end({ process, ended }: Child): Promise<void> {
  const force = setTimeout(() => process.kill('SIGKILL'), GRACE_MS);
  process.kill('SIGTERM');
  await ended;
  clearTimeout(force);
}

/** The first message that a child sends, or what went wrong: the supervisor's `failed` says why. */
export async function firstMessage(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message');
  return message;
}

/** Passes a child's lines on and keeps its last ones, which say why it died. */
function collectLines(process: ChildProcess, onLine: (line: string) => void): () => readonly string[] {
  const last: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line);
      if (last.length > KEPT_LINES) last.shift();
      onLine(line);
    });
  }
  return () => last;
}
