import addCompletion from '@bomb.sh/tab/commander';
import { Command } from 'commander';
import { addAdmin } from './commands/admin.ts';
import { addBooks } from './commands/books.ts';
import { addCache } from './commands/cache.ts';
import { addCalls } from './commands/calls.ts';
import { addDoctor } from './commands/doctor.ts';
import { addForward } from './commands/forward.ts';
import { addLimits } from './commands/limits.ts';
import type { Bind } from './commands/options.ts';
import { addPrices } from './commands/prices.ts';
import { addProjects } from './commands/projects.ts';
import { addUsage } from './commands/usage.ts';
import { contextOf } from './context.ts';
import { painter, type Terminal, widthOf } from './terminal.ts';

const EXIT_CODES = `
Exit codes: 0 done · 1 refused, or not as it should be · 2 wrong arguments · 3 could not ask · 130 interrupted.

The stage's admin function is asked with your AWS credentials (AWS_PROFILE, SSO, a role…).
For the local stack: . .local/env, or --endpoint-url with the URL of its Lambda API.
Completion: source <(farebox completion zsh), or bash, fish, powershell.`;

/**
 * The commands, with their options and help.
 *
 * @param signal aborts what a command is doing
 */
export function createProgram(version: string, terminal: Terminal, signal: AbortSignal): Command {
  const program = new Command('farebox');
  const paint = painter(terminal.out);
  program
    .description(
      'The command line of Farebox: who spends what, within which limits, and a forwarder that signs.',
    )
    .version(version)
    .option('--stage <name>', 'the stage, such as dev or prod; OPENAI_DEFAULT_STAGING, else dev')
    .option('--profile <name>', 'the profile of the AWS configuration; AWS_PROFILE')
    .option('--region <name>', 'the AWS region; AWS_REGION')
    .option('--endpoint-url <url>', 'where the Lambda API is; AWS_ENDPOINT_URL_LAMBDA')
    .option('--name-prefix <prefix>', "what stands before the functions' names; FAREBOX_NAME_PREFIX")
    .option('--json', 'print the reply as JSON, for programs')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(--help says what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.out.write(text),
      writeErr: (text) => void terminal.err.write(text),
      getOutHelpWidth: () => widthOf(terminal.out),
      getErrHelpWidth: () => widthOf(terminal.err),
      getOutHasColors: () => terminal.out.isTTY === true,
    })
    .configureHelp({ styleTitle: (title) => paint('bold', title), showGlobalOptions: true });
  const bind: Bind =
    (action) =>
    async (...given) => {
      const command = given.at(-1);
      if (!(command instanceof Command))
        throw new TypeError('commander calls actions with their command last');
      const args = given.slice(0, -2).flat() as string[];
      await action(
        contextOf(command, terminal, signal),
        command.opts() as Parameters<typeof action>[1],
        ...args,
      );
    };
  addForward(program, bind);
  addUsage(program, bind);
  addLimits(program, bind);
  addProjects(program, bind);
  addCalls(program, bind);
  addCache(program, bind);
  addBooks(program, bind);
  addPrices(program, bind);
  addAdmin(program, bind);
  addDoctor(program, bind);
  addCompletion(program, { completionCommandName: 'completion' });
  return program;
}
