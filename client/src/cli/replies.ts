import { isObject, type Json, type JsonObject } from '../admin.ts';

/** A member of a reply as a text; what is absent or `null` is `other`. */
export function textOf(object: JsonObject, name: string, other = ''): string {
  const value = object[name];
  return value === undefined || value === null ? other : String(value);
}

/** A member that counts; 0 where it is absent. */
export function countOf(object: JsonObject, name: string): number {
  const value = object[name];
  return typeof value === 'number' ? value : 0;
}

/** A member that is an object; an empty one where it is absent. */
export function objectOf(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

/** A member that is a list of objects. */
export function objectsOf(object: JsonObject, name: string): JsonObject[] {
  const value: Json | undefined = object[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A member that is a list of texts, as one text. */
export function listOf(object: JsonObject, name: string, other = ''): string {
  const value = object[name];
  return Array.isArray(value) && value.length > 0 ? value.join(', ') : other;
}
