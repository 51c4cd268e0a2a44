import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { createSnsAlerts } from '../../../shared/aws/sns-alerts.ts';
import { ONE_USD } from '../../../shared/core/money.ts';
import type { BudgetAlert } from '../../../shared/ports/alerts.ts';

const ALERT: BudgetAlert = {
  scope: { project: 'demo' },
  period: 'month',
  periodKey: '2026-11',
  amount: 100n * ONE_USD,
  used: 80n * ONE_USD + ONE_USD / 4n,
  threshold: 80,
};
const ANSWER =
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  vi.unstubAllEnvs();
});

async function publishTo(status: number, alert: BudgetAlert) {
  const asked: URLSearchParams[] = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    asked.push(new URLSearchParams(body));
    response
      .writeHead(status, { 'content-type': 'text/xml' })
      .end(status === 200 ? ANSWER : '<ErrorResponse/>');
  });
  await new Promise<void>((ready) => void server?.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const alerts = createSnsAlerts({
    topicArn: 'arn:aws:sns:us-east-1:111122223333:alerts',
    stage: 'prod',
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
  });
  const failed = await alerts.publish(alert).catch((error: unknown) => error);
  return { asked, failed };
}

it('publishes an alert to the topic in sentences, with attributes to filter by', async () => {
  const { asked, failed } = await publishTo(200, ALERT);
  expect(failed).toBeUndefined();
  expect(asked).toHaveLength(1);
  const sent = Object.fromEntries(asked[0] ?? []);
  expect(sent).toMatchObject({
    Action: 'Publish',
    TopicArn: 'arn:aws:sns:us-east-1:111122223333:alerts',
    Subject: 'Farebox prod: 80 % of the month limit for project demo',
  });
  expect(sent['Message']).toContain(
    '80.25 USD of the month limit of 100 USD for project demo are used up in 2026-11.',
  );
  expect(Object.values(sent)).toEqual(
    expect.arrayContaining(['stage', 'prod', 'threshold', '80', 'project', 'demo']),
  );
});

it('cuts a subject that SNS would refuse', async () => {
  const scope = { project: 'p'.repeat(128), user: `user/${'u'.repeat(64)}` };
  const { asked } = await publishTo(200, { ...ALERT, scope });
  expect(asked[0]?.get('Subject')).toHaveLength(100);
  expect(asked[0]?.get('Message')).toContain(scope.user);
});

it('says when it cannot be said that people were told', async () => {
  const { failed } = await publishTo(500, ALERT);
  expect(failed).toBeInstanceOf(Error);
});
