import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { createDynamoDbClient } from '../shared/aws/dynamodb-client.ts';
import { tableDefinition } from '../shared/aws/table.ts';
import { REGION, STAGES, type Stage } from './principals.ts';

const POLL_MS = 5;

/** The name of a stage's table. */
export function tableName(stage: Stage): string {
  return `farebox-${stage}`;
}

/** Creates the stages' tables where they are not there yet, and waits until they can be used. */
export async function createTables(endpoint: string): Promise<void> {
  const client = createDynamoDbClient({
    region: REGION,
    endpoint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // A busy machine is slow to start, which is no fault.
    attemptMs: 10_000,
    deadlineMs: 20_000,
  });
  const create = async (stage: Stage) => {
    const name = tableName(stage);
    try {
      await client.send(new CreateTableCommand(tableDefinition(name)));
    } catch (error) {
      if (!(error instanceof ResourceInUseException)) throw error;
    }
    await untilActive(client, name);
  };
  try {
    await Promise.all(STAGES.map(create));
  } finally {
    client.destroy();
  }
}

async function untilActive(client: DynamoDBClient, name: string): Promise<void> {
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await sleep(POLL_MS);
  }
}
