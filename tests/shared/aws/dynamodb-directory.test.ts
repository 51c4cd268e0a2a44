import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDbClient } from '../../../shared/aws/dynamodb-client.ts';
import { createDynamoDbDirectory } from '../../../shared/aws/dynamodb-directory.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { directoryContract } from '../../contracts/directory.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';

const SUBJECT = { user: 'user/alice', project: 'demo', model: 'gpt-4o' };

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

directoryContract('DynamoDB', async () => createDynamoDbDirectory(table.client, await table.anotherTable()));

describe('a directory in DynamoDB', () => {
  it('reads all the rules of a call in one round trip', async () => {
    const directory = createDynamoDbDirectory(table.client, await table.anotherTable());
    await directory.putLimit({ project: 'demo' }, 'month', 7n);
    const commands: string[] = [];
    table.client.middlewareStack.add(
      (next, context) => (args) => {
        commands.push(context.commandName ?? '');
        return next(args);
      },
      { step: 'initialize', name: 'countCommands' },
    );
    const rules = await directory.rules(SUBJECT);
    table.client.middlewareStack.remove('countCommands');
    expect(rules.limits).toHaveLength(1);
    expect(commands).toEqual([BatchGetItemCommand.name]);
  });

  it('asks again for what DynamoDB left unread, and gives up when it keeps doing so', async () => {
    const tableName = await table.anotherTable();
    const directory = createDynamoDbDirectory(table.client, tableName);
    await directory.putLimit({ project: 'demo' }, 'month', 7n);
    let partial = 2;
    table.client.middlewareStack.add(
      (next) => async (args) => {
        const reply = await next(args);
        const input: object = args.input;
        if (partial === 0 || !('RequestItems' in input)) return reply;
        partial -= 1;
        return { ...reply, output: { ...reply.output, Responses: {}, UnprocessedKeys: input.RequestItems } };
      },
      { step: 'initialize', name: 'leaveUnread' },
    );
    expect((await directory.rules(SUBJECT)).limits).toHaveLength(1);
    expect(partial).toBe(0);
    partial = 100;
    await expect(directory.rules(SUBJECT)).rejects.toBeInstanceOf(Unavailable);
    table.client.middlewareStack.remove('leaveUnread');
  });

  it('is unavailable when the table cannot be reached', async () => {
    const client = createDynamoDbClient({
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:9',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    await expect(createDynamoDbDirectory(client, 't').rules(SUBJECT)).rejects.toBeInstanceOf(Unavailable);
  });
});
