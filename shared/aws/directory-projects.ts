import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Directory, ProjectChange } from '../ports/directory.ts';
import { assignments, readItems, readListed, updateItem } from './directory-access.ts';
import * as items from './directory-items.ts';

type ProjectRules = Pick<Directory, 'project' | 'createProject' | 'changeProject' | 'projects' | 'flush'>;

const RAISE_GENERATION = {
  UpdateExpression: 'ADD cacheGeneration :one',
  ExpressionAttributeValues: { ':one': { N: '1' } },
};
const EXISTS = { ConditionExpression: 'attribute_exists(pk)' };

/** The projects of a stage in its table, one item each, and the stage's own item. */
export function createProjectRules(client: DynamoDBClient, table: string): ProjectRules {
  async function project(name: string) {
    const [item] = await readItems(client, table, [items.keyItem(items.projectKey(name))]);
    return item === undefined ? undefined : items.projectOf(item);
  }

  return {
    project,

    async createProject(created) {
      const put = { TableName: table, Item: items.projectItem(created) };
      try {
        await client.send(new PutItemCommand({ ...put, ConditionExpression: 'attribute_not_exists(pk)' }));
        return 'created';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'exists';
        throw error;
      }
    },

    async changeProject(name, change) {
      const set = setting(change);
      if (set === undefined) return project(name);
      const item = await updateItem(client, table, items.projectKey(name), { ...set, ...EXISTS });
      return item === undefined ? undefined : items.projectOf(item);
    },

    async *projects() {
      for await (const item of readListed(client, table, items.PROJECTS)) yield items.projectOf(item);
    },

    async flush(name) {
      if (name === undefined)
        return (await updateItem(client, table, items.stageKey(), RAISE_GENERATION)) !== undefined;
      const raised = await updateItem(client, table, items.projectKey(name), {
        ...RAISE_GENERATION,
        ...EXISTS,
      });
      return raised !== undefined;
    },
  };
}

/** Only the named fields are written, so that a change of one never undoes somebody's change of another. */
function setting({
  principals,
  models,
  onDisconnect,
}: ProjectChange): Partial<UpdateItemCommandInput> | undefined {
  const attributes = {
    ...(principals === undefined ? {} : { principals: items.textsAttribute(principals) }),
    ...(models === undefined ? {} : { models: items.textsAttribute(models) }),
    ...(onDisconnect === undefined ? {} : { onDisconnect: { S: onDisconnect } }),
  };
  return Object.keys(attributes).length === 0 ? undefined : assignments(attributes);
}
