import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { PERIODS, type Period } from '../core/period.ts';
import { type Limit, type Scope, scopeId } from '../core/scope.ts';
import type { Project } from '../ports/directory.ts';
import { key } from './table.ts';

export type Item = Record<string, AttributeValue>;
export interface TableKey {
  readonly pk: string;
  readonly sk: string;
}

/** Where the index lists the stage's projects, and its scopes with limits. */
export const PROJECTS = 'projects';
export const LIMITS = 'limits';

const SK = 'rules';

export function stageKey(): TableKey {
  return { pk: key('stage'), sk: SK };
}

export function projectKey(name: string): TableKey {
  return { pk: key('project', name), sk: SK };
}

/** One item holds a scope's limits in all periods, so that a call reads eight of them and not thirty-two. */
export function scopeKey(scope: Scope): TableKey {
  return { pk: `limits#${scopeId(scope)}`, sk: SK };
}

export function keyItem({ pk, sk }: TableKey): Item {
  return { pk: { S: pk }, sk: { S: sk } };
}

export function keyText(item: Item): string {
  return `${item['pk']?.S ?? ''} ${item['sk']?.S ?? ''}`;
}

/** The names of the attributes that carry a period's limit; the version outlives the removal of the amount. */
export function limitAttributes(period: Period): { amount: string; version: string } {
  return { amount: `amount_${period}`, version: `version_${period}` };
}

export function limitOf(item: Item, period: Period): Limit | undefined {
  const names = limitAttributes(period);
  const amount = item[names.amount]?.N;
  if (amount === undefined) return undefined;
  return { scope: scopeOf(item), period, amount: BigInt(amount), version: numberOf(item[names.version]) };
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

export function projectOf(item: Item): Project {
  return {
    name: item['name']?.S ?? '',
    principals: textsOf(item['principals']),
    models: textsOf(item['models']),
    onDisconnect: item['onDisconnect']?.S === 'cancel' ? 'cancel' : 'drain',
    cacheGeneration: numberOf(item['cacheGeneration']),
    createdAt: numberOf(item['createdAt']),
  };
}

export function projectItem(project: Project): Item {
  return {
    ...keyItem(projectKey(project.name)),
    lookupPk: { S: PROJECTS },
    lookupSk: { S: key(project.name) },
    name: { S: project.name },
    principals: textsAttribute(project.principals),
    models: textsAttribute(project.models),
    onDisconnect: { S: project.onDisconnect },
    cacheGeneration: { N: String(project.cacheGeneration) },
    createdAt: { N: String(project.createdAt) },
  };
}

export function textsAttribute(texts: readonly string[]): AttributeValue {
  return { L: texts.map((text) => ({ S: text })) };
}

export function numberOf(value: AttributeValue | undefined): number {
  return Number(value?.N ?? 0);
}

function textsOf(value: AttributeValue | undefined): string[] {
  return (value?.L ?? []).flatMap((entry) => entry.S ?? []);
}
