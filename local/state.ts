import { randomBytes } from 'node:crypto';
import {
  createWriteStream,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { lockDirectory } from './owner-lock.ts';
import { credentialsFile, type Principals } from './principals.ts';

/** How to reach a running stack: the content of `stack.json`. */
export interface StackJson {
  readonly stages: {
    readonly dev: { readonly proxyUrl: string };
    readonly prod: { readonly proxyUrl: string };
  };
  readonly lambdaEndpoint: string;
  readonly dynamodbEndpoint: string;
  /** `host:port`; null where the cache lives in the functions' process. */
  readonly memcached: string | null;
  readonly upstream: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly region: string;
  };
}

const PRIVATE = 0o600;
const MOST_LOG_BYTES = 16 * 1024 * 1024;

/** The files of a stack, in one directory. */
export interface StateDirectory {
  readonly stackFile: string;
  readonly credentialsFile: string;
  /** For a shell to read: what AWS's and Farebox's own tools need to reach this stack as `developer`. */
  readonly environmentFile: string;
  readonly logDirectory: string;
  /** Writes one line to a process's log file. */
  log(name: string, line: string): void;
  publish(info: StackJson, principals: Principals): void;
  /** Takes back what says that a stack is running here, and lets others have the directory; the logs stay. */
  retract(): void;
}

/**
 * Opens a stack's directory, for this stack alone, and makes it where it is not there yet. What it publishes is for
 * the owner's eyes alone, since keys are in it.
 *
 * @throws Error that says what to do, when a running stack has the directory
 */
export function openStateDirectory(directory: string): StateDirectory {
  const logDirectory = join(directory, 'logs');
  mkdirSync(logDirectory, { recursive: true });
  const unlock = lockDirectory(directory);
  const stackFile = join(directory, 'stack.json');
  const credentials = join(directory, 'credentials');
  const environment = join(directory, 'env');
  const logs = new Map<string, ReturnType<typeof createWriteStream>>();
  let published = '';

  return {
    stackFile,
    credentialsFile: credentials,
    environmentFile: environment,
    logDirectory,
    log(name, line) {
      const file = `${name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '')}.log`;
      const stream = logs.get(file) ?? openLog(join(logDirectory, file));
      logs.set(file, stream);
      stream.write(`${line}\n`);
    },
    publish(info, principals) {
      published = `${JSON.stringify(info, null, 2)}\n`;
      writePrivately(stackFile, published);
      writePrivately(credentials, credentialsFile(principals));
      writePrivately(environment, shellEnvironment(info, credentials));
    },
    retract() {
      for (const stream of logs.values()) stream.end();
      // Removed only where they are this stack's: somebody may have removed its lock and started another.
      if (published !== '' && readIfThere(stackFile) === published) {
        for (const file of [stackFile, credentials, environment]) rmSync(file, { force: true });
      }
      unlock();
    },
  };
}

/**
 * The secret from which a stack's keys are derived: the same one from run to run where its state is kept, so that
 * keys that were handed out stay valid; else a new one.
 */
export function readSeed(dataDirectory: string | undefined): string {
  const fresh = randomBytes(32).toString('base64url');
  if (dataDirectory === undefined) return fresh;
  const file = join(dataDirectory, 'seed');
  const kept = readIfThere(file)?.trim();
  if (kept) return kept;
  writePrivately(file, `${fresh}\n`);
  return fresh;
}

function shellEnvironment({ lambdaEndpoint, credentials }: StackJson, credentialsPath: string): string {
  const variables = {
    AWS_SHARED_CREDENTIALS_FILE: credentialsPath,
    AWS_PROFILE: 'developer',
    AWS_REGION: credentials.region,
    // boto3 reads this one alone.
    AWS_DEFAULT_REGION: credentials.region,
    AWS_ENDPOINT_URL_LAMBDA: lambdaEndpoint,
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('');
}

/** Appends to a log, from one run to the next; one that has grown large becomes `….log.old` first. */
function openLog(file: string): ReturnType<typeof createWriteStream> {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > MOST_LOG_BYTES) renameSync(file, `${file}.old`);
  return createWriteStream(file, { flags: 'a', mode: PRIVATE });
}

function writePrivately(file: string, text: string): void {
  // Removed first: a mode given to an existing file is ignored.
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: PRIVATE });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
