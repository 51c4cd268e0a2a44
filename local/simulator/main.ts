import { parseArgs } from 'node:util';
import { startSimulator } from './server.ts';

/*
 * The OpenAI simulator as a process of its own. Options: --port N (0: any free), --delay MS between two events of a
 * stream, --job MS that a background response and a batch take. `SIMULATOR_API_KEY` names the only key that it accepts, `SIMULATOR_ADMIN_KEY` the only one of its organization
 * API; any (that begins with `sk-admin-`) will do without. It prints its URL once it listens; to a parent process with an IPC channel it also tells its port, and ends when that channel does.
 */

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, delay: { type: 'string' }, job: { type: 'string' } },
});
const { SIMULATOR_API_KEY: apiKey, SIMULATOR_ADMIN_KEY: adminKey } = process.env;

const simulator = await startSimulator({
  port: wholeNumber('port', values.port),
  ...(apiKey === undefined || apiKey === '' ? {} : { apiKey }),
  ...(adminKey === undefined || adminKey === '' ? {} : { adminKey }),
  ...(values.job === undefined ? {} : { jobMs: wholeNumber('job', values.job) }),
  ...(values.delay === undefined ? {} : { chunkDelayMs: wholeNumber('delay', values.delay) }),
});

process.on('disconnect', () => process.exit());
process.on('SIGINT', () => process.exit());
process.on('SIGTERM', () => process.exit());
console.log(simulator.url);
process.send?.({ port: Number(new URL(simulator.url).port) });

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  console.error(`--${option} must be a whole number, not "${text}"`);
  process.exit(2);
}
