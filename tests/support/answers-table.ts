import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynalite } from './dynalite.ts';

const TABLE = 'farebox-answers-test';

/** An empty table for answers, as Terraform makes it, in a DynamoDB of its own. */
export async function startAnswersTable() {
  const { client, close } = await startDynalite();
  return { client, table: await createAnswersTable(client), close };
}

/** Makes an empty table for answers, as Terraform makes it, and returns its name. */
export async function createAnswersTable(client: DynamoDBClient): Promise<string> {
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
  return TABLE;
}
