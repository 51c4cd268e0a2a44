import { createDynamoDbAlertClaims } from './aws/dynamodb-alert-claims.ts';
import { createDynamoDbClient } from './aws/dynamodb-client.ts';
import { createDynamoDbDirectory } from './aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from './aws/dynamodb-ledger-store.ts';
import { createDynamoDbObjects } from './aws/dynamodb-objects.ts';
import { createDynamoDbStagePrices } from './aws/dynamodb-stage-prices.ts';
import { createDynamoDbTrail } from './aws/dynamodb-trail.ts';
import { createPowertoolsLog } from './aws/powertools-log.ts';
import { createSnsAlerts } from './aws/sns-alerts.ts';
import type { StageConfig } from './config.ts';
import { withBudgetAlerts } from './ledger/budget-alerts.ts';
import { createLedger, type LedgerParts } from './ledger/create-ledger.ts';
import type { Alerts } from './ports/alerts.ts';
import type { Clock } from './ports/clock.ts';

/** The time of the machine. */
export const clock: Clock = { now: () => Date.now() };

export type Books = ReturnType<typeof wireBooks>;

/** The books and the rules of a stage, on its one table. */
export function wireBooks(config: StageConfig) {
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
  const log = createPowertoolsLog({
    stage: config.STAGE,
    level: config.LOG_LEVEL,
  });
  const stagePrices = createDynamoDbStagePrices(client, config.TABLE_NAME);
  const trail = createDynamoDbTrail(client, config.TABLE_NAME);
  return { client, directory, store, objects, stagePrices, trail, log };
}

/** The ledger of those who book, which tells of limits that are used up; what holds calls bounds them, too. */
export function wireLedger(
  config: StageConfig,
  { client, store, directory, log }: Books,
  bounds: Pick<LedgerParts, 'openCalls' | 'deferredCalls'> = {},
) {
  const leaseMs = config.LEASE_SECONDS * 1_000;
  const ledger = createLedger({ store, directory, clock, leaseMs, ...bounds });
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
