import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REQUEST_MEMBERS } from '../../../../shared/core/endpoints/request-members.ts';
import { responses } from '../../../../shared/core/endpoints/responses.ts';

const resources = new URL('../../../../node_modules/openai/resources/', import.meta.url);
const typesOf = (file: string) => readFileSync(new URL(file, resources), 'utf8');

/** The members of an interface of OpenAI's SDK. */
function membersOf(file: string, name: string): string[] {
  const source = typesOf(file).replace(/\/\*\*[\s\S]*?\*\//g, '');
  const [, body] = new RegExp(`^export interface ${name} \\{$([\\s\\S]*?)^\\}$`, 'm').exec(source) ?? [];
  if (body === undefined) throw new Error(`The SDK has no ${name} in ${file}`);
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, member]) => String(member));
}

test.each([
  ['chatCompletions', 'chat/completions/completions.d.ts', 'ChatCompletionCreateParamsBase'],
  ['responses', 'responses/responses.d.ts', 'ResponseCreateParamsBase'],
  ['completions', 'completions.d.ts', 'CompletionCreateParamsBase'],
  ['embeddings', 'embeddings.d.ts', 'EmbeddingCreateParams'],
  ['speech', 'audio/speech.d.ts', 'SpeechCreateParams'],
  ['transcriptions', 'audio/transcriptions.d.ts', 'TranscriptionCreateParamsBase<.*>'],
  ['translations', 'audio/translations.d.ts', 'TranslationCreateParams<.*>'],
  ['imageGenerations', 'images.d.ts', 'ImageGenerateParamsBase'],
  ['decisions', 'decisions.d.ts', 'DecisionCreateParams'],
  ['compact', 'responses/responses.d.ts', 'ResponseCompactParams'],
] as const)("%s knows the members that OpenAI's SDK knows, and no others", (endpoint, file, name) => {
  expect([...REQUEST_MEMBERS[endpoint]].sort()).toEqual(membersOf(file, name).sort());
});

test("edits of images know the members of OpenAI's SDK, and of its JSON form", () => {
  const known = [...membersOf('images.d.ts', 'ImageEditParamsBase'), 'images', 'moderation'];
  expect([...REQUEST_MEMBERS.imageEdits].sort()).toEqual(known.sort());
});

test("the web search tools that are served are those of OpenAI's SDK", () => {
  const dated = typesOf('responses/responses.d.ts').matchAll(
    /'(web_search(?:_preview)?(?:_\d{4}_\d\d_\d\d)?)'/g,
  );
  const types = [...new Set([...dated].map(([, type]) => String(type)))];
  expect(types.length).toBeGreaterThan(3);
  const served = (type: string) =>
    responses.check({ model: 'm', input: 'x', tools: [{ type }] }) === undefined;
  expect(types.filter((type) => !served(type))).toEqual([]);
  expect(served('web_search_2030_01_01')).toBe(false);
});
