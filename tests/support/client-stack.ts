import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Person } from '../../local/principals.ts';
import { type Stack, startStack } from '../../local/stack.ts';

/** A whole local stack, for the tests of one file that call it as its users do. */
export interface ClientStack {
  readonly stack: () => Stack;
  /** How a client that is told everything reaches it. */
  readonly connection: (person?: Person) => {
    readonly credentials: Stack['principals'][Person];
    readonly region: string;
    readonly endpointUrl: string;
  };
  /** The environment of a program on this machine that calls it as a person. */
  readonly environment: (person?: Person) => Record<string, string>;
}

/** Starts the stack before the tests of a file, without a Memcached, and stops it after them. */
export function useClientStack(): ClientStack {
  let directory: string;
  let running: Stack | undefined;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'farebox-client-'));
    running = await startStack({ port: 0, stateDirectory: directory, memcached: 'off' });
  });
  afterAll(async () => {
    await running?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const stack = () => {
    if (running === undefined) throw new Error('the stack has not started');
    return running;
  };
  return {
    stack,
    connection: (person = 'developer') => ({
      credentials: stack().principals[person],
      region: stack().info.credentials.region,
      endpointUrl: stack().info.lambdaEndpoint,
    }),
    environment: (person = 'developer') => ({
      AWS_SHARED_CREDENTIALS_FILE: stack().state.credentialsFile,
      AWS_CONFIG_FILE: join(directory, 'none'),
      AWS_PROFILE: person,
      AWS_REGION: stack().info.credentials.region,
      AWS_ENDPOINT_URL_LAMBDA: stack().info.lambdaEndpoint,
      AWS_EC2_METADATA_DISABLED: 'true',
    }),
  };
}
