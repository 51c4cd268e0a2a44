import { setTimeout as sleep } from 'node:timers/promises';
import { createMemcachedCache } from '../../../shared/memcached/memcached-cache.ts';
import { responseCacheContract } from '../../contracts/response-cache.ts';
import { startMemcached } from '../../support/memcached.ts';

const clock = { now: Date.now };
/** The machine that runs the tests may be busy: here a slow answer is no fault. */
const PATIENT = { clock, operationMs: 10_000 };

responseCacheContract('Memcached', async () => {
  const server = await startMemcached();
  const cache = createMemcachedCache({ ...PATIENT, servers: [server] });
  return {
    cache,
    pass: (seconds) => sleep(seconds * 1_000),
    close: async () => {
      cache.close();
      await server.close();
    },
  };
});

responseCacheContract('a cluster of three Memcached servers', async () => {
  const servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
  const cache = createMemcachedCache({ ...PATIENT, servers });
  return {
    cache,
    pass: (seconds) => sleep(seconds * 1_000),
    close: async () => {
      cache.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
});
