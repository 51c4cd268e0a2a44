import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { CACHINGS } from '../core/cache-control.ts';
import { PERIODS, type Period } from '../core/period.ts';
import { type Limit, type Scope, scopeId } from '../core/scope.ts';
import type { Project } from '../ports/directory.ts';
import { type Item, numberAttribute, text, textAttribute } from './attributes.ts';
import { key } from './table.ts';

/** The partition that lists the stage's projects. */
export const PROJECTS = key('projects');
/** Where the index lists the scopes with limits. */
export const LIMITS = key('limits');

export function stageKey(): Item {
  return itemKey(key('stage'));
}

export function projectKey(name: string): Item {
  return itemKey(key('project', name));
}

/** One item holds a scope's limits in all periods, so that a call reads eight of them and not thirty-two. */
export function scopeKey(scope: Scope): Item {
  return itemKey(`scope#${scopeId(scope)}`);
}

function itemKey(pk: string): Item {
  return { pk: textAttribute(pk), sk: textAttribute('rules') };
}

/**
 * The names of the attributes that carry a period's limit: the version outlives the removal of the amount, and the
 * mark tells which change made it.
 */
export function limitAttributes(period: Period) {
  const names = { amount: `amount_${period}`, version: `version_${period}` };
  return { ...names, shards: `shards_${period}`, mark: `mark_${period}` };
}

/** Reads a scope's limit of one period; `undefined` when none is set, or it was removed. */
export function limitOf(item: Item, period: Period): Limit | undefined {
  const names = limitAttributes(period);
  const amount = item[names.amount]?.N;
  if (amount === undefined) return undefined;
  const shards = item[names.shards];
  return {
    scope: scopeOf(item),
    period,
    amount: BigInt(amount),
    version: numberOf(item[names.version]),
    ...(shards !== undefined && { shards: numberOf(shards) }),
  };
}

export function limitsOf(item: Item): Limit[] {
  return PERIODS.flatMap((period) => limitOf(item, period) ?? []);
}

function scopeOf(item: Item): Scope {
  const parts = (['user', 'project', 'model'] as const).flatMap((part) => {
    const value = item[part]?.S;
    return value === undefined ? [] : [[part, value]];
  });
  return Object.fromEntries(parts);
}

/** Reads a project's item. */
export function projectOf(item: Item): Project {
  const caching = CACHINGS.find((known) => known === item['caching']?.S);
  const cacheSeconds = numberOf(item['cacheSeconds']);
  return {
    name: item['name']?.S ?? '',
    principals: textsOf(item['principals']),
    models: textsOf(item['models']),
    onDisconnect: item['onDisconnect']?.S === 'cancel' ? 'cancel' : 'drain',
    cacheGeneration: numberOf(item['cacheGeneration']),
    createdAt: numberOf(item['createdAt']),
    ...(caching !== undefined && { caching }),
    ...(cacheSeconds > 0 && { cacheSeconds }),
  };
}

/** A project's item, which the index lists by its name. */
/** What lists a project by its name. */
export function listingItem(name: string): Item {
  return { pk: textAttribute(PROJECTS), sk: textAttribute(key(name)), name: textAttribute(name) };
}

/** The key of the project that is listed. */
export function listedKey(listing: Item): Item {
  return projectKey(text(listing, 'name'));
}

/** A project's item, which the index lists by its name. */
export function projectItem(project: Project): Item {
  return {
    ...projectKey(project.name),
    name: textAttribute(project.name),
    principals: textsAttribute(project.principals),
    models: textsAttribute(project.models),
    onDisconnect: textAttribute(project.onDisconnect),
    cacheGeneration: numberAttribute(project.cacheGeneration),
    createdAt: numberAttribute(project.createdAt),
    ...(project.caching !== undefined && { caching: textAttribute(project.caching) }),
    ...(project.cacheSeconds !== undefined && { cacheSeconds: numberAttribute(project.cacheSeconds) }),
  };
}

export function textsAttribute(texts: readonly string[]): AttributeValue {
  return { L: texts.map(textAttribute) };
}

export function numberOf(value: AttributeValue | undefined): number {
  return Number(value?.N ?? 0);
}

function textsOf(value: AttributeValue | undefined): string[] {
  return (value?.L ?? []).flatMap((entry) => entry.S ?? []);
}

/** The `SET` clause for these attributes, with its names and values. */
export function assignments(attributes: Item) {
  const entries = Object.entries(attributes);
  return {
    UpdateExpression: `SET ${entries.map((_, index) => `#f${index} = :f${index}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(entries.map(([name], index) => [`#f${index}`, name])),
    ExpressionAttributeValues: Object.fromEntries(entries.map(([, value], index) => [`:f${index}`, value])),
  };
}
