import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { Bind } from './options.ts';

interface FlushOptions {
  readonly project?: string;
  readonly all?: boolean;
}

/** `cache flush`. */
export function addCache(program: Command, bind: Bind): void {
  const cache = program.command('cache').description('Make the cache forget answers');
  cache
    .command('flush')
    .description('Make the cache forget the answers of a project, or of the whole stage')
    .option('--project <name>', 'of this project')
    .option('--all', 'of the whole stage')
    .action(
      bind(async (context: Context, { project, all }: FlushOptions) => {
        if ((project === undefined) === (all !== true))
          return cache.error('error: name --project, or --all for the whole stage', { exitCode: 2 });
        const reply = await context.ask({ command: 'flush-cache', project });
        const what = project ?? `all of ${context.staging}`;
        context.print(context.json ? JSON.stringify(reply, null, 2) : `Flushed: ${what}.`);
      }),
    );
}
