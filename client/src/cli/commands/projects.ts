import { type Command, Option } from 'commander';
import type { JsonObject } from '../../admin.ts';
import type { Context } from '../context.ts';
import { allPages } from '../pages.ts';
import { listOf, textOf } from '../replies.ts';
import { type Column, csv, table } from '../table.ts';
import { type Bind, several, wholeNumber } from './options.ts';

interface ProjectOptions {
  readonly principals?: readonly string[];
  readonly models?: readonly string[];
  readonly onDisconnect?: string;
  readonly caching?: string;
  readonly cacheSeconds?: number;
}

/** `projects list`, which is also `projects`; `projects create`, `projects change`. */
export function addProjects(program: Command, bind: Bind): void {
  const projects = program.command('projects').description('Show, create and change projects');
  projects
    .command('list', { isDefault: true })
    .description('Show the projects, and who and what each admits')
    .option('--csv', 'as CSV')
    .action(bind(list));
  const create = projects.command('create').argument('<name>').description('Create a project');
  withSettings(create).action(
    bind<ProjectOptions>((context, options, name) => change('create-project', context, options, name)),
  );
  const alter = projects
    .command('change')
    .argument('<name>')
    .description('Change what is named of a project, and leave the rest');
  withSettings(alter).action(
    bind<ProjectOptions>((context, options, name) => change('change-project', context, options, name)),
  );
}

function withSettings(command: Command): Command {
  return command
    .option(
      '--principals <patterns>',
      'who may use it, such as "user/*,role/deploy"; "" for everyone',
      several,
    )
    .option('--models <patterns>', 'what it may use, such as "gpt-4o*"; "" for every model', several)
    .addOption(
      new Option('--on-disconnect <what>', 'when a caller leaves in mid-stream').choices(['drain', 'cancel']),
    )
    .addOption(
      new Option(
        '--caching <when>',
        'when an answer is given again; temperature_0: only to requests for temperature 0',
      ).choices(['on', 'temperature_0', 'off']),
    )
    .option(
      '--cache-seconds <n>',
      'how long an answer is given again; 0: as long as the stage says',
      wholeNumber,
    );
}

function cachingOf(project: JsonObject): string {
  const seconds = textOf(project, 'cache_seconds');
  return `${textOf(project, 'caching', 'on')}${seconds === '' ? '' : `, ${seconds} s`}`;
}

async function list(context: Context, { csv: asCsv }: { readonly csv?: boolean }): Promise<void> {
  const projects = await allPages(context, { command: 'list-projects' }, 'projects');
  if (context.json) return context.print(JSON.stringify({ projects }, null, 2));
  if (asCsv) return void context.terminal.out.write(csv(COLUMNS, projects));
  if (projects.length === 0) return context.print('No projects. "farebox projects create NAME" makes one.');
  context.print(...table(COLUMNS, projects, context.paint));
}

async function change(
  command: string,
  context: Context,
  { principals, models, onDisconnect, caching, cacheSeconds }: ProjectOptions,
  project = '',
): Promise<void> {
  const settings = {
    principals,
    models,
    on_disconnect: onDisconnect,
    caching,
    cache_seconds: cacheSeconds,
  };
  const reply = await context.ask({ command, project, ...settings });
  if (context.json) return context.print(JSON.stringify(reply, null, 2));
  context.print(...table(COLUMNS, [reply], context.paint));
  const warning = textOf(reply, 'warning');
  if (warning !== '') context.terminal.err.write(`${context.paint('yellow', 'Warning:')} ${warning}\n`);
  if (command === 'create-project')
    context.print('', `It can be used once a limit bounds it: farebox limits set 10 --project ${project}`);
}

const COLUMNS: readonly Column<JsonObject>[] = [
  { head: 'PROJECT', value: (project) => textOf(project, 'project') },
  { head: 'PRINCIPALS', value: (project) => listOf(project, 'principals', 'everyone') },
  { head: 'MODELS', value: (project) => listOf(project, 'models', 'every model') },
  { head: 'ON DISCONNECT', value: (project) => textOf(project, 'on_disconnect') },
  { head: 'CACHING', value: cachingOf },
  { head: 'CREATED', value: (project) => textOf(project, 'created_at').slice(0, 10) },
];
