import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledPrices } from '../prices/load.ts';
import { createDynamoDbAlertClaims } from './aws/dynamodb-alert-claims.ts';
import { CACHE_CLIENT, createDynamoDbCache } from './aws/dynamodb-cache.ts';
import { createDynamoDbClient } from './aws/dynamodb-client.ts';
import { createDynamoDbDirectory } from './aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from './aws/dynamodb-ledger-store.ts';
import { createDynamoDbObjects } from './aws/dynamodb-objects.ts';
import { createDynamoDbStagePrices } from './aws/dynamodb-stage-prices.ts';
import { createDynamoDbTrail } from './aws/dynamodb-trail.ts';
import { createJsonLog } from './aws/json-log.ts';
import { createSecretsManager, readAdminSecret, readStageSecret } from './aws/secrets-manager.ts';
import { createSnsAlerts } from './aws/sns-alerts.ts';
import { createAnswerCache } from './cache/answer-cache.ts';
import {
  type AdminConfig,
  endpointOf,
  type ProxyConfig,
  readAdminConfig,
  readProxyConfig,
  readSweepConfig,
  type StageConfig,
  type SweepConfig,
} from './config.ts';
import { createDeferrals } from './deferred/deferrals.ts';
import { createTruth } from './deferred/truth.ts';
import { createAudit } from './ledger/audit.ts';
import { withBudgetAlerts } from './ledger/budget-alerts.ts';
import { createLedger } from './ledger/create-ledger.ts';
import { createLimits } from './ledger/limits.ts';
import { createSound } from './mediabunny/sound.ts';
import { createMemcachedCache } from './memcached/memcached-cache.ts';
import { createMemoryCache } from './memory/memory-cache.ts';
import { createNoCache } from './memory/no-cache.ts';
import { createHttpUpstream } from './openai/http-upstream.ts';
import { createOrganization } from './openai/organization.ts';
import type { Alerts } from './ports/alerts.ts';
import type { Invoice } from './ports/invoice.ts';
import type { Log } from './ports/log.ts';
import type { ResponseCache } from './ports/response-cache.ts';
import { createPriceSource } from './pricing/price-source.ts';

/*
 * The only place that constructs adapters.
 */

type Env = Readonly<Record<string, string | undefined>>;

const CONNECT_TIMEOUT_MS = 10_000;
const clock = { now: () => Date.now() };

/** Wires the proxy of a stage from its environment. Throws an error that names every problem of it at once. */
export function wireProxy(env: Env) {
  const config = readProxyConfig(env);
  const books = wireBooks(config);
  const { log, directory, store, objects } = books;
  const ledger = wireLedger(config, books);
  const { secrets, upstream, prices, truth } = wireTruth(config, books);
  const pause = (milliseconds: number) => sleep(milliseconds);
  return {
    settings: proxySettings(config),
    prices,
    directory,
    objects,
    ledger,
    deferrals: createDeferrals({ ledger, store, objects, truth, prices, clock, log }),
    answers: createAnswerCache({
      cache: wireCache(config, log),
      secrets,
      stage: config.STAGE,
      clock,
      log,
      sleep: pause,
      ttlSeconds: config.CACHE_TTL_SECONDS,
      waitMs: config.CACHE_WAIT_MS,
      maxAnswerBytes: config.MAX_CACHED_BYTES,
    }),
    upstream,
    sound: createSound(),
    clock,
    log,
    random: () => randomBytes(8).toString('hex'),
    sleep: pause,
  };
}

/** Wires the admin of a stage from its environment. Throws an error that names every problem of it at once. */
export function wireAdmin(env: Env) {
  const config = readAdminConfig(env);
  const endpoint = endpointOf(config);
  const { directory, store, objects, stagePrices, trail, log } = wireBooks(config);
  return {
    directory,
    objects,
    store,
    log,
    invoice: wireInvoice(config),
    limits: createLimits({ directory, store, clock }),
    audit: createAudit({ directory, store, clock, retentionDays: config.RETENTION_DAYS }),
    prices: bundledPrices(endpoint),
    listPrices: bundledPrices(),
    endpoint,
    stagePrices,
    trail,
    clock,
    sessionRoles: config.SESSION_ROLES,
  };
}

/** Wires the sweep of a stage from its environment. Throws an error that names every problem of it at once. */
export function wireSweep(env: Env) {
  const config = readSweepConfig(env);
  const books = wireBooks(config);
  const { truth } = wireTruth(config, books);
  return { ledger: wireLedger(config, books), truth, log: books.log };
}

/** What OpenAI tells a stage, which asks with its own key. */
function wireTruth(config: SweepConfig, { objects, stagePrices, log }: ReturnType<typeof wireBooks>) {
  const secrets = createSecretsManager({
    secretId: config.OPENAI_SECRET_ARN,
    parse: readStageSecret,
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL_SECRETS_MANAGER,
    clock,
  });
  const upstream = createHttpUpstream({
    baseUrl: new URL(config.OPENAI_BASE_URL),
    secrets,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  });
  const endpoint = endpointOf(config);
  const bundled = bundledPrices(endpoint);
  const prices = createPriceSource({ bundled, stagePrices, endpoint, clock, log });
  return { secrets, upstream, prices, truth: createTruth({ upstream, prices, objects, clock }) };
}

/** OpenAI's own account, where an admin key is configured: a credential of its own, which serves no call. */
function wireInvoice(config: AdminConfig): Invoice | undefined {
  if (config.OPENAI_ADMIN_SECRET_ARN === undefined) return undefined;
  const secrets = createSecretsManager({
    secretId: config.OPENAI_ADMIN_SECRET_ARN,
    parse: readAdminSecret,
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL_SECRETS_MANAGER,
    clock,
  });
  const upstream = createHttpUpstream({
    baseUrl: new URL(config.OPENAI_BASE_URL),
    secrets,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  });
  return createOrganization({ upstream, project: config.OPENAI_PROJECT_ID });
}

/** The books and the rules of a stage, on its one table. */
function wireBooks(config: StageConfig) {
  const client = createDynamoDbClient({
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL_DYNAMODB,
    deadlineMs: config.LEDGER_DEADLINE_MS,
  });
  const directory = createDynamoDbDirectory(client, config.TABLE_NAME);
  const store = createDynamoDbLedgerStore(client, config.TABLE_NAME, {
    retentionDays: config.RETENTION_DAYS,
  });
  const objects = createDynamoDbObjects(client, config.TABLE_NAME, {
    clock,
    retentionDays: config.RETENTION_DAYS,
  });
  const log = createJsonLog({
    stage: config.STAGE,
    level: config.LOG_LEVEL,
    // Lambda wraps what goes through `console` in an envelope that hides a line's metrics.
    write: (line) => process.stdout.write(`${line}\n`),
  });
  const stagePrices = createDynamoDbStagePrices(client, config.TABLE_NAME);
  const trail = createDynamoDbTrail(client, config.TABLE_NAME);
  return { client, directory, store, objects, stagePrices, trail, log };
}

/** The ledger of those who book, which tells of limits that are used up. */
function wireLedger(config: StageConfig, { client, store, directory, log }: ReturnType<typeof wireBooks>) {
  const ledger = createLedger({ store, directory, clock, leaseMs: config.LEASE_SECONDS * 1_000 });
  return withBudgetAlerts(ledger, {
    store,
    claims: createDynamoDbAlertClaims(client, config.TABLE_NAME, { retentionDays: config.RETENTION_DAYS }),
    alerts: wireAlerts(config),
    clock,
    log,
    thresholds: config.BUDGET_THRESHOLDS,
  });
}

/** Without a topic, alerts stand in the log alone. */
function wireAlerts(config: StageConfig): Alerts {
  if (config.ALERT_TOPIC_ARN === undefined) return { publish: async () => undefined };
  return createSnsAlerts({
    topicArn: config.ALERT_TOPIC_ARN,
    stage: config.STAGE,
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL_SNS,
  });
}

/** The proxy's settings under the names that its steps know. */
function proxySettings(config: ProxyConfig) {
  return {
    stage: config.STAGE,
    defaultProject: config.DEFAULT_PROJECT,
    trustedCallers: config.TRUSTED_CALLERS,
    sessionRoles: config.SESSION_ROLES,
    autoTier: config.OPENAI_AUTO_TIER,
    upstreamTimeoutMs: config.UPSTREAM_TIMEOUT_SECONDS * 1_000,
    ledgerDeadlineMs: config.LEDGER_DEADLINE_MS,
    holdWaitMs: config.HOLD_WAIT_MS,
    maxBodyBytes: config.MAX_BODY_BYTES,
    maxCachedBytes: config.MAX_CACHED_BYTES,
  };
}

function wireCache(config: ProxyConfig, log: Log): ResponseCache {
  if (config.CACHE_NODES.length > 0)
    return createMemcachedCache({
      servers: config.CACHE_NODES.map(address),
      operationMs: config.CACHE_OPERATION_MS,
      clock,
      onFault: ({ host, port }) => log.alarm('cache_fault', { server: `${host}:${port}` }),
    });
  if (config.CACHE_TABLE !== undefined)
    return createDynamoDbCache({
      client: createDynamoDbClient({
        region: config.AWS_REGION,
        endpoint: config.AWS_ENDPOINT_URL_DYNAMODB,
        ...CACHE_CLIENT,
      }),
      table: config.CACHE_TABLE,
      clock,
      onFault: () => log.alarm('cache_fault', { server: config.CACHE_TABLE }),
    });
  return config.CACHE_IN_PROCESS === '1' ? createMemoryCache({ clock }) : createNoCache();
}

/** @param node `host:port`, as the configuration checked it */
function address(node: string) {
  const [host = '', port] = node.split(':');
  return { host, port: Number(port) };
}
