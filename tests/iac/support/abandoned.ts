import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbDirectory } from '../../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../../shared/aws/dynamodb-ledger-store.ts';
import { callId } from '../../../shared/core/call-id.ts';
import { createLedger } from '../../../shared/ledger/create-ledger.ts';

/** Holds a picodollar for a call, as a function that then dies: its lease is over at once. */
export async function abandonCall(client: DynamoDBClient, table: string, project: string): Promise<void> {
  const clock = { now: () => Date.now() };
  const store = createDynamoDbLedgerStore(client, table);
  const directory = createDynamoDbDirectory(client, table);
  const subject = { user: 'user/alice', project, model: 'gpt-4o-mini' };
  const { limits } = await directory.rules(subject);
  const held = await createLedger({ store, directory, clock, leaseMs: 1 }).hold({
    ...subject,
    id: callId(clock.now(), '0123456789abcdef'),
    endpoint: 'POST /chat/completions',
    requestedModel: 'gpt-4o-mini',
    stream: false,
    amount: 1n,
    limits,
  });
  if (held.kind !== 'held') throw new Error('the limit of the project has no room for a picodollar');
}
