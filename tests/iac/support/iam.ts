import { z } from 'zod';
import { ACCOUNT_ID, REGION } from '../../../local/principals.ts';
import { isObject } from '../../../shared/core/json.ts';

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const POLICY = z.object({
  Version: z.literal('2012-10-17'),
  // Strict: a condition that this does not know must not be read as none.
  Statement: z.array(
    z.strictObject({
      Effect: z.literal('Allow'),
      Action: texts,
      Resource: texts,
      Condition: z
        .strictObject({ 'ForAllValues:StringLike': z.strictObject({ 'dynamodb:LeadingKeys': texts }) })
        .optional(),
    }),
  ),
});
export type Policy = z.infer<typeof POLICY>;

/** Reads the text of a policy; throws where it has more than allowances without conditions. */
export function policyOf(text: string): Policy {
  return POLICY.parse(JSON.parse(text));
}

const KEYED = z.object({ Key: z.object({ pk: z.object({ S: z.string() }) }) });

export interface Asked {
  readonly action: string;
  readonly resource: string;
  /** The partition key of the item, where one is named. */
  readonly leadingKey?: string | undefined;
}

/** Whether these policies together allow what is asked. `*` at the end of a resource stands for anything. */
export function allows(policies: readonly Policy[], { action, resource, leadingKey }: Asked): boolean {
  return policies.some(({ Statement }) =>
    Statement.some(({ Action, Resource, Condition }) => {
      const keys = Condition?.['ForAllValues:StringLike']['dynamodb:LeadingKeys'];
      return (
        Action.includes(action) &&
        Resource.some((pattern) => covers(pattern, resource)) &&
        (keys === undefined || keys.some((pattern) => covers(pattern, leadingKey ?? '')))
      );
    }),
  );
}

function covers(pattern: string, resource: string): boolean {
  return pattern.endsWith('*') ? resource.startsWith(pattern.slice(0, -1)) : pattern === resource;
}

/** What a request of an AWS SDK asks for, in the words of IAM. */
export function askedBy(target: string | undefined, body: string): Asked[] {
  const [service = '', operation = ''] = (target ?? '').split('.');
  if (service.startsWith('DynamoDB')) {
    const asked: unknown = JSON.parse(body);
    return tablesIn(asked).map((table) => ({
      action: `dynamodb:${operation}`,
      resource: `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/${table}`,
      leadingKey: KEYED.safeParse(asked).data?.Key.pk.S,
    }));
  }
  if (service === 'secretsmanager') {
    const { SecretId } = z.object({ SecretId: z.string() }).parse(JSON.parse(body));
    return [{ action: `secretsmanager:${operation}`, resource: SecretId }];
  }
  const form = new URLSearchParams(body);
  return [{ action: `sns:${form.get('Action')}`, resource: form.get('TopicArn') ?? '' }];
}

function tablesIn(asked: unknown): string[] {
  if (!isObject(asked)) return [];
  const { TableName: table, IndexName: index, RequestItems: items } = asked;
  if (isObject(items)) return Object.keys(items);
  return [index === undefined ? String(table) : `${table}/index/${index}`];
}
