import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatedStage, startSimulatedStage } from '../support/simulated-stage.ts';
import { inProcess } from '../support/targets.ts';
import { sdk } from '../support/world.ts';
import { expectNotFound, startAttackStage } from './support/stage.ts';

let stage: SimulatedStage;
let project: string;
let mine: OpenAI;
let theirs: OpenAI;
beforeAll(async () => {
  stage = await startSimulatedStage();
  const target = inProcess(stage.world);
  project = await stage.world.project('500');
  mine = sdk(target, project);
  theirs = sdk(target, await stage.world.project('500'));
});
afterAll(() => stage.close());

const speak = (said: string) => ({
  model: 'gpt-audio',
  modalities: ['text' as const, 'audio' as const],
  audio: { voice: 'alloy', format: 'wav' as const },
  messages: [{ role: 'user' as const, content: said }],
  max_completion_tokens: 64,
});
const goOn = (client: OpenAI, id: string) =>
  client.chat.completions.create({
    ...speak('Hello'),
    messages: [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', audio: { id } },
      { role: 'user', content: 'Go on.' },
    ],
  });
const soundIn = ({ choices }: OpenAI.ChatCompletion, index = 0) => choices[index]?.message.audio?.id ?? '';

async function streamed(said: string): Promise<string> {
  let id = '';
  for await (const { choices } of await mine.chat.completions.create({ ...speak(said), stream: true })) {
    const delta = choices[0]?.delta as { audio?: { id?: string } } | undefined;
    id = delta?.audio?.id ?? id;
  }
  await stage.world.entries(project);
  return id;
}

describe('What an answer said is heard again in its own project alone', () => {
  const notFound = { status: 404, code: 'not_found', param: 'messages[1].audio.id' };
  const cases: [string, () => Promise<string>][] = [
    ['of an answer', async () => soundIn(await mine.chat.completions.create(speak('A')))],
    [
      'of an answer that is stored',
      async () => soundIn(await mine.chat.completions.create({ ...speak('B'), store: true })),
    ],
    [
      'of the second choice',
      async () => soundIn(await mine.chat.completions.create({ ...speak('C'), n: 2 }), 1),
    ],
    ['of a stream', () => streamed('D')],
    [
      'of an answer from the cache',
      async () => {
        await mine.chat.completions.create(speak('E'));
        await stage.world.entries(project);
        const { data, response } = await mine.chat.completions.create(speak('E')).withResponse();
        expect(response.headers.get('openai-proxy-cache')).toBe('hit');
        return soundIn(data);
      },
    ],
    [
      'of a stream from the cache',
      async () => {
        const first = await streamed('F');
        expect(await streamed('F')).toBe(first);
        return first;
      },
    ],
  ];

  it.each(cases)('%s', async (_name, say) => {
    const id = await say();
    expect(id).toMatch(/^audio_/);
    await expect(goOn(theirs, id)).rejects.toMatchObject(notFound);
    const heard = await goOn(mine, id);
    expect(heard.usage?.prompt_tokens_details?.audio_tokens).toBeGreaterThan(0);
  });

  it('and none that nobody said', async () => {
    await expect(goOn(mine, 'audio_made_up')).rejects.toMatchObject(notFound);
  });

  it('wherever a request names it, and in a batch as well', async () => {
    const attack = await startAttackStage();
    const audio = { id: 'audio_theirs' };
    const { attacker, victim, world, upstream } = attack;
    await world.deps.objects.own([{ ...audio, kind: 'audio', project: victim.project, user: 'user/victim' }]);
    const body = { model: 'gpt-audio', max_completion_tokens: 16 };
    for (const messages of [
      [{ role: 'assistant', audio }],
      [{ role: 'assistant', audio: { id: ['audio_theirs'] } }],
      [{ role: 'user', content: [{ type: 'input_audio', audio }] }],
      [{ role: 'assistant', content: 'a', metadata: { audio } }],
    ]) {
      await expectNotFound(await attacker.post('/chat/completions', { ...body, messages }));
    }
    await world.deps.objects.own([
      { id: 'file-lines', kind: 'file', project: attacker.project, user: 'user/developer' },
    ]);
    const request = { ...body, messages: [{ role: 'assistant', audio }] };
    const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: request };
    upstream.on('/files/file-lines/content', (_request, response) => void response.end(JSON.stringify(line)));
    const batch = { input_file_id: 'file-lines', endpoint: '/v1/chat/completions', completion_window: '24h' };
    await expectNotFound(await attacker.post('/batches', batch), 'messages[0].audio.id');
    await attack.close();
  });
});
