import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOOPBACK, listen } from '../../local/http.ts';
import { functionRole, type Principals, people, REGION } from '../../local/principals.ts';
import { secretArn } from '../../local/secrets-endpoint.ts';
import { startStageHost } from '../../local/stage-host.ts';
import { createStageSecrets, OWN_FUNCTIONS } from '../../local/stages.ts';
import { createSupervisor } from '../../local/supervisor.ts';
import { createDynamoDbDirectory } from '../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import { limitAccount } from '../../shared/core/accounts.ts';
import type { LimitAccountId } from '../../shared/core/ledger.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import { PERIODS } from '../../shared/core/period.ts';
import type { Scope } from '../../shared/core/scope.ts';
import { createAudit } from '../../shared/ledger/audit.ts';
import type { AuditReport } from '../../shared/ledger/ledger.ts';
import { createLimits } from '../../shared/ledger/limits.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';
import { startDynalite, type TestTable } from '../support/dynalite.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export const PROJECT = 'proof';
const PERIOD = 'total';
const SEED = 'the proof';
const clock = { now: () => Date.now() };

/** A limit of the proof. All are without a period, so that a run may cross midnight. */
export interface LimitOf {
  readonly scope: Scope;
  readonly amount: Picodollars;
  /** Over how many items its account is spread; absent: it is one. */
  readonly shards?: number;
}

/** The same limits, every other one of them spread over so many items. */
export function spread(limits: readonly LimitOf[], shards: number | undefined): LimitOf[] {
  return limits.map((limit, index) =>
    shards === undefined || index % 2 === 1 ? limit : { ...limit, shards },
  );
}

/** The account in which a limit of the proof counts. */
export function accountId({ scope }: LimitOf): LimitAccountId {
  return limitAccount(scope, PERIOD, Date.now());
}

/** One stage with its table, its project and limits, and an upstream; its functions run in processes of their own. */
export interface Stage {
  readonly table: TestTable;
  readonly store: LedgerStore;
  readonly directory: Directory;
  readonly upstream: Upstream;
  readonly people: Principals;
  readonly limits: readonly LimitOf[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /**
   * Starts a process of the stage's functions, as the local stack does.
   *
   * @param dynamodb where it finds DynamoDB; absent: the table itself
   */
  start(environment: Readonly<Record<string, string>>, dynamodb?: string): Promise<FunctionProcess>;
  audit(): Promise<AuditReport>;
  close(): Promise<void>;
}

export interface FunctionProcess {
  readonly url: string;
  /** Kills it at once (SIGKILL). */
  kill(): void;
  /** Invokes the sweep; rejects where the process dies or the sweep fails. */
  sweep(): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a stage whose project has these limits. */
export async function startStage(limits: readonly LimitOf[]): Promise<Stage> {
  const startedAt = Date.now();
  const [table, upstream] = await Promise.all([startDynalite(), startUpstream()]);
  const secrets = createStageSecrets(SEED, undefined);
  const secretsPort = await listen(secrets, 0);
  const directory = createDynamoDbDirectory(table.client, table.tableName);
  const store = createDynamoDbLedgerStore(table.client, table.tableName);
  await directory.createProject({
    name: PROJECT,
    principals: [],
    models: [],
    onDisconnect: 'drain',
    cacheGeneration: 0,
    createdAt: startedAt,
  });
  const setting = createLimits({ directory, store, clock });
  for (const { scope, amount, shards } of limits) await setting.set(scope, PERIOD, amount, shards);

  const running = new Set<FunctionProcess>();
  return {
    table,
    store,
    directory,
    upstream,
    limits,
    startedAt,
    people: people(SEED),
    async start(environment, dynamodb = table.endpoint) {
      const env = {
        ...functionEnvironment(table.tableName, upstream.baseUrl, `http://${LOOPBACK}:${secretsPort}`),
        AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
        ...environment,
      };
      const started = await startProcess(env);
      running.add(started);
      return started;
    },
    audit() {
      const audit = createAudit({ directory, store, clock });
      const now = Date.now();
      return audit.run(PERIODS.map((period) => ({ period, at: now })));
    },
    async close() {
      await Promise.all([...running].map((process) => process.stop()));
      await Promise.all([upstream.close(), table.close(), closed(secrets)]);
    },
  };
}

/** Waits until no call of a stage is open; its answers may be out before its books are closed. */
export async function untilSettled({ store }: Stage, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  const isOpen = async () => {
    for await (const _ of store.expiredCalls(Number.MAX_SAFE_INTEGER)) return true;
    return false;
  };
  while (Date.now() < deadline && (await isOpen())) await sleep(100);
}

function functionEnvironment(tableName: string, upstream: string, secrets: string): Record<string, string> {
  const role = functionRole(SEED, 'dev');
  return {
    STAGE: 'dev',
    TABLE_NAME: tableName,
    OPENAI_SECRET_ARN: secretArn('dev'),
    OPENAI_BASE_URL: upstream,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets,
    AWS_EC2_METADATA_DISABLED: 'true',
    LOG_LEVEL: 'warn',
  };
}

async function startProcess(env: Record<string, string>): Promise<FunctionProcess> {
  const supervisor = createSupervisor(() => undefined);
  const starting = startStageHost(supervisor, {
    stage: 'dev',
    port: 0,
    modules: OWN_FUNCTIONS,
    principals: Object.values(people(SEED)),
    env,
  });
  const host = await Promise.race([
    starting,
    supervisor.failed.then((why) => Promise.reject(new Error(why))),
  ]);
  const pid = supervisor.processes[0]?.pid;
  if (pid === undefined) throw new Error('a process of functions has no id');
  let gone = false;
  void supervisor.failed.then(() => {
    gone = true;
  });
  return {
    url: host.proxyUrl,
    kill() {
      if (!gone) process.kill(pid, 'SIGKILL');
      gone = true;
    },
    async sweep() {
      const result = await host.invoke('sweep', JSON.stringify({ deep: true }));
      if (result.kind === 'threw') throw new Error(`the sweep failed: ${result.error.errorMessage}`);
      return JSON.parse(result.payload);
    },
    stop: () => supervisor.stop(),
  };
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
