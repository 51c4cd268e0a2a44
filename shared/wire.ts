import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledPrices } from '../prices/load.ts';
import { CACHE_CLIENT, createDynamoDbCache } from './aws/dynamodb-cache.ts';
import { createDynamoDbClient } from './aws/dynamodb-client.ts';
import { createDynamoDbUnpricedCalls } from './aws/dynamodb-unpriced-calls.ts';
import { createDynamoDbWindowCounter } from './aws/dynamodb-window-counter.ts';
import { createAnswerCache } from './cache/answer-cache.ts';
import { endpointOf, type ProxyConfig, readAdminConfig, readProxyConfig, readSweepConfig } from './config.ts';
import { createDeferrals } from './deferred/deferrals.ts';
import { createAudit } from './ledger/audit.ts';
import { createLimits } from './ledger/limits.ts';
import { createMemcachedCache } from './memcached/memcached-cache.ts';
import { createMemoryCache } from './memory/memory-cache.ts';
import { createNoCache } from './memory/no-cache.ts';
import type { Log } from './ports/log.ts';
import type { ResponseCache } from './ports/response-cache.ts';
import { clock, wireBooks, wireLedger } from './wire-books.ts';
import { wireInvoice, wireTruth } from './wire-openai.ts';

/*
 * The only place that constructs adapters, with what it shares out beside it: the books, and the ways to OpenAI.
 */

type Env = Readonly<Record<string, string | undefined>>;

/** Wires the proxy of a stage from its environment. Throws an error that names every problem of it at once. */
export function wireProxy(env: Env) {
  const config = readProxyConfig(env);
  const books = wireBooks(config);
  const { log, directory, store, objects } = books;
  const ledger = wireLedger(config, books, {
    openCalls: config.OPEN_CALLS_PER_PROJECT,
    deferredCalls: config.DEFERRED_CALLS_PER_PROJECT,
  });
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
    windowCounter: createDynamoDbWindowCounter(books.client, config.TABLE_NAME),
    unpricedCalls: createDynamoDbUnpricedCalls(books.client, config.TABLE_NAME),
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
  const { client, directory, store, objects, stagePrices, trail, log } = wireBooks(config);
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
    unpricedCalls: createDynamoDbUnpricedCalls(client, config.TABLE_NAME),
    trail,
    clock,
    sessionRoles: config.SESSION_ROLES,
    identityCenterRoles: config.IDENTITY_CENTER_ROLES,
  };
}

/** Wires the sweep of a stage from its environment. Throws an error that names every problem of it at once. */
export function wireSweep(env: Env) {
  const config = readSweepConfig(env);
  const books = wireBooks(config);
  const { truth } = wireTruth(config, books);
  return { ledger: wireLedger(config, books), truth, log: books.log };
}

/** The proxy's settings under the names that its steps know. */
function proxySettings(config: ProxyConfig) {
  return {
    stage: config.STAGE,
    defaultProject: config.DEFAULT_PROJECT,
    trustedCallers: config.TRUSTED_CALLERS,
    stagingHeader: config.STAGING_HEADER,
    sessionRoles: config.SESSION_ROLES,
    identityCenterRoles: config.IDENTITY_CENTER_ROLES,
    autoTier: config.OPENAI_AUTO_TIER,
    upstreamTimeoutMs: config.UPSTREAM_TIMEOUT_SECONDS * 1_000,
    ledgerDeadlineMs: config.LEDGER_DEADLINE_MS,
    holdWaitMs: config.HOLD_WAIT_MS,
    freeCallsPerMinute: config.FREE_CALLS_PER_MINUTE,
    maxBodyBytes: config.MAX_BODY_BYTES,
    maxCachedBytes: config.MAX_CACHED_BYTES,
  };
}

function wireCache(config: ProxyConfig, log: Log): ResponseCache {
  const { CACHE_NODES: nodes, CACHE_TABLE: table, CACHE_OPERATION_MS: operationMs } = config;
  const onFault = (server: string) => log.alarm('cache_fault', { server });
  if (nodes.length > 0)
    return createMemcachedCache({
      servers: nodes.map(address),
      clock,
      ...(operationMs !== undefined && { operationMs }),
      onFault: ({ host, port }) => onFault(`${host}:${port}`),
    });
  if (table === undefined)
    return config.CACHE_IN_PROCESS === '1' ? createMemoryCache({ clock }) : createNoCache();
  const { attempts, deadlineMs } = { ...CACHE_CLIENT, ...(operationMs && { deadlineMs: operationMs }) };
  const client = createDynamoDbClient({
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL_DYNAMODB,
    attempts,
    deadlineMs,
  });
  return createDynamoDbCache({
    client,
    table,
    clock,
    operationMs: deadlineMs,
    onFault: () => onFault(table),
  });
}

/** @param node `host:port`, as the configuration checked it */
function address(node: string) {
  const [host = '', port] = node.split(':');
  return { host, port: Number(port) };
}
