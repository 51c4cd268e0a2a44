import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { scopesOf } from '../core/scope.ts';
import type { Directory } from '../ports/directory.ts';
import type { Item } from './attributes.ts';
import { keyText, readItems } from './batch-read.ts';
import { limitsOf, numberOf, projectKey, projectOf, scopeKey, stageKey } from './directory-items.ts';
import { createLimitRules } from './directory-limits.ts';
import { createProjectRules } from './directory-projects.ts';
import { createItemAccess } from './item-access.ts';

/**
 * The rules of a stage in its table. Each write is one update of one item, and DynamoDB applies two of them one
 * after the other: admins who act at the same time never lose each other's change. A call's rules are one read of
 * ten items, or fourteen for a caller with capitals in its name. Every method throws `Unavailable` as the client does.
 */
export function createDynamoDbDirectory(client: DynamoDBClient, tableName: string): Directory {
  const table = createItemAccess(client, tableName);
  const read = (keys: readonly Item[]) => readItems(client, tableName, keys);
  return {
    ...createLimitRules(table),
    ...createProjectRules(table, read),
    async rules(subject) {
      const projectAt = projectKey(subject.project);
      const scopesAt = scopesOf(subject).map(scopeKey);
      const found = await read([stageKey(), projectAt, ...scopesAt]);
      const byKey = new Map(found.map((item) => [keyText(item), item]));
      const project = byKey.get(keyText(projectAt));
      return {
        cacheGeneration: numberOf(byKey.get(keyText(stageKey()))?.['cacheGeneration']),
        limits: scopesAt.flatMap((at) => limitsOf(byKey.get(keyText(at)) ?? {})),
        ...(project === undefined ? {} : { project: projectOf(project) }),
      };
    },
  };
}
