import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { scopesOf } from '../core/scope.ts';
import type { Directory } from '../ports/directory.ts';
import { readItems } from './directory-access.ts';
import * as items from './directory-items.ts';
import { createLimitRules } from './directory-limits.ts';
import { createProjectRules } from './directory-projects.ts';

/**
 * The rules of a stage in its table. Each write is one update of one item, and DynamoDB applies two of them one
 * after the other: admins who act at the same time never lose each other's change. A call's rules are one read of
 * ten items. Every method throws `Unavailable` as the client does.
 */
export function createDynamoDbDirectory(client: DynamoDBClient, tableName: string): Directory {
  const stageAt = items.stageKey();
  return {
    ...createLimitRules(client, tableName),
    ...createProjectRules(client, tableName),
    async rules(subject) {
      const projectAt = items.projectKey(subject.project);
      const scopesAt = scopesOf(subject).map(items.scopeKey);
      const found = await readItems(client, tableName, [stageAt, projectAt, ...scopesAt].map(items.keyItem));
      const byPk = new Map(found.map((item) => [item['pk']?.S, item]));
      const project = byPk.get(projectAt.pk);
      return {
        cacheGeneration: items.numberOf(byPk.get(stageAt.pk)?.['cacheGeneration']),
        limits: scopesAt.flatMap(({ pk }) => items.limitsOf(byPk.get(pk) ?? {})),
        ...(project === undefined ? {} : { project: items.projectOf(project) }),
      };
    },
  };
}
