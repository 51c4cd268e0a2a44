import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Action } from '../context.ts';

/** Makes what commander calls of what a command does. */
export type Bind = <Options>(action: Action<Options>) => (...given: unknown[]) => Promise<void>;

export const PERIODS = ['day', 'week', 'month', 'total'] as const;

export interface Scope {
  readonly project?: string;
  readonly user?: string;
  readonly model?: string;
}

export interface Range {
  readonly day?: string;
  readonly month?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Adds options that name a project, a user and a model. */
export function withScope(command: Command): Command {
  return command
    .option('--project <name>', 'of this project')
    .option(
      '--user <name>',
      'of this user, such as user/alice, sso/alice@example.com, role/deploy, or an ARN',
    )
    .option('--model <id>', 'of this model, such as gpt-4o');
}

export function withPeriod(command: Command): Command {
  return command.addOption(new Option('--period <period>', 'in each').choices(PERIODS));
}

/** Adds options that name UTC days. */
export function withRange(command: Command): Command {
  return command
    .option('--month <YYYY-MM>', 'a month, in UTC; the running one when nothing is named')
    .option('--day <YYYY-MM-DD>', 'a day, in UTC')
    .option('--from <YYYY-MM-DD>', 'the first day')
    .option('--to <YYYY-MM-DD>', 'the last day, included; today when left out');
}

/** Reads an option that is a whole number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Reads an option that may be given several times, and with commas. */
export function several(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').map((part) => part.trim())].filter((part) => part !== '');
}
