import type { Area, Fault } from '../fault.ts';

/** An edit of the wiring, which one setting of the table of settings shows. */
function fault(file: string, find: string, replace: string, setting: string): Fault {
  const sentence = `The configuration reaches its place: ${setting}`;
  return { file, find, replace, sentence, suites: ['tests/shared/wire.test.ts'], only: setting };
}

const wire = (find: string, replace: string, setting: string) =>
  fault('shared/wire.ts', find, replace, setting);
const books = (find: string, replace: string, setting: string) =>
  fault('shared/wire-books.ts', find, replace, setting);
const openai = (find: string, replace: string, setting: string) =>
  fault('shared/wire-openai.ts', find, replace, setting);

/** What the configuration says, and nobody hears. */
export const wiring: Area = {
  stage: wire(
    '    stage: config.STAGE,\n    defaultProject',
    "    stage: 'dev',\n    defaultProject",
    'answers for this stage',
  ),
  'stage-of-the-seal': wire('      stage: config.STAGE,', "      stage: 'dev',", 'under its own seal'),
  'stage-of-the-log': books(
    '    stage: config.STAGE,\n    level',
    "    stage: 'dev',\n    level",
    'logs warnings',
  ),
  'stage-of-alerts': books(
    '    stage: config.STAGE,\n    region',
    "    stage: 'dev',\n    region",
    'tells the topic',
  ),
  'default-project': wire('config.DEFAULT_PROJECT', "'default'", 'DEFAULT_PROJECT'),
  'trusted-callers': wire('config.TRUSTED_CALLERS', '[]', 'TRUSTED_CALLERS'),
  'session-roles-of-the-proxy': wire(
    '    sessionRoles: config.SESSION_ROLES,\n    identityCenterRoles: config.IDENTITY_CENTER_ROLES,\n    autoTier',
    '    sessionRoles: [],\n    identityCenterRoles: config.IDENTITY_CENTER_ROLES,\n    autoTier',
    'believes the sessions',
  ),
  'session-roles-of-the-admin': wire(
    '    clock,\n    sessionRoles: config.SESSION_ROLES,',
    '    clock,\n    sessionRoles: [],',
    'knows people by',
  ),
  'identity-center-of-the-proxy': wire(
    '    identityCenterRoles: config.IDENTITY_CENTER_ROLES,\n    autoTier',
    "    identityCenterRoles: ['AWSReservedSSO_*'],\n    autoTier",
    'believes the sessions',
  ),
  'identity-center-of-the-admin': wire(
    '    identityCenterRoles: config.IDENTITY_CENTER_ROLES,\n  };\n}\n\n/** Wires the sweep',
    "    identityCenterRoles: ['AWSReservedSSO_*'],\n  };\n}\n\n/** Wires the sweep",
    'knows people by',
  ),
  'auto-tier': wire('config.OPENAI_AUTO_TIER', "'priority'", 'OPENAI_AUTO_TIER'),
  'upstream-timeout': wire(
    'config.UPSTREAM_TIMEOUT_SECONDS * 1_000',
    'config.UPSTREAM_TIMEOUT_SECONDS',
    'LEDGER_DEADLINE_MS UPSTREAM_TIMEOUT',
  ),
  'ledger-deadline-of-calls': wire(
    'config.LEDGER_DEADLINE_MS',
    '3_000',
    'LEDGER_DEADLINE_MS UPSTREAM_TIMEOUT',
  ),
  'ledger-deadline-of-the-table': books('config.LEDGER_DEADLINE_MS', '3_000', 'in its region'),
  'hold-wait': wire('config.HOLD_WAIT_MS', 'config.CACHE_WAIT_MS', 'HOLD_WAIT_MS'),
  'free-calls': wire('config.FREE_CALLS_PER_MINUTE', '600', 'FREE_CALLS_PER_MINUTE'),
  'body-size': wire('config.MAX_BODY_BYTES', '6_291_456', 'MAX_BODY_BYTES'),
  'cached-size-of-streams': wire(
    'maxCachedBytes: config.MAX_CACHED_BYTES',
    'maxCachedBytes: 0',
    'MAX_CACHED_BYTES',
  ),
  'cached-size-of-answers': wire(
    'maxAnswerBytes: config.MAX_CACHED_BYTES',
    'maxAnswerBytes: config.MAX_BODY_BYTES',
    'MAX_CACHED_BYTES',
  ),
  'cache-lifetime': wire('config.CACHE_TTL_SECONDS', '86_400', 'CACHE_TTL_SECONDS'),
  'cache-wait': wire('waitMs: config.CACHE_WAIT_MS', 'waitMs: config.HOLD_WAIT_MS', 'CACHE_WAIT_MS'),
  'cache-nodes': wire('if (nodes.length > 0)', 'if (nodes.length > 1)', 'CACHE_NODES'),
  'cache-in-process': wire(
    "config.CACHE_IN_PROCESS === '1'",
    "config.CACHE_IN_PROCESS !== '1'",
    'CACHE_IN_PROCESS',
  ),
  'cache-time-in-memcached': wire('...(operationMs !== undefined && { operationMs }),', '', 'CACHE_NODES'),
  'cache-time-in-a-table': wire(
    '...(operationMs && { deadlineMs: operationMs })',
    '',
    'CACHE_OPERATION_MS: the proxy gives',
  ),
  'cache-region': wire('region: config.AWS_REGION,', "region: 'us-east-1',", 'asks every service'),
  'region-of-the-table': books(
    'const client = createDynamoDbClient({\n    region: config.AWS_REGION,',
    "const client = createDynamoDbClient({\n    region: 'us-east-1',",
    'in its region|stage’s region',
  ),
  'region-of-alerts': books(
    '    stage: config.STAGE,\n    region: config.AWS_REGION,',
    "    stage: config.STAGE,\n    region: 'us-east-1',",
    'nobody was told',
  ),
  'region-of-secrets': openai(
    '    region: config.AWS_REGION,',
    "    region: 'us-east-1',",
    'reads the invoice|stage’s region',
  ),
  lease: books('config.LEASE_SECONDS * 1_000', 'config.LEASE_SECONDS', 'LEASE_SECONDS'),
  thresholds: books('config.BUDGET_THRESHOLDS', '[50, 80, 100]', 'BUDGET_THRESHOLDS'),
  topic: books(
    'if (config.ALERT_TOPIC_ARN === undefined)',
    'if (config.ALERT_TOPIC_ARN !== undefined)',
    'ALERT_TOPIC_ARN',
  ),
  'retention-of-entries': books(
    '  const store = createDynamoDbLedgerStore(client, config.TABLE_NAME, {\n    retentionDays: config.RETENTION_DAYS,',
    '  const store = createDynamoDbLedgerStore(client, config.TABLE_NAME, {\n    retentionDays: 400,',
    'keeps entries',
  ),
  'retention-of-objects': books(
    '    clock,\n    retentionDays: config.RETENTION_DAYS,',
    '    clock,\n    retentionDays: 400,',
    'keeps entries',
  ),
  'retention-of-alerts': books(
    '{ retentionDays: config.RETENTION_DAYS }',
    '{ retentionDays: 400 }',
    'keeps entries',
  ),
  'retention-of-the-audit': wire(
    'retentionDays: config.RETENTION_DAYS',
    'retentionDays: 400',
    'audits no days',
  ),
  'log-level': books('level: config.LOG_LEVEL,', "level: 'info',", 'LOG_LEVEL'),
  'alerts-of-the-ledger': books(
    'return withBudgetAlerts(ledger, {',
    'return ledger;\n  withBudgetAlerts(ledger, {',
    'tells the topic',
  ),
  'regional-prices': openai(
    'const bundled = bundledPrices(endpoint);',
    'const bundled = bundledPrices();',
    'OPENAI_REGIONAL',
  ),
  'regional-prices-of-the-admin': wire(
    'prices: bundledPrices(endpoint),',
    'prices: bundledPrices(),',
    'tools cost',
  ),
  'truth-of-the-sweep': fault(
    'functions/sweep/app.ts',
    '        truth,\n',
    '',
    'settles a background response',
  ),
  'sweep-goes-deep': fault(
    'functions/sweep/handler.ts',
    '.parse(event).deep)',
    '.parse({}).deep)',
    'goes deep',
  ),
  'sweep-is-not-always-deep': fault(
    'functions/sweep/handler.ts',
    'z.boolean().default(false)',
    'z.boolean().default(true)',
    'LEASE_SECONDS: the sweep',
  ),
  'admin-secret': openai(
    'wireUpstream(config, secretId, readAdminSecret)',
    "wireUpstream(config, 'odd-secret', readAdminSecret)",
    'reads the invoice',
  ),
  'project-of-the-invoice': openai(
    'createOrganization({ upstream, project })',
    'createOrganization({ upstream })',
    'reads the invoice',
  ),
  'account-of-the-admin': fault(
    'functions/admin/handler.ts',
    "split(':')[4] ?? ''",
    "split(':')[3] ?? ''",
    'knows people by',
  ),
};
