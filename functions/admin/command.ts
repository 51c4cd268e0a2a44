import * as z from 'zod';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import type { AdminDeps } from './deps.ts';

/** One command of the admin function. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** A payload that works, `command` included. */
  readonly example: JsonObject;
  readonly fields: readonly string[];
  /** Its fields as a JSON Schema, from which the command line makes its options. */
  readonly parameters: () => JsonObject;
  /** It changes something, and so is entered in the trail. */
  readonly changes: boolean;
  /** Checks the payload (without its `command`) and carries the command out. Throws `Unavailable`. */
  readonly run: (payload: JsonObject, deps: AdminDeps) => Promise<JsonObject | Refusal>;
}

interface Definition<Fields extends z.ZodRawShape> {
  readonly name: string;
  readonly summary: string;
  /** The fields of a payload that works. */
  readonly example: JsonObject;
  readonly schema: z.ZodObject<Fields, z.core.$strict>;
  readonly changes?: true;
  readonly run: (
    fields: z.output<z.ZodObject<Fields, z.core.$strict>>,
    deps: AdminDeps,
  ) => Promise<JsonObject | Refusal>;
}

/** Makes a command of its fields and of what it does with them once they are known to be right. */
export function defineCommand<Fields extends z.ZodRawShape>(definition: Definition<Fields>): Command {
  const { name, summary, schema } = definition;
  const example = { command: name, ...definition.example };
  return {
    name,
    summary,
    example,
    fields: Object.keys(schema.shape),
    parameters: () => parametersOf(schema),
    changes: definition.changes === true,
    async run(payload, deps) {
      const checked = checkFields(schema, payload, name, example);
      return isRefusal(checked) ? checked : definition.run(checked.fields, deps);
    },
  };
}

/** What is refined or transformed cannot be said in JSON Schema: it is checked when it comes. */
function parametersOf(schema: z.ZodObject): JsonObject {
  return JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })));
}

/**
 * Checks a payload against its schema.
 *
 * @param name what the payload is for, in the words of the error
 * @param example a payload that works, shown in the error
 * @returns the fields, or a refusal that names everything that is wrong
 */
export function checkFields<Fields extends z.ZodRawShape>(
  schema: z.ZodObject<Fields, z.core.$strict>,
  payload: JsonObject,
  name: string,
  example: JsonObject,
): { kind: 'fields'; fields: z.output<z.ZodObject<Fields, z.core.$strict>> } | Refusal {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return { kind: 'fields', fields: parsed.data };
  const known = Object.keys(schema.shape);
  const problems = parsed.error.issues.map((issue) => problem(issue, payload, known));
  const message = `${name}: ${problems.join('; ')}. Example: ${JSON.stringify(example)}`;
  const param = parsed.error.issues.map(fieldOf).find((field) => field !== undefined);
  return invalidRequest('invalid_field', message, param === undefined ? {} : { param });
}

function problem(issue: z.core.$ZodIssue, payload: JsonObject, known: readonly string[]): string {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    const fields = known.length === 0 ? 'it has none' : `its fields are ${known.join(', ')}`;
    return `unknown field ${names} (${fields})`;
  }
  const field = fieldOf(issue);
  if (field === undefined) return issue.message;
  if (payload[field] === undefined && issue.code === 'invalid_type') return `"${field}" is missing`;
  return `"${field}": ${issue.message}`;
}

function fieldOf(issue: z.core.$ZodIssue): string | undefined {
  const [field] = issue.code === 'unrecognized_keys' ? issue.keys : issue.path;
  return field === undefined ? undefined : String(field);
}

/** The payload as an object of JSON, or a refusal. */
export function asPayload(payload: unknown): JsonObject | Refusal {
  if (isObject(payload)) return payload;
  return invalidRequest(
    'invalid_payload',
    'The payload must be a JSON object such as {"command":"help"}, which lists every command.',
  );
}
