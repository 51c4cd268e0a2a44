import { CommanderError } from 'commander';
import { FareboxError } from '../errors.ts';
import { clientVersion } from '../version.ts';
import { Exit } from './context.ts';
import { createProgram } from './program.ts';
import { painter, type Terminal } from './terminal.ts';

/** What a command ends with. */
export const EXIT = {
  done: 0,
  /** The stage refused, or what was found is not as it should be. */
  refused: 1,
  usage: 2,
  /** Nobody could be asked: no credentials, no URL, no network, no ledger. */
  notAsked: 3,
  interrupted: 130,
} as const;

/**
 * The command line.
 *
 * @param args what stands behind `farebox`
 * @returns the exit code
 */
export async function run(
  args: readonly string[],
  terminal: Terminal = { out: process.stdout, err: process.stderr },
): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  try {
    await createProgram(clientVersion(), terminal, interrupt.signal).parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    return interrupt.signal.aborted ? EXIT.interrupted : report(error, terminal);
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

/** Says what went wrong, without the stack that only a bug of this program is worth. */
function report(error: unknown, { err }: Terminal): number {
  if (error instanceof Exit) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const paint = painter(err);
  if (error instanceof FareboxError) {
    err.write(`${paint('red', 'farebox:')} ${error.message}\n`);
    return error.kind === 'refused' ? EXIT.refused : EXIT.notAsked;
  }
  const message = error instanceof Error ? error.message : String(error);
  err.write(`${paint('red', 'farebox:')} this is a bug, please report it: ${message}\n`);
  return EXIT.refused;
}
