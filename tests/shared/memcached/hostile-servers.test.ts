import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemcachedCache, type MemcachedCache } from '../../../shared/memcached/memcached-cache.ts';
import {
  type Behaviour,
  binaryResponse,
  deadPort,
  startBlackHole,
  startHostileServer,
} from '../../support/hostile-server.ts';
import { startMemcached } from '../../support/memcached.ts';

const BOUND_MS = 50;
/** Far above the bound, for busy machines, and far below what `memjs` or the kernel would wait by themselves. */
const SURELY_BOUNDED_MS = 5_000;
const VALUE = Buffer.alloc(900_000, 'v');
const PROOF = Buffer.from('proof');

const behaviours: Record<string, Behaviour> = {
  'accepts and never answers': () => undefined,
  'closes the connection (FIN) with a request outstanding': (socket) => socket.end(),
  'resets the connection': (socket) => socket.resetAndDestroy(),
  'cuts the connection in the middle of a value': (socket, heard) => {
    const response = binaryResponse(heard, { value: Buffer.alloc(500_000) });
    socket.end(response.subarray(0, 100_000));
  },
  'sends half a header and stops': (socket, heard) => socket.write(binaryResponse(heard).subarray(0, 12)),
  'drips an answer, byte by byte': (socket, heard) => {
    const bytes = [...binaryResponse(heard, { value: Buffer.alloc(1_000) })];
    const drip = setInterval(() => {
      if (socket.destroyed) clearInterval(drip);
      else socket.write(Uint8Array.of(bytes.shift() ?? 0));
    }, 10);
  },
  'promises four gigabytes': (socket, heard) => {
    const response = binaryResponse(heard);
    response.writeUInt32BE(0xffff_ffff, 8);
    socket.write(response);
  },
  'sends random bytes': (socket) => socket.write(randomBytes(5_000)),
  'speaks HTTP': (socket) => socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'.repeat(9)),
  'answers everything with an unknown error': (socket, heard) =>
    socket.write(binaryResponse(heard, { status: 0x1234 })),
  'wants a password': (socket, heard) => socket.write(binaryResponse(heard, { status: 0x20 })),
  'asks for SASL out of the blue': (socket, heard) => {
    const response = binaryResponse(heard);
    response.writeUInt8(0x20, 1);
    socket.write(response);
  },
  'answers other requests than were asked': (socket, heard) => {
    const response = binaryResponse(heard, { value: Buffer.from('stray') });
    response.writeUInt32BE(0xdead_beef, 12);
    socket.write(response);
  },
};

const toClose: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

function cacheOn(port: number, options: { now?: () => number; operationMs?: number } = {}): MemcachedCache {
  const cache = createMemcachedCache({
    servers: [{ host: '127.0.0.1', port }],
    clock: { now: options.now ?? Date.now },
    operationMs: options.operationMs ?? BOUND_MS,
    backoffMs: 20,
    maxBackoffMs: 100,
  });
  toClose.push(() => cache.close());
  return cache;
}

/** Every operation ends as one that found nothing, in bounded time; at once again and again, and several at once. */
async function expectMisses(cache: MemcachedCache): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    const started = performance.now();
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.set('key', VALUE, 60)).toBe(false);
    expect(await cache.claim('key', PROOF, 60)).toBe('unknown');
    expect(await cache.claimed('key')).toBeUndefined();
    await expect(cache.unclaim('key')).resolves.toBeUndefined();
    const together = await Promise.all(Array.from({ length: 10 }, () => cache.get('key')));
    expect(together.every((value) => value === undefined)).toBe(true);
    expect(performance.now() - started).toBeLessThan(SURELY_BOUNDED_MS);
  }
}

/** Within its back-off, the cache finds out that its server is well. On a busy machine a value may be late, never wrong. */
async function expectRecovery(cache: MemcachedCache): Promise<void> {
  const found: Uint8Array[] = [];
  await expect
    .poll(
      async () => {
        await cache.set('recovered', VALUE, 60);
        const values = await Promise.all(Array.from({ length: 20 }, () => cache.get('recovered')));
        const hits = values.filter((value) => value !== undefined);
        found.push(...hits);
        return hits.length;
      },
      { interval: 50 },
    )
    .toBe(20);
  expect(found.every((value) => Buffer.compare(value, VALUE) === 0)).toBe(true);
}

async function realServerOn(port: number): Promise<void> {
  const server = await startMemcached({ port });
  toClose.push(server.close);
}

describe('a Memcached server that', () => {
  it.each(Object.entries(behaviours))(
    '%s costs a bounded miss, and is used again once it is well',
    async (_, behaviour) => {
      const server = await startHostileServer(behaviour);
      const cache = cacheOn(server.port, { operationMs: 200 });
      await expectMisses(cache);
      await server.close();
      await realServerOn(server.port);
      await expectRecovery(cache);
    },
  );

  it('is dead (connection refused) costs a bounded miss, and is used again once it is well', async () => {
    const port = await deadPort();
    const cache = cacheOn(port, { operationMs: 200 });
    await expectMisses(cache);
    await realServerOn(port);
    await expectRecovery(cache);
  });

  it('drops every SYN costs a bounded miss', async () => {
    const hole = await startBlackHole();
    toClose.push(hole.close);
    await expectMisses(cacheOn(hole.port));
  });

  it('cannot be found by name costs a bounded miss', async () => {
    const cache = createMemcachedCache({
      servers: [{ host: 'no-such-host.invalid', port: 11211 }],
      clock: { now: Date.now },
    });
    await expectMisses(cache);
  });

  it('freezes in the middle of its work and thaws loses nothing but time', async () => {
    const server = await startMemcached();
    toClose.push(server.close);
    const cache = cacheOn(server.port, { operationMs: 200 });
    await expectRecovery(cache);
    server.freeze();
    // A signal stops all threads of a process in its own time.
    await expect.poll(() => cache.set('frozen', PROOF, 60), { timeout: 30_000 }).toBe(false);
    await expectMisses(cache);
    server.thaw();
    await expectRecovery(cache);
  });

  it('is restarted between two calls costs one miss at most', async () => {
    const first = await startMemcached();
    const cache = cacheOn(first.port, { operationMs: 5_000 });
    await expectRecovery(cache);
    await first.close();
    await realServerOn(first.port);
    await cache.get('recovered');
    await cache.set('again', VALUE, 60);
    expect((await cache.get('again'))?.length).toBe(VALUE.length);
  });

  it('sends more than an item can have is not listened to, and its circuit opens', async () => {
    let sent = 0;
    const server = await startHostileServer((socket, heard) => {
      const flood = Buffer.alloc(64 * 1024);
      const more = () => {
        for (let goesOn = true; goesOn && !socket.destroyed; ) {
          sent += flood.length;
          goesOn = socket.write(flood);
        }
      };
      socket.on('drain', more);
      const response = binaryResponse(heard);
      response.writeUInt32BE(32 * 1024 * 1024, 8);
      socket.write(response);
      more();
    });
    toClose.push(server.close);
    const faults: number[] = [];
    const cache = createMemcachedCache({
      servers: [server],
      clock: { now: () => 0 },
      // So long that only the size can have ended it.
      operationMs: 60_000,
      onFault: ({ port }) => faults.push(port),
    });
    toClose.push(() => cache.close());
    for (let call = 0; call < 5; call += 1) expect(await cache.get('key')).toBeUndefined();
    expect(faults).toEqual([server.port]);
    expect(server.connections()).toBe(2);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  it('has an item of 32 MiB under a key has it taken for a miss', async () => {
    const server = await startMemcached({ maxItemSize: '64m' });
    toClose.push(server.close);
    const { port } = server;
    await plant(port, 'answer.key', Buffer.alloc(32 * 1024 * 1024, 'x'));
    const cache = cacheOn(port, { operationMs: 60_000 });
    expect(await cache.get('key')).toBeUndefined();
    await cache.set('other', VALUE, 60);
    expect(await cache.get('other')).toHaveLength(VALUE.length);
  });
});

/** Puts an item into a Memcached server, as anybody who reaches it can. */
async function plant(port: number, key: string, value: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`set ${key} 0 60 ${value.length}\r\n`);
  socket.write(value);
  socket.write('\r\n');
  const [reply] = await once(socket, 'data');
  expect(String(reply)).toBe('STORED\r\n');
  socket.destroy();
}

describe('the circuit of a hanging server', () => {
  it('opens after two failures, lets one probe through after each back-off, and closes by itself', async () => {
    let now = 1_000_000;
    let time = () => now;
    const server = await startHostileServer(() => undefined);
    const cache = cacheOn(server.port, { now: () => time(), operationMs: 200 });
    for (let call = 0; call < 10; call += 1) await cache.get('key');
    expect(server.connections()).toBe(2);

    now += 21;
    await Promise.all(Array.from({ length: 10 }, () => cache.get('key')));
    expect(server.connections()).toBe(3);

    now += 21; // The failed probe doubled the back-off.
    await cache.get('key');
    expect(server.connections()).toBe(3);
    now += 21;
    await cache.get('key');
    expect(server.connections()).toBe(4);

    await server.close();
    await realServerOn(server.port);
    time = Date.now;
    await expectRecovery(cache);
  });

  it('leaves the other servers of the cluster alone', async () => {
    const hanging = await startHostileServer(() => undefined);
    const sound = await startMemcached();
    toClose.push(hanging.close, sound.close);
    const cache = createMemcachedCache({
      servers: [hanging, sound],
      clock: { now: () => 0 },
      operationMs: 10_000,
      failures: 1,
    });
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
    for (const key of keys) await cache.set(key, Buffer.from(key), 60);
    const found = await Promise.all(keys.map((key) => cache.get(key)));
    const hits = found.filter((value) => value !== undefined).length;
    expect(hits).toBeGreaterThan(8);
    expect(hits).toBeLessThan(32);
    expect(hanging.connections()).toBe(1);
    cache.close();
  });
});

describe('a process that used the cache', () => {
  const module = fileURLToPath(new URL('../../../shared/memcached/memcached-cache.ts', import.meta.url));

  it.each(['localhost', '127.0.0.1'])('ends by itself, its connection to %s still open', async (host) => {
    const server = await startMemcached();
    toClose.push(server.close);
    const program = `
      const { createMemcachedCache } = await import(${JSON.stringify(module)});
      const cache = createMemcachedCache({
        servers: [{ host: ${JSON.stringify(host)}, port: ${server.port} }], clock: Date, operationMs: 10_000,
      });
      await cache.set('key', Buffer.from('found'), 60);
      console.log(String(await cache.get('key')));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { timeout: 300_000 },
    );
    expect(stdout.trim()).toBe('found');
  });
});
