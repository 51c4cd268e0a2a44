import { callHeld } from '../../shared/aws/hold-markers.ts';

/** What Farebox does with one request to DynamoDB. */
export type Step =
  /** An entry is written, open, or decided at once (a wave is given back whose entry never arrived). */
  | 'putCall'
  | 'putDecided'
  | 'getCall'
  | 'decideCall'
  | 'deferCall'
  | 'closeCall'
  | 'correctCall'
  | 'openAccount'
  | 'openBooks'
  | 'getAccount'
  | 'reserveLimit'
  | 'reserveBooks'
  | 'releaseLimit'
  | 'releaseBooks'
  | 'changeLimit'
  | 'changeCarried'
  /** Money moves between the account of a limit and its shards. */
  | 'transfer'
  /** The sweep and the audit read lists: what the index lists, then the items themselves. */
  | 'listOpen'
  | 'listAccounts'
  | 'readListed'
  | 'queryBooks'
  | 'queryCalls'
  /** A call's rules in one read, or an admin's reads and changes of them. */
  | 'rules'
  | 'readRule'
  | 'changeRule'
  /** Nothing of Farebox's: the tests make a table, say. */
  | 'other';

/** One request of DynamoDB's API as it arrived. */
export interface Operation {
  /** Counts the requests, from 1. */
  readonly number: number;
  /** `UpdateItem`, `Query` … */
  readonly action: string;
  readonly step: Step;
  readonly table: string | undefined;
  /** The key of the item, where there is one. */
  readonly pk: string | undefined;
  readonly sk: string | undefined;
  readonly condition: string | undefined;
  /** The id of the call that it is done for, where the request tells. */
  readonly call: string | undefined;
  readonly body: Body;
}

type Values = Readonly<Record<string, { readonly S?: string; readonly N?: string } | undefined>>;

/** The members of a request that tell what it is for. */
export interface Body {
  readonly TableName?: string;
  readonly Key?: Values;
  readonly Item?: Values;
  readonly IndexName?: string;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Values;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys?: readonly Values[] }>>;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

/**
 * Names what Farebox is doing from nothing but the request.
 *
 * @param target the header `X-Amz-Target`, such as `DynamoDB_20120810.PutItem`
 */
export function operationOf(number: number, target: string, body: Body): Operation {
  const action = target.split('.').at(-1) ?? '';
  const batch = Object.entries(body.RequestItems ?? {})[0];
  const key = body.Key ?? body.Item ?? batch?.[1].Keys?.[0];
  const pk = key?.['pk']?.S ?? listed(body);
  const sk = key?.['sk']?.S;
  const holder = body.ExpressionAttributeNames?.['#call'];
  const call = holder === undefined ? (sk?.startsWith('call_') ? sk : undefined) : callHeld(holder);
  return {
    number,
    action,
    step: stepOf(action, (pk ?? '').split('#')[0] ?? '', body),
    table: body.TableName ?? batch?.[0],
    pk,
    sk,
    condition: body.ConditionExpression,
    call,
    body,
  };
}

/** The partition or the listing that a query reads. */
function listed({ ExpressionAttributeValues: values }: Body): string | undefined {
  return values?.[':pk']?.S ?? values?.[':listing']?.S;
}

function stepOf(action: string, partition: string, body: Body): Step {
  switch (action) {
    case 'PutItem':
      return putStep(partition, body);
    case 'UpdateItem':
      return updateStep(partition, body.UpdateExpression ?? '');
    case 'GetItem':
      return READ[partition] ?? 'readRule';
    case 'Query':
      return QUERIED[partition] ?? 'readRule';
    case 'BatchGetItem':
      return partition in READ ? 'readListed' : partition === 'stage' ? 'rules' : 'readRule';
    default:
      return 'other';
  }
}

const READ: Readonly<Record<string, Step>> = { calls: 'getCall', limit: 'getAccount', books: 'getAccount' };

const QUERIED: Readonly<Record<string, Step>> = {
  open: 'listOpen',
  accounts: 'listAccounts',
  books: 'queryBooks',
  calls: 'queryCalls',
};

function putStep(partition: string, { Item: item }: Body): Step {
  if (partition === 'calls') return item?.['state']?.S === 'open' ? 'putCall' : 'putDecided';
  if (partition === 'limit') return 'openAccount';
  return partition === 'books' ? 'openBooks' : 'changeRule';
}

function updateStep(partition: string, expression: string): Step {
  if (partition === 'calls' && expression.includes('#deferred')) return 'deferCall';
  if (partition === 'calls' && expression.includes('#correction')) return 'correctCall';
  if (partition === 'calls') return expression.includes('#outcome') ? 'decideCall' : 'closeCall';
  if (partition !== 'limit' && partition !== 'books') return 'changeRule';
  if (expression.startsWith('SET holds.')) return partition === 'limit' ? 'reserveLimit' : 'reserveBooks';
  if (expression.startsWith('REMOVE holds.')) return partition === 'limit' ? 'releaseLimit' : 'releaseBooks';
  if (/^SET (shards|received|remaining)/.test(expression)) return 'transfer';
  return expression.startsWith('SET carried') ? 'changeCarried' : 'changeLimit';
}
