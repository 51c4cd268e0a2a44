import { parseArgs } from 'node:util';
import type { Command } from 'commander';
import { isObject, type Json, type JsonObject } from '../../admin.ts';
import { type Context, Exit } from '../context.ts';
import { listOf, objectOf, objectsOf, textOf } from '../replies.ts';
import { table } from '../table.ts';
import { type Bind, several } from './options.ts';

const USAGE_ERROR = 2;

/** `admin`: any command of the admin function, as the stage itself describes it. */
export function addAdmin(program: Command, bind: Bind): void {
  program
    .command('admin')
    .argument('[command]', 'such as set-limit; without it the stage lists what it has')
    .argument('[fields...]', 'its fields, such as --project demo --limit 2.50')
    .description('Run any command of the admin function, as the stage describes it')
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nA field of several values takes commas. Without fields, a command that needs some is described.',
    )
    .action(bind(run));
}

async function run(context: Context, _: object, ...args: string[]): Promise<void> {
  const [name, ...fields] = args.flat();
  const help = await context.ask({ command: 'help' });
  const commands = objectsOf(help, 'commands');
  if (name === undefined && context.json) return context.print(JSON.stringify(help, null, 2));
  if (name === undefined) return list(context, commands);
  const command = commands.find((known) => known['name'] === name);
  if (command === undefined)
    return wrong(context, `There is no command ${name}. "farebox admin" lists them.`);
  const payload = payloadOf(fields, command);
  if (typeof payload === 'string') return wrong(context, `${payload}\n\n${describe(command)}`);
  const required = objectOf(command, 'parameters')['required'];
  const missing = (Array.isArray(required) ? required : []).filter((field) => !(String(field) in payload));
  if (fields.length === 0 && missing.length > 0) return context.print(describe(command));
  const reply = await context.ask({ command: name, ...payload }, `${name} in ${context.staging}`);
  context.print(JSON.stringify(reply, null, 2));
}

function list(context: Context, commands: readonly JsonObject[]): void {
  const columns = [
    { head: 'COMMAND', value: (command: JsonObject) => textOf(command, 'name') },
    { head: 'FIELDS', value: (command: JsonObject) => listOf(command, 'fields') },
  ];
  context.print(...table(columns, commands, context.paint), '', 'farebox admin COMMAND describes one.');
}

function describe(command: JsonObject): string {
  const properties = objectOf(objectOf(command, 'parameters'), 'properties');
  const rows = Object.entries(properties).map(([field, schema]) => ({
    field,
    schema: isObject(schema) ? schema : {},
  }));
  const lines = table(
    [
      { head: 'FIELD', value: ({ field }) => `--${dashed(field)}` },
      { head: 'VALUE', value: ({ schema }) => kindOf(schema) },
      { head: 'WITHOUT IT', value: ({ schema }) => textOf(schema, 'default') },
    ],
    rows,
    (_, text) => text,
  );
  const example = JSON.stringify(command['example']);
  return [
    `${textOf(command, 'name')}: ${textOf(command, 'summary')}`,
    '',
    ...lines,
    '',
    `As a payload: ${example}`,
  ].join('\n');
}

function kindOf(schema: JsonObject): string {
  const among = listOf(schema, 'enum', listOf(objectOf(schema, 'items'), 'enum'));
  if (among !== '') return among.replaceAll(', ', ' | ');
  const type = Array.isArray(schema['type']) ? listOf(schema, 'type') : textOf(schema, 'type', 'text');
  return type === 'array' ? 'texts, with commas' : type === 'object' ? 'JSON' : type;
}

/** The fields as options, read as the stage describes them; a text says what is wrong with them. */
function payloadOf(fields: readonly string[], command: JsonObject): Record<string, Json> | string {
  const properties = Object.entries(objectOf(objectOf(command, 'parameters'), 'properties'));
  const schemas = properties.map(([field, schema]) => [field, isObject(schema) ? schema : {}] as const);
  const options = Object.fromEntries(schemas.map(([field, schema]) => [dashed(field), optionOf(schema)]));
  try {
    const args = fields.map((arg) => (arg.startsWith('--') ? arg.replace(/^--[^=]*/, dashed) : arg));
    const { values } = parseArgs({ args, options, strict: true, allowNegative: true });
    return Object.fromEntries(
      schemas.flatMap(([field, schema]) => {
        const value = values[dashed(field)];
        return value === undefined ? [] : [[field, jsonOf(value, schema)]];
      }),
    );
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function dashed(name: string): string {
  return name.replaceAll('_', '-');
}

function optionOf(schema: JsonObject): { type: 'string' | 'boolean'; multiple: boolean } {
  const type = textOf(schema, 'type');
  return { type: type === 'boolean' ? 'boolean' : 'string', multiple: type === 'array' };
}

/** A number where a number is wanted, and JSON where an object is; what is no number goes as it is, for the stage to say so. */
function jsonOf(value: string | boolean | (string | boolean)[], schema: JsonObject): Json {
  if (Array.isArray(value)) return value.flatMap((part) => several(String(part)));
  if (typeof value === 'boolean') return value;
  if (schema['type'] === 'object') return JSON.parse(value);
  return schema['type'] === 'integer' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}

function wrong(context: Context, message: string): never {
  context.terminal.err.write(`${message}\n`);
  throw new Exit(USAGE_ERROR);
}
