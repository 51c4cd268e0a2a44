import { DeleteItemCommand, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';

/** Deletes all items of a table whose keys are `pk` and `sk`. */
export async function emptyTable(client: DynamoDBClient, table: string): Promise<void> {
  const { Items = [] } = await client.send(
    new ScanCommand({ TableName: table, ProjectionExpression: 'pk, sk' }),
  );
  await Promise.all(Items.map((Key) => client.send(new DeleteItemCommand({ TableName: table, Key }))));
}
