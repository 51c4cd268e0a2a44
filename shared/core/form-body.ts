import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from './json.ts';
import type { FormPart } from './multipart.ts';
import { invalidRequest, type Refusal } from './refusal.ts';

/** How the fields of an endpoint's form read as JSON. Fields that are not named here are texts. */
export interface FormShape {
  readonly files: readonly string[];
  /** Those of the files that are audio, whose duration is looked for. */
  readonly audio?: readonly string[];
  readonly integers?: readonly string[];
  readonly numbers?: readonly string[];
  readonly booleans?: readonly string[];
}

/** A file of a form, as the rules of endpoints are told of it: in the place where its member would be in JSON. */
export interface FileFacts extends JsonObject {
  readonly bytes: number;
  readonly sha256: string;
  readonly content_type: string;
  /** Of its name, in lower case; empty where it has none. The name itself says nothing. */
  readonly extension: string;
}

/** The members of a form, in a wrapping of their own. */
export interface FormBody {
  readonly kind: 'json';
  readonly json: JsonObject;
}

/** As languages print a number, with all the digits that one of 64 bits needs. */
const DECIMAL = /^-?\d{1,15}(\.\d{1,30})?(e[+-]?\d{1,3})?$/i;

/** What is told of a file beside `FileFacts`. */
export type MoreFacts = (part: FormPart) => JsonObject;

/**
 * Reads a form as the JSON object that it stands for, so that one set of rules serves both: `a` is a member, `a[]` an
 * element of a list, `a[b]` a member of an object, and a file its facts. What two readers could take for two things is
 * refused: a field twice, a list and a member of one name, a number or a truth in an unusual spelling.
 *
 * @param more what is known of a file beside its facts
 */
export function formBody(
  parts: readonly FormPart[],
  shape: FormShape,
  more: MoreFacts = () => ({}),
): FormBody | Refusal {
  const members = new Map<string, Member>();
  for (const part of parts) {
    const [, name = '', inner] = /^(\w+)(?:\[(\w*)\])?$/.exec(part.name) ?? [];
    const value = valueIn(part, name, shape, more);
    if (value === undefined) return refuse(part.name, problemOf(part, name, shape));
    const member = members.get(name) ?? newMember(inner);
    members.set(name, member);
    if (!add(member, inner, value)) {
      return refuse(
        part.name,
        `it is given more than once; a list has the name ${name}[] for each of its values`,
      );
    }
  }
  return {
    kind: 'json',
    json: Object.fromEntries([...members].map(([name, member]) => [name, jsonOf(member)])),
  };
}

/** What one name stands for, while its parts come. */
type Member =
  | { readonly kind: 'value'; value: JsonValue | undefined }
  | { readonly kind: 'list'; readonly values: JsonValue[] }
  | { readonly kind: 'object'; readonly values: Map<string, JsonValue> };

/** @param inner what stands in the brackets of its name; absent where there are none */
function newMember(inner: string | undefined): Member {
  if (inner === undefined) return { kind: 'value', value: undefined };
  return inner === '' ? { kind: 'list', values: [] } : { kind: 'object', values: new Map() };
}

/** Adds a value; `false` where that is not the kind of member that it was, or the value is there already. */
function add(member: Member, inner: string | undefined, value: JsonValue): boolean {
  switch (member.kind) {
    case 'value':
      if (inner !== undefined || member.value !== undefined) return false;
      member.value = value;
      return true;
    case 'list':
      if (inner === '') member.values.push(value);
      return inner === '';
    case 'object':
      if (inner === undefined || inner === '' || member.values.has(inner)) return false;
      member.values.set(inner, value);
      return true;
  }
}

function jsonOf(member: Member): JsonValue | undefined {
  if (member.kind === 'value') return member.value;
  return member.kind === 'list' ? member.values : Object.fromEntries(member.values);
}

function valueIn(part: FormPart, name: string, shape: FormShape, more: MoreFacts): JsonValue | undefined {
  const isFile = part.filename !== undefined;
  if (isFile !== shape.files.includes(name)) return undefined;
  if (isFile) return { ...factsOf(part), ...more(part) };
  const text = decoded(part.bytes);
  if (text === undefined) return undefined;
  if (shape.integers?.includes(name)) return /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined;
  if (shape.numbers?.includes(name)) return DECIMAL.test(text) ? Number(text) : undefined;
  if (shape.booleans?.includes(name)) return { true: true, false: false }[text];
  return text;
}

function problemOf(part: FormPart, name: string, shape: FormShape): string {
  if (shape.files.includes(name))
    return 'it must be a file, which is a part with a filename: give the file a name';
  if (part.filename !== undefined) return 'it must be a field, which is a part without a filename';
  if (shape.integers?.includes(name)) return 'it must be a whole number in digits';
  if (shape.numbers?.includes(name)) return 'it must be a decimal number';
  if (shape.booleans?.includes(name)) return 'it must be true or false';
  return 'it must be text in UTF-8';
}

function factsOf({ filename = '', contentType = '', bytes }: FormPart): FileFacts {
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(filename)?.[1] ?? '';
  return {
    bytes: bytes.byteLength,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    content_type: contentType.toLowerCase(),
    extension: extension.toLowerCase(),
  };
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refuse(param: string, problem: string): Refusal {
  return invalidRequest('invalid_multipart', `The part ${param} cannot be read: ${problem}.`, { param });
}
