import { parseArgs } from 'node:util';
import { PORT_COUNT } from './ports.ts';

export const DEFAULT_PORT = 8787;
const HIGHEST_PORT = 65_535;

/** What `npm start` passes on to the functions of both stages, of which `docs/configuration.md` tells. */
const FUNCTION_VARIABLES = [
  'DEFAULT_PROJECT',
  'STAGING_HEADER',
  'TRUSTED_CALLERS',
  'SESSION_ROLES',
  'OPENAI_AUTO_TIER',
  'CACHE_TTL_SECONDS',
  'HOLD_WAIT_MS',
];

export type StartArguments =
  | {
      readonly kind: 'start';
      readonly port: number;
      readonly dataDirectory: string | undefined;
      /** Whether to run the built zips under the real runtime client. */
      readonly runtime: boolean;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

export const HELP = `Runs Farebox on this machine: both stages, their table, cache and an OpenAI simulator.

Usage: npm start -- [--port N] [--data DIR] [--runtime]

  --port N     first of the ${PORT_COUNT} ports it listens on, on 127.0.0.1 alone (0: any free ones; default ${DEFAULT_PORT})
  --data DIR   keep ledger, projects, limits and keys in DIR between runs (in memory without it)
  --runtime    build the functions and run their zips under Lambda's own runtime client, a process a call at a time,
               instead of their sources in one process (the first time, it compiles that client for some minutes)
  --help       show this

Environment:
  OPENAI_API_KEY    forward to OpenAI with this key instead of the simulator: calls then cost real money
  OPENAI_ADMIN_KEY  with it, also compare the books with what OpenAI billed ("reconcile" of the admin)
  OPENAI_BASE_URL   forward to this API instead, such as http://127.0.0.1:9000/v1
  ${FUNCTION_VARIABLES.join(', ')}:
                    passed on to the functions of both stages (docs/configuration.md)
`;

/** What of this environment is meant for the functions. */
export function functionEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const given = FUNCTION_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  return Object.fromEntries(given);
}

/** Reads the arguments of `npm start`; what they get wrong is a value, in words for people. */
export function readArguments(args: readonly string[]): StartArguments {
  let values: {
    port?: string | undefined;
    data?: string | undefined;
    runtime?: boolean | undefined;
    help?: boolean | undefined;
  };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        runtime: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return { kind: 'help' };
  if (values.data === '') return { kind: 'wrong', message: '--data needs the name of a directory.' };
  const port = readPort(values.port ?? String(DEFAULT_PORT));
  if (port === undefined) {
    return {
      kind: 'wrong',
      message: `--port must be 0 (any free ports) or a whole number from 1 to ${HIGHEST_PORT - PORT_COUNT + 1}, not "${values.port}".`,
    };
  }
  return { kind: 'start', port, dataDirectory: values.data, runtime: values.runtime ?? false };
}

function readPort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port + PORT_COUNT - 1 <= HIGHEST_PORT ? port : undefined;
}
