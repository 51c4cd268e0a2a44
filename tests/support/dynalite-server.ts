import { createRequire } from 'node:module';
import { isObject } from '../../shared/core/json.ts';

interface Server {
  keepAliveTimeout: number;
  listen(port: number, host: string, ready: () => void): void;
  address(): unknown;
}

// dynalite is CommonJS without types.
const dynalite: (options: object) => Server = createRequire(import.meta.url)('dynalite');

const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
// On a busy machine, an idle connection may be closed just when a request comes.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(isObject(address) ? address['port'] : undefined);
});
process.on('disconnect', () => process.exit());
