import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Command } from 'commander';
import { FareboxError } from '../../errors.ts';
import { createFetch } from '../../fetch.ts';
import { createPatientFetch } from '../../forward/connections.ts';
import { createForwarder, type ExchangeNote } from '../../forward/server.ts';
import { findStage } from '../../stage.ts';
import type { Context } from '../context.ts';
import { type Bind, wholeNumber } from './options.ts';

interface ForwardOptions {
  readonly port: number;
  readonly project?: string;
  readonly cache: boolean;
  readonly url?: string;
  readonly quiet?: boolean;
}

const LOOPBACK = '127.0.0.1';
const DEFAULT_PORT = 8787;

/** `forward`. */
export function addForward(program: Command, bind: Bind): void {
  program
    .command('forward')
    .description('Sign what any OpenAI client on this machine sends, and forward it to the stage')
    .option(
      '--port <n>',
      'listen on this port of loopback; 0 takes any that is free',
      wholeNumber,
      DEFAULT_PORT,
    )
    .option('--project <name>', 'the project that pays, where a call names none; OPENAI_DEFAULT_PROJECT')
    .option('--no-cache', 'leave the cache alone')
    .option('--url <url>', "the URL of the stage's proxy, where the environment and AWS do not tell it")
    .option('--quiet', 'do not print a line for each call')
    .action(bind(forward));
}

async function forward(context: Context, options: ForwardOptions): Promise<void> {
  const { connection, staging, paint, signal } = context;
  const stage = await findStage(staging, { ...connection, url: options.url });
  const fetch = createFetch({
    ...connection,
    staging,
    url: stage.url,
    region: stage.region,
    project: options.project,
    ...(options.cache ? {} : { caching: false }),
    fetch: createPatientFetch(),
  });
  const server = createForwarder({
    fetch,
    ...(options.quiet ? {} : { onExchange: (note: ExchangeNote) => context.print(lineOf(note, context)) }),
  });
  const port = await listen(server, options.port);
  context.print(
    `${paint('bold', `Forwarding to ${staging}`)}  ${paint('dim', `${stage.url}, ${stage.source}`)}`,
    '',
    `  export OPENAI_BASE_URL=http://${LOOPBACK}:${port}/v1`,
    '  export OPENAI_API_KEY=none',
    '',
    paint('dim', 'Ctrl-C ends it.'),
  );
  if (!signal.aborted) await once(signal, 'abort');
  server.close();
  server.closeAllConnections();
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, LOOPBACK);
  try {
    await once(server, 'listening');
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const why = taken ? 'something listens there already' : String(error);
    throw new FareboxError(
      'configuration',
      'no_port',
      `Cannot listen on port ${port}: ${why}. Name another with --port.`,
    );
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function lineOf(note: ExchangeNote, { paint }: Context): string {
  const { method, path, status, ms, cost, cache, broken, left } = note;
  const time = paint('dim', new Date().toTimeString().slice(0, 8));
  const colour = status < 400 ? 'green' : status < 500 ? 'yellow' : 'red';
  const notes = [
    cost === undefined ? '' : `$${cost}`,
    cache === undefined || cache === 'miss' ? '' : cache,
    broken ? 'broken off' : '',
    left ? 'left' : '',
  ].filter((each) => each !== '');
  const took = ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
  return `${time} ${paint(colour, String(status))} ${method} ${path} ${paint('dim', [took, ...notes].join(' · '))}`;
}
