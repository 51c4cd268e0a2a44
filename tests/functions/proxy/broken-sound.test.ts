import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { event, type Script, sse } from '../../support/scripted-upstream.ts';
import { functionUrl, inProcess } from '../../support/targets.ts';
import { makeWorld, type Target, type World } from '../../support/world.ts';
import { of, post } from './cases/fixtures.ts';

/*
 * Sound has no place for an error: a caller learns of it by a connection that breaks, and of nothing by one that ends.
 */

const WAYS: readonly (readonly [string, (world: World) => Target | Promise<Target>])[] = [
  ['in process', inProcess],
  ['through the local function URL', functionUrl],
];
const MINI = { model: 'gpt-4o-mini-tts', input: 'Ein Igel', voice: 'ash' };
const DELTA = event({ type: 'speech.audio.delta', audio: Buffer.alloc(5_000, 1).toString('base64') });
const DONE = event({
  type: 'speech.audio.done',
  usage: { input_tokens: 9, output_tokens: 30, total_tokens: 39 },
});

const cutSound: Script = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'audio/mpeg' });
  await new Promise((resolve) => response.write(Buffer.alloc(5_000), resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  response.destroy();
};

describe.each(WAYS)('sound %s', (_way, targetOf) => {
  let world: World;
  let target: Target;
  beforeAll(async () => {
    const clock = { now: () => Date.now() };
    world = await makeWorld({
      store: createMemoryLedgerStore(),
      directory: createMemoryDirectory(),
      cache: createMemoryCache({ clock }),
    });
    target = await targetOf(world);
  });
  afterAll(async () => {
    await target.close();
    await world.close();
  });

  it.each<[string, object, Script, object]>([
    ['breaks off', { model: 'tts-1' }, cutSound, { flags: ['broken'] }],
    ['breaks off in events', {}, sse([DELTA], 'reset'), { flags: ['broken'] }],
    ['ends before its usage', {}, sse([DELTA]), { flags: ['broken'] }],
    ['ends in mid-event', {}, sse([DELTA, DONE.slice(0, 30)]), { flags: ['broken'] }],
    [
      'is an error',
      {},
      sse([DELTA, event({ type: 'error', error: { message: 'm' } }, 'error')]),
      { flags: ['broken'] },
    ],
    [
      'is an error after its usage',
      {},
      sse([DELTA, DONE, event({ error: { message: 'm' } })]),
      { flags: [], cost: 365_400_000n },
    ],
  ])('that %s breaks the connection, and is not kept', async (_what, more, script, booked) => {
    world.upstream.on('/audio/speech', script);
    const project = await world.project('5');
    for (let time = 0; time < 2; time++) {
      const response = await post(target, '/v1/audio/speech', { ...MINI, ...more }, of(project));
      expect(response.status).toBe(200);
      expect(response.headers.get('openai-proxy-cache')).toBe('miss');
      await expect(response.arrayBuffer()).rejects.toThrow();
    }
    const [entry, again] = await world.entries(project);
    expect(entry?.outcome).toMatchObject({ cost: entry?.held, ...booked });
    expect(again?.outcome).toMatchObject({ cost: again?.held, ...booked });
  });
});
