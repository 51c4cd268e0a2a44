import { relative } from 'node:path';
import { functionEnvironment, HELP, readArguments } from './arguments.ts';
import { greeting } from './greeting.ts';
import { installRuntimeClient } from './runtime/client.ts';
import { startStack } from './stack.ts';

/* `npm start`: the local stack as a command. Its last line, once all can be used, is `ready`. */

const USAGE_ERROR = 2;
/** A shell's own code for what a signal ended: 128 and the signal's number. */
const ENDED_BY = { SIGINT: 130, SIGTERM: 143 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const given = readArguments(args);
  if (given.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (given.kind === 'wrong') {
    process.stderr.write(`${given.message}\n\n${HELP}`);
    return USAGE_ERROR;
  }

  const stopping = new AbortController();
  const signalled = new Promise<keyof typeof ENDED_BY>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        stopping.abort();
        resolve(signal);
      });
    }
  });
  try {
    const runtimeClient = given.runtime ? await installRuntimeClient({ say: console.log }) : undefined;
    const stack = await startStack({
      port: given.port,
      runtimeClient,
      dataDirectory: given.dataDirectory,
      openaiApiKey: process.env['OPENAI_API_KEY'],
      openaiAdminKey: process.env['OPENAI_ADMIN_KEY'] || undefined,
      openaiBaseUrl: process.env['OPENAI_BASE_URL'] || undefined,
      functionEnvironment: functionEnvironment(process.env),
      signal: stopping.signal,
    });
    console.log(`${greeting(stack, { shownPath, dataDirectory: given.dataDirectory })}\n\nready`);

    const why = await Promise.race([signalled, stack.failed]);
    await stack.stop();
    if (why === 'SIGINT' || why === 'SIGTERM') return 0;
    process.stderr.write(`\nFarebox stopped: ${why}\n`);
    return 1;
  } catch (error) {
    if (stopping.signal.aborted) return ENDED_BY[await signalled];
    process.stderr.write(
      `Farebox did not start: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
}

/** As short as it can be said here. */
function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
