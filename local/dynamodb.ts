import type { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { listen } from './http.ts';
import { closedToWebPages } from './web-pages.ts';

/*
 * DynamoDB in a process of its own, by dynalite. Options: --port N (0: any free), --path DIR (keeps the tables there;
 * in memory without it). It tells its port over the IPC channel.
 */

type Dynalite = (options: object) => ReturnType<typeof createServer>;
// dynalite is CommonJS without types.
const dynalite: Dynalite = createRequire(import.meta.url)('dynalite');

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, path: { type: 'string' } },
});
// It takes any signature, and tells every page that it may read the answers.
const server = closedToWebPages(
  dynalite({
    createTableMs: 0,
    updateTableMs: 0,
    deleteTableMs: 0,
    ...(values.path === undefined ? {} : { path: values.path }),
  }),
);

process.on('SIGTERM', () => process.exit());
process.send?.({ port: await listen(server, Number(values.port)) });
