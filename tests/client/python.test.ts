import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from '../../local/services.ts';
import { type AwsFront, startAwsFront } from '../support/aws-front.ts';
import { useClientStack } from '../support/client-stack.ts';
import { pythonWith } from '../support/python.ts';

const run = promisify(execFile);
const { stack } = useClientStack();
const NO_PYTHON = 'no Python here, or PyPI cannot be reached: this says nothing about Python';

const newest = () => pythonWith('farebox-python-signed', ['openai', 'boto3'], ['openai', 'boto3']);
const withWrapper = () =>
  pythonWith('farebox-python-wrapi', ['openai-wrapi==0.1.8', 'openai==2.33.0'], ['openai_wrapi', 'openai']);

/** Runs a program as somebody would who has read `.local/env` into the shell. */
async function python(binary: string, program: string, env: Readonly<Record<string, string>> = {}) {
  const script = `. '${stack().state.environmentFile}'; exec '${binary}' -c "$PROGRAM"`;
  const plain = { PATH: process.env['PATH'], HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };
  const { stdout } = await run('bash', ['-euc', script], { env: { ...plain, ...env, PROGRAM: program } });
  return stdout.trim().split('\n');
}

const SET_LIMIT = `
import boto3, json
payload = json.dumps({"project": "my-project", "user": "*", "model": "*", "limit": 5})
boto3.client("lambda").invoke(FunctionName="openai-admin-dev", Payload=payload)
`;

describe('the openai package of Python, signed by what docs/migrating.md shows', () => {
  const page = readFileSync(new URL('../../docs/migrating.md', import.meta.url), 'utf8');
  const recipe = /^```python\n(.*?)^```$/ms.exec(page)?.[1] ?? '';

  it.for<[string, () => string | undefined]>([
    ['of today', newest],
    ['of 2.33, on the older httpx,', withWrapper],
  ])('%s answers, streams, sends forms and runs async, without Node', async ([, find], { skip }) => {
    const binary = find();
    if (binary === undefined) return skip(NO_PYTHON);
    const program = `${SET_LIMIT}${recipe}
import asyncio, io, wave
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
question = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Why is the sea salt?"}]}
print(client.chat.completions.create(**question).object)
print(len(list(client.chat.completions.create(stream=True, **question))) > 2)
print(len(client.embeddings.create(model="text-embedding-3-small", input="toll").data[0].embedding))
sound = io.BytesIO()
with wave.open(sound, "wb") as file:
    file.setparams((1, 2, 8000, 0, "NONE", ""))
    file.writeframes(bytes(16000))
print(type(client.audio.transcriptions.create(model="whisper-1", file=("a.wav", sound.getvalue()))).__name__)
print(client.models.list(extra_query={"a": ["c/d", "e=f&g"], "b[]": "h i+j"}).object)
async def ask():
    signed = AsyncOpenAI(api_key="none", project="my-project", http_client=DefaultAsyncHttpxClient(auth=sign))
    return await signed.chat.completions.create(**question)
print(asyncio.run(ask()).object)
`;
    const answers = ['chat.completion', 'True', '1536', 'Transcription', 'list', 'chat.completion'];
    const url = { OPENAI_BASE_URL: `${stack().info.stages.dev.proxyUrl}/v1` };
    expect(await python(binary, program, url)).toEqual(answers);
    const temporary = program.slice(SET_LIMIT.length).replace('Session()', 'Session(profile_name="carol")');
    expect(await python(binary, temporary, url)).toEqual(answers);
  });
});

describe('openai-wrapi itself, unmodified', () => {
  let binary: string | undefined;
  beforeAll(async () => {
    binary = withWrapper();
    if (binary === undefined || !isInstalled('openssl')) return;
    const front: AwsFront = await startAwsFront(
      stack().info.stages.dev.proxyUrl,
      Object.values(stack().principals),
    );
    env = front.env;
    return front.stop;
  });
  let env: AwsFront['env'] | undefined;

  it('sets limits, calls, streams, embeds, runs async, turns the cache off and flushes it', async ({
    skip,
  }) => {
    if (binary === undefined || env === undefined) return skip(`${NO_PYTHON} (or openssl is missing)`);
    const program = `
import asyncio
import openai_wrapi as openai
openai.set_limit(limit=100 / 12, staging="dev", project="hello")
openai.set_project("hello")
question = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Why is the sea salt?"}]}
print(openai.chat.completions.create(**question).object)
print(len(list(openai.chat.completions.create(stream=True, **question))) > 2)
openai.set_caching(False)
raw = openai.chat.completions.with_raw_response.create(**question)
print(raw.headers["openai-proxy-cache"])
client = openai.OpenAI(project="hello", staging="dev", caching=True)
print(len(client.embeddings.create(model="text-embedding-3-small", input="toll").data[0].embedding))
async def ask():
    return await openai.AsyncOpenAI(project="hello").chat.completions.create(**question)
print(asyncio.run(ask()).object)
openai.flush_cache(staging="dev")
openai.set_staging("prod")
try:
    openai.chat.completions.create(**question)
except openai.BadRequestError as error:
    print(error.code)
try:
    openai.set_limit(limit=-1, staging="dev", project="hello")
except Exception as error:
    print(error)
`;
    const key = { OPENAI_API_KEY: 'sk-dev' };
    const printed = await python(binary, program, { ...env, ...key });
    const refused = expect.stringContaining('must not be negative');
    const answers = ['chat.completion', 'True', 'bypass', '1536', 'chat.completion', 'wrong_stage', refused];
    expect(printed).toEqual(answers);
  });
});
