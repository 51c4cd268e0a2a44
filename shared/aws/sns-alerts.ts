import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { formatUsd } from '../core/money.ts';
import { describeScope } from '../core/scope.ts';
import type { Alerts, BudgetAlert } from '../ports/alerts.ts';

export interface SnsAlertsOptions {
  readonly topicArn: string;
  readonly stage: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
}

/** How long publishing may take with all its attempts, in milliseconds. */
const DEADLINE_MS = 5_000;
/**
 * The longest subject that SNS takes, in characters, all of them printable ASCII.
 * Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
const MAX_SUBJECT = 100;

/** Alerts as messages of an SNS topic: sentences for people, and the same as attributes, for filters. */
export function createSnsAlerts({ topicArn, stage, region, endpoint }: SnsAlertsOptions): Alerts {
  const client = new SNSClient({ region, ...(endpoint === undefined ? {} : { endpoint }), maxAttempts: 3 });
  return {
    async publish(alert) {
      const { subject, message } = alertText(stage, alert);
      const command = new PublishCommand({
        TopicArn: topicArn,
        Subject: subject,
        Message: message,
        MessageAttributes: {
          event: { DataType: 'String', StringValue: 'budget_alert' },
          stage: { DataType: 'String', StringValue: stage },
          threshold: { DataType: 'Number', StringValue: String(alert.threshold) },
          ...(alert.scope.project !== undefined && {
            project: { DataType: 'String', StringValue: alert.scope.project },
          }),
        },
      });
      await client.send(command, { abortSignal: AbortSignal.timeout(DEADLINE_MS) });
    },
  };
}

/** What people read. */
export function alertText(stage: string, alert: BudgetAlert) {
  const { scope, period, periodKey, amount, threshold, used } = alert;
  const which = period === 'total' ? 'total limit' : `${period} limit`;
  const when = period === 'total' ? '' : ` in ${periodKey}`;
  const subject = `Farebox ${stage}: ${threshold} % of the ${which} for ${describeScope(scope)}`;
  const message = [
    `${formatUsd(used)} USD of the ${which} of ${formatUsd(amount)} USD for ${describeScope(scope)} are used up${when}.`,
    `This is ${threshold} % or more. Calls that do not fit into what is left are refused.`,
    `Stage: ${stage}`,
  ].join('\n');
  return { subject: subject.slice(0, MAX_SUBJECT), message };
}
