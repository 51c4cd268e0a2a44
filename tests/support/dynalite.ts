import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbClient } from '../../shared/aws/dynamodb-client.ts';
import { tableDefinition } from '../../shared/aws/table.ts';

export interface TestTable {
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Makes one more, empty table on the same server and returns its name. */
  readonly anotherTable: () => Promise<string>;
  readonly close: () => Promise<void>;
}

const SERVER = fileURLToPath(new URL('./dynalite-server.ts', import.meta.url));

/** Starts an in-memory DynamoDB in a process of its own, on a free port, with one empty Farebox table. */
export async function startDynalite(): Promise<TestTable> {
  const server = fork(SERVER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const failed = once(server, 'exit').then(([code]) => {
    throw new Error(`dynalite ended with ${code} before it was ready`);
  });
  const [message] = await Promise.race([once(server, 'message'), failed]);
  const endpoint = `http://127.0.0.1:${Number(message)}`;
  failed.catch(() => undefined);

  const client = createDynamoDbClient({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    // The machine that runs the tests may be busy: here a slow answer is no fault.
    attemptMs: 20_000,
    deadlineMs: 25_000,
  });
  let tables = 0;
  const anotherTable = async () => {
    tables += 1;
    const tableName = `farebox-test-${tables}`;
    await client.send(new CreateTableCommand(tableDefinition(tableName)));
    await untilActive(client, tableName);
    return tableName;
  };
  const close = async () => {
    client.destroy();
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return { endpoint, client, tableName: await anotherTable(), anotherTable, close };
}

async function untilActive(client: DynamoDBClient, tableName: string): Promise<void> {
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await new Promise((resume) => setTimeout(resume, 2));
  }
}
