import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Ports } from './ports.ts';
import { derive, functionRole, type Principal, REGION, STAGES, type Stage } from './principals.ts';
import { createSecretsEndpoint, secretArn } from './secrets-endpoint.ts';
import { type FunctionModules, type StageHost, startStageHost } from './stage-host.ts';
import type { Supervisor } from './supervisor.ts';
import { tableName } from './tables.ts';

export interface StagesOptions {
  /** From which the keys of the functions' roles are derived. */
  readonly secretSeed: string;
  /** Who may call. */
  readonly principals: readonly Principal[];
  readonly modules: FunctionModules;
  /** The entry of the real runtime client, to run the functions under. */
  readonly runtimeClient: string | undefined;
  /** More configuration for the functions, over the stack's own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly dynamodbEndpoint: string;
  /** `host:port`; absent: each stage caches in its own process. */
  readonly memcached: string | undefined;
  readonly upstream: string;
  readonly openAi?: OpenAiAccount;
  readonly secretsEndpoint: string;
}

/** Starts the functions of every stage, configured as Terraform configures them on AWS. */
export async function startStages(
  supervisor: Supervisor,
  ports: Ports,
  options: StagesOptions,
): Promise<Readonly<Record<Stage, StageHost>>> {
  const { principals, modules, runtimeClient } = options;
  const start = (stage: Stage) =>
    startStageHost(supervisor, {
      stage,
      port: ports[stage],
      modules,
      runtimeClient,
      principals,
      env: environmentOf(stage, options),
    });
  const [dev, prod] = await Promise.all([start('dev'), start('prod')]);
  return { dev, prod };
}

function environmentOf(stage: Stage, options: StagesOptions): Record<string, string> {
  const role = functionRole(options.secretSeed, stage);
  const { memcached, openAi = {} } = options;
  return {
    STAGE: stage,
    TABLE_NAME: tableName(stage),
    OPENAI_SECRET_ARN: secretArn(stage),
    OPENAI_BASE_URL: options.upstream,
    ...(openAi.adminKey === undefined ? {} : { OPENAI_ADMIN_SECRET_ARN: secretArn(stage, 'admin') }),
    ...(openAi.ownProjects ? { OPENAI_PROJECT_ID: projectOf(stage) } : {}),
    ...(memcached === undefined ? { CACHE_IN_PROCESS: '1' } : { CACHE_NODES: memcached }),
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: options.dynamodbEndpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: options.secretsEndpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    // One machine that does other things too is slower than AWS, which is not a fault.
    LEDGER_DEADLINE_MS: '60000',
    CACHE_OPERATION_MS: '2000',
    LOG_LEVEL: 'info',
    ...options.environment,
  };
}

/** How the stages are known to OpenAI, or to what stands in for it. */
export interface OpenAiAccount {
  /** For the calls of both stages; absent: each has a key of its own that only a simulator takes. */
  readonly apiKey?: string | undefined;
  /** For reading what OpenAI billed; absent: that cannot be read. */
  readonly adminKey?: string | undefined;
  /** Each stage has a project of its own, by which the simulator tells their costs apart. */
  readonly ownProjects?: boolean;
}

function projectOf(stage: Stage): string {
  return `proj_local_${stage}`;
}

/** The admin key that the simulator of a stack takes. */
export function simulatorAdminKey(secretSeed: string): string {
  return `sk-admin-local-${derive(secretSeed, 'openai admin')}`;
}

/** The stages' secrets, in this process alone. */
export function createStageSecrets(secretSeed: string, openAi: OpenAiAccount = {}): Server {
  const { apiKey, adminKey, ownProjects } = openAi;
  const secretsOf = (stage: Stage) => ({
    stage: JSON.stringify({
      openai_api_key: apiKey || `sk-local-${derive(secretSeed, `openai ${stage}`)}`,
      ...(ownProjects ? { openai_project: projectOf(stage) } : {}),
      cache_secret: derive(secretSeed, `cache ${stage}`),
    }),
    ...(adminKey === undefined ? {} : { admin: adminKey }),
  });
  return createSecretsEndpoint({
    secrets: { dev: secretsOf('dev'), prod: secretsOf('prod') },
    roles: STAGES.map((stage) => functionRole(secretSeed, stage)),
  });
}

function functionFile(name: string): string {
  return fileURLToPath(new URL(`../functions/${name}/handler.ts`, import.meta.url));
}

/** Farebox's own functions. */
export const OWN_FUNCTIONS: FunctionModules = {
  proxy: functionFile('proxy'),
  admin: functionFile('admin'),
  sweep: functionFile('sweep'),
};
