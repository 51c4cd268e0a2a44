import { readdirSync, readFileSync } from 'node:fs';

const resources = new URL('./resources/', import.meta.resolve('openai'));

/** `export type ChatModel = 'a' | 'b';` and `model: (string & {}) | 'a' | 'b';` in the declarations of `openai`. */
const UNION = /(?:export type (\w*Models?) =|\bmodel\??:) ([^;{}]*(?:\{\}[^;{}]*)?);/g;
/** Its `model` is the version of a voice, no model of the API. */
const NOT_OF_MODELS = 'audio/voices.d.ts';
const LITERAL = /'([^']+)'/g;

/** The model ids in the types of the installed `openai` package, by the type (or the file, for fields) they stand in. */
export function sdkModels(): Map<string, readonly string[]> {
  const unions = new Map<string, readonly string[]>();
  const files = readdirSync(resources, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.d.ts') && name !== NOT_OF_MODELS)) {
    for (const [, type = file, members = ''] of readFileSync(new URL(file, resources), 'utf8').matchAll(
      UNION,
    )) {
      const models = [...members.matchAll(LITERAL)].flatMap(([, model = '']) => [model]);
      unions.set(type, [...(unions.get(type) ?? []), ...models]);
    }
  }
  return unions;
}
