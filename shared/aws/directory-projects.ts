import type { Directory, ProjectChange } from '../ports/directory.ts';
import { type Item, numberAttribute, textAttribute } from './attributes.ts';
import {
  assignments,
  listedKey,
  listingItem,
  PROJECTS,
  projectItem,
  projectKey,
  projectOf,
  stageKey,
  textsAttribute,
} from './directory-items.ts';
import type { Change, ItemAccess } from './item-access.ts';

type ProjectRules = Pick<Directory, 'project' | 'createProject' | 'changeProject' | 'projects' | 'flush'>;

const RAISE_GENERATION = {
  UpdateExpression: 'ADD cacheGeneration :one',
  ExpressionAttributeValues: { ':one': numberAttribute(1) },
};
/** As many as one BatchGetItem may ask for. */
const READ_TOGETHER = 100;
const EXISTS = { ConditionExpression: 'attribute_exists(pk)' };

/**
 * The projects of a stage in its table, one item each, and the stage's own item.
 *
 * Their names are listed in a partition of their own, and not in the index, which lags: a limit on the whole stage
 * counts what every project has spent, the newest too. A name is listed before its project is created, so that none
 * is ever missing; one whose creation failed is passed over.
 *
 * @param read reads items by their keys, consistently
 */
export function createProjectRules(
  table: ItemAccess,
  read: (keys: readonly Item[]) => Promise<Item[]>,
): ProjectRules {
  async function project(name: string) {
    const item = await table.get(projectKey(name));
    return item === undefined ? undefined : projectOf(item);
  }

  return {
    project,

    async createProject(created) {
      await table.create(listingItem(created.name));
      return table.create(projectItem(created));
    },

    async changeProject(name, change) {
      const set = setting(change);
      if (set === undefined) return project(name);
      const changed = await table.change(projectKey(name), { ...set, ...EXISTS, ReturnValues: 'ALL_NEW' });
      return changed.kind === 'made' ? projectOf(changed.attributes) : undefined;
    },

    async *projects() {
      for await (const items of batches(table.query({ pk: PROJECTS }), READ_TOGETHER))
        for (const item of await read(items.map(listedKey))) yield projectOf(item);
    },

    async flush(name) {
      const flushed =
        name === undefined
          ? await table.change(stageKey(), RAISE_GENERATION)
          : await table.change(projectKey(name), { ...RAISE_GENERATION, ...EXISTS });
      return flushed.kind === 'made';
    },
  };
}

async function* batches<T>(values: AsyncIterable<T>, size: number): AsyncIterable<T[]> {
  let batch: T[] = [];
  for await (const value of values) {
    batch.push(value);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Only the named fields are written, so that a change of one never undoes somebody's change of another. */
function setting({
  principals,
  models,
  onDisconnect,
  caching,
  cacheSeconds,
}: ProjectChange): Change | undefined {
  const attributes = {
    ...(principals === undefined ? {} : { principals: textsAttribute(principals) }),
    ...(models === undefined ? {} : { models: textsAttribute(models) }),
    ...(onDisconnect === undefined ? {} : { onDisconnect: textAttribute(onDisconnect) }),
    ...(caching === undefined ? {} : { caching: textAttribute(caching) }),
    ...(cacheSeconds === undefined ? {} : { cacheSeconds: numberAttribute(cacheSeconds) }),
  };
  return Object.keys(attributes).length === 0 ? undefined : assignments(attributes);
}
