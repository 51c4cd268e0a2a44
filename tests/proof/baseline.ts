import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ONE_USD, type Picodollars } from '../../shared/core/money.ts';
import { startDynalite } from '../support/dynalite.ts';
import type { Reply } from './caller.ts';
import { type ConcurrencyOptions, questionsOf, runLoad } from './concurrency.ts';
import type { Question } from './questions.ts';
import { randomFrom } from './random.ts';
import { startUpstream } from './upstream.ts';

export interface BaselineResult {
  readonly calls: number;
  readonly passed: number;
  readonly mostInFlight: number;
  readonly spent: Picodollars;
  readonly overspend: Picodollars;
}

/**
 * The method that most gateways use, under the same load: look at what is spent, forward if that is below the limit,
 * record the cost after the answer. A model of the method, not of any product's code; it has no limits but the
 * project's.
 */
export async function runBaseline(options: ConcurrencyOptions): Promise<BaselineResult> {
  const [table, upstream] = await Promise.all([startDynalite(), startUpstream()]);
  try {
    const questions = questionsOf(randomFrom(options.seed), options);
    const counter = counterIn(table.client, table.tableName);
    const way = async (question: Question): Promise<Reply> => {
      if ((await counter.read()) >= ONE_USD)
        return { kind: 'answered', status: 429, code: 'insufficient_quota' };
      const url = upstream.baseUrl.replace('/v1', question.path);
      const response = await fetch(url, { method: 'POST', body: question.body });
      await response.text();
      await counter.add(question.cost);
      return { kind: 'answered', status: response.status, code: undefined };
    };
    const { replies, mostInFlight } = await runLoad(upstream, questions, options, way);
    const passed = [...replies.values()].filter(
      (reply) => reply.kind === 'answered' && reply.status === 200,
    ).length;
    const spent = upstream.charged();
    const overspend = spent > ONE_USD ? spent - ONE_USD : 0n;
    return { calls: questions.length, passed, mostInFlight, spent, overspend };
  } finally {
    await Promise.all([table.close(), upstream.close()]);
  }
}

function counterIn(client: DynamoDBClient, table: string) {
  const at = { TableName: table, Key: { pk: { S: 'baseline' }, sk: { S: 'baseline' } } };
  return {
    async read(): Promise<Picodollars> {
      const { Item } = await client.send(new GetItemCommand({ ...at, ConsistentRead: true }));
      return BigInt(Item?.['spent']?.N ?? 0);
    },
    async add(cost: Picodollars): Promise<void> {
      const values = { ':cost': { N: String(cost) } };
      await client.send(
        new UpdateItemCommand({
          ...at,
          UpdateExpression: 'ADD spent :cost',
          ExpressionAttributeValues: values,
        }),
      );
    },
  };
}
