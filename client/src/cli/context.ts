import type { Command } from 'commander';
import { type Admin, createAdmin, type JsonObject, type Payload } from '../admin.ts';
import type { LambdaOptions } from '../lambda-api.ts';
import { settled } from '../settings.ts';
import { DEFAULT_STAGE } from '../stage.ts';
import { type Paint, painter, type Terminal, withProgress } from './terminal.ts';

/** What every command of the command line works with. */
export interface Context {
  readonly terminal: Terminal;
  readonly paint: Paint;
  readonly staging: string;
  readonly connection: LambdaOptions;
  readonly json: boolean;
  readonly signal: AbortSignal;
  readonly admin: Admin;
  /** Asks the admin function, and shows that it takes long when it does. */
  readonly ask: (payload: Payload, doing?: string) => Promise<JsonObject>;
  readonly print: (...lines: readonly string[]) => void;
}

/** Options that every command takes. */
export interface SharedOptions {
  readonly stage?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly namePrefix?: string;
  readonly json?: boolean;
}

/** Makes the context of a command from the options that it was given. */
export function contextOf(command: Command, terminal: Terminal, signal: AbortSignal): Context {
  const { stage, json = false, ...shared } = command.optsWithGlobals<SharedOptions>();
  const { region, profile, endpointUrl, namePrefix } = shared;
  const staging = settled({ staging: stage }).staging ?? DEFAULT_STAGE;
  const connection = { region, profile, endpointUrl, namePrefix };
  const admin = createAdmin({ ...connection, staging });
  return {
    terminal,
    paint: painter(terminal.out),
    staging,
    connection,
    json,
    signal,
    admin,
    ask: (payload, doing = `asking ${staging}`) =>
      withProgress(terminal, doing, () => admin.run(payload, signal)),
    print: (...lines) => void terminal.out.write(`${lines.join('\n')}\n`),
  };
}

/** Ends a command with an exit code of its own, after it has printed what there is to say. */
export class Exit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** What a command does with its arguments and options. */
export type Action<Options> = (context: Context, options: Options, ...args: string[]) => Promise<void>;
