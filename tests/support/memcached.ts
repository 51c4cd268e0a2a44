import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TestMemcached {
  readonly host: string;
  readonly port: number;
  /** Freezes the process: the kernel still accepts connections, and nobody answers. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly close: () => Promise<void>;
}

export interface MemcachedSettings {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Its `-I`; 1 MiB, as on ElastiCache, where absent. */
  readonly maxItemSize?: string;
}

const STARTS_WITHIN_MS = 120_000;

/** Starts a real `memcached` on a free port. */
export async function startMemcached(settings: MemcachedSettings = {}): Promise<TestMemcached> {
  const folder = await mkdtemp(join(tmpdir(), 'memcached-'));
  const portFile = join(folder, 'port');
  const host = '127.0.0.1';
  const port = settings.port ?? 0;
  const server = spawn(
    findProgram(),
    [
      ...['-l', host, '-p', port === 0 ? '-1' : String(port), '-U', '0', '-u', userInfo().username],
      ...['-m', '128', '-t', '1', '-I', settings.maxItemSize ?? '1m'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, MEMCACHED_PORT_FILENAME: portFile } },
  );
  const ended = once(server, 'exit');
  const close = async () => {
    server.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return {
      host,
      port: await readPort(portFile, () => server.exitCode),
      freeze: () => server.kill('SIGSTOP'),
      thaw: () => server.kill('SIGCONT'),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function findProgram(): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const program = folders.map((folder) => join(folder, 'memcached')).find((path) => existsSync(path));
  if (program === undefined) {
    throw new Error(
      'memcached is not installed, and the cache is tested on a real one: ' +
        'run `npm test`, which installs it, or install it yourself (`apt-get install memcached`)',
    );
  }
  return program;
}

async function readPort(file: string, exitCode: () => number | null): Promise<number> {
  const deadline = Date.now() + STARTS_WITHIN_MS;
  while (Date.now() < deadline) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const port = /^TCP INET: (\d+)\n/m.exec(text)?.[1];
    if (port !== undefined) return Number(port);
    if (exitCode() !== null) throw new Error(`memcached ended with ${exitCode()} before it was ready`);
    await sleep(20);
  }
  throw new Error(`memcached did not start within ${STARTS_WITHIN_MS} ms`);
}
