import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import type { ProxySettings } from '../../functions/proxy/deps.ts';
import { LOOPBACK, listen } from '../../local/http.ts';
import { functionRole, REGION } from '../../local/principals.ts';
import { createSecretsEndpoint, secretArn } from '../../local/secrets-endpoint.ts';
import { type SandboxedFunctions, sandboxFunctions } from '../../local/stage-functions.ts';
import { createDynamoDbDirectory } from '../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import { createDynamoDbObjects } from '../../shared/aws/dynamodb-objects.ts';
import { createNoCache } from '../../shared/memory/no-cache.ts';
import { startDynalite } from '../support/dynalite.ts';
import { startMemcached } from '../support/memcached.ts';
import { serveFunctionUrl } from '../support/targets.ts';
import { makeWorld, OPENAI_KEY, type Target, type World } from '../support/world.ts';

const SEED = 'the real runtime';

export interface RealStageOptions {
  readonly settings?: Partial<ProxySettings>;
  /** More environment of the functions, over what the settings say. */
  readonly env?: Readonly<Record<string, string>>;
  readonly maxSandboxes?: number;
  /** How long the proxy may take for one call, in milliseconds. */
  readonly timeoutMs?: number;
}

/** A stage whose functions are the built zips, each call in a process of its own under the real runtime client. */
export interface RealStage {
  readonly world: World;
  readonly target: Target;
  readonly functions: SandboxedFunctions;
  /** The environment that its functions have. */
  readonly env: Readonly<Record<string, string>>;
  /** Invokes the admin function or the sweep, and fails where it does. */
  invoke(name: 'admin' | 'sweep', payload: object): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function startRealStage(options: RealStageOptions = {}): Promise<RealStage> {
  const [table, memcached] = await Promise.all([startDynalite(), startMemcached()]);
  const world = await makeWorld(
    {
      store: createDynamoDbLedgerStore(table.client, table.tableName),
      directory: createDynamoDbDirectory(table.client, table.tableName),
      objects: createDynamoDbObjects(table.client, table.tableName, {
        clock: { now: () => Date.now() },
        retentionDays: 400,
      }),
      // The functions have one of their own, out of this process's reach.
      cache: createNoCache(),
    },
    options.settings,
  );
  const secret = JSON.stringify({ openai_api_key: OPENAI_KEY, cache_secret: 'a secret of the stage' });
  const secrets = createSecretsEndpoint({
    secrets: { dev: { stage: secret }, prod: {} },
    roles: [functionRole(SEED, 'dev')],
  });
  const env = {
    ...environmentOf(world),
    TABLE_NAME: table.tableName,
    AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://${LOOPBACK}:${await listen(secrets, 0)}`,
    CACHE_NODES: `${memcached.host}:${memcached.port}`,
    ...options.env,
  };
  const functions = sandboxFunctions('dev', inject('tasks'), {
    client: inject('client'),
    env,
    maxSandboxes: options.maxSandboxes ?? 8,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    onLine: (line) => world.logs.push(line),
  });
  const url = await serveFunctionUrl(
    'as the built zip under the real runtime client',
    world,
    (event, sink, requestId) => functions.stream(event, sink, requestId),
  );
  const idle = async () => {
    while (functions.each.proxy.busy() > 0) await sleep(5);
  };
  return {
    world,
    functions,
    env,
    target: { ...url, idle },
    async invoke(name, payload) {
      const result = await functions.invoke(name, JSON.stringify(payload));
      if (result.kind === 'threw') throw new Error(`${result.error.errorType}: ${result.error.errorMessage}`);
      return JSON.parse(result.payload);
    },
    async close() {
      await url.close();
      await functions.stop();
      secrets.close();
      secrets.closeAllConnections();
      await Promise.all([once(secrets, 'close'), world.close(), table.close(), memcached.close()]);
    },
  };
}

/** The settings of a world as the environment that says the same. */
function environmentOf({ deps: { settings }, upstream }: World): Record<string, string> {
  const role = functionRole(SEED, 'dev');
  return {
    STAGE: settings.stage,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    OPENAI_SECRET_ARN: secretArn('dev'),
    OPENAI_BASE_URL: upstream.baseUrl.href,
    OPENAI_AUTO_TIER: settings.autoTier,
    DEFAULT_PROJECT: settings.defaultProject,
    TRUSTED_CALLERS: settings.trustedCallers.join(','),
    SESSION_ROLES: settings.sessionRoles.join(','),
    UPSTREAM_TIMEOUT_SECONDS: String(settings.upstreamTimeoutMs / 1_000),
    HOLD_WAIT_MS: String(settings.holdWaitMs),
    MAX_BODY_BYTES: String(settings.maxBodyBytes),
    MAX_CACHED_BYTES: String(settings.maxCachedBytes),
    // The machine that runs the tests may be busy: here a slow answer is no fault.
    LEDGER_DEADLINE_MS: '30000',
    CACHE_OPERATION_MS: '5000',
  };
}
