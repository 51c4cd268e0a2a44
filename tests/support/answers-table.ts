import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { startDynalite } from './dynalite.ts';

const TABLE = 'farebox-answers-test';

/** An empty table for answers, as Terraform makes it, in a DynamoDB of its own. */
export async function startAnswersTable() {
  const { client, close } = await startDynalite();
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
    }),
  );
  const status = async () =>
    (await client.send(new DescribeTableCommand({ TableName: TABLE }))).Table?.TableStatus;
  while ((await status()) !== 'ACTIVE') await new Promise((resume) => setTimeout(resume, 2));
  return { client, table: TABLE, close };
}
