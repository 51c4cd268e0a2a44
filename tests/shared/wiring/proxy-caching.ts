import { expect } from 'vitest';
import { createApp } from '../../../functions/proxy/app.ts';
import { isGenuine } from '../../../shared/cache/claim.ts';
import { createSeal } from '../../../shared/cache/seal.ts';
import { wireProxy } from '../../../shared/wire.ts';
import { startMemcached } from '../../support/memcached.ts';
import { event, json, sse } from '../../support/scripted-upstream.ts';
import { CHAT, CHAT_PATH, later, question, timeoutsDuring } from '../../support/wired-functions.ts';
import { ODD_CACHE_SECRET } from '../../support/wired-stage.ts';
import { type Setting, setting } from './setting.ts';

export const CACHING_SETTINGS: readonly Setting[] = [
  setting(
    'proxy',
    'STAGE OPENAI_SECRET_ARN CACHE_WAIT_MS',
    'claims an answer under its own seal, for as long as others wait for it',
    async ({ answersTable, newProject, ask, gate, itemsOf }) => {
      const project = await newProject();
      const { asked, open } = gate();
      const before = Math.floor(Date.now() / 1_000);
      const answering = ask(project);
      await asked;
      const [claim, ...others] = await itemsOf(answersTable, 'claim.');
      expect(others).toEqual([]);
      const ttl = Number(claim?.['ttl']?.N) - before;
      expect(ttl).toBeGreaterThanOrEqual(59);
      expect(ttl).toBeLessThan(59 + 120);
      const name = claim?.['key']?.S?.slice('claim.'.length) ?? '';
      const proves = (stage: string) => {
        const seal = createSeal({ secret: ODD_CACHE_SECRET, stage });
        return isGenuine(seal, name, claim?.['data']?.B, Date.now(), 600);
      };
      expect([proves('odd-stage'), proves('dev')]).toEqual([true, false]);
      open();
      await answering;
    },
  ),

  setting(
    'proxy',
    'CACHE_TABLE CACHE_TTL_SECONDS',
    'keeps answers in the table, for so long, for every other of its kind',
    async ({ env, answersTable, newProject, ask, itemsOf }) => {
      const project = await newProject();
      const known = new Set((await itemsOf(answersTable, 'value.')).map(({ key }) => key?.S));
      const began = Math.floor(Date.now() / 1_000);
      expect((await ask(project)).cache).toBe('miss');
      const kept = (await itemsOf(answersTable, 'value.')).filter(({ key }) => !known.has(key?.S));
      expect(kept).toHaveLength(1);
      const ttl = Number(kept[0]?.['ttl']?.N) - began;
      expect(ttl).toBeGreaterThanOrEqual(777_777);
      expect(ttl).toBeLessThan(777_777 + 120);
      const app = createApp(wireProxy({ ...env, CACHE_TABLE: answersTable }));
      expect((await ask(project, { app })).cache).toBe('hit');
      // Older than that, it is not given, though the table still has it.
      later(777_900_000);
      await newProject('10', project);
      expect((await ask(project, { app })).cache).toBe('miss');
    },
  ),

  setting(
    'proxy',
    'CACHE_NODES CACHE_OPERATION_MS',
    'keeps answers in Memcached, for every other of its kind',
    async ({ env, newProject, ask }) => {
      const memcached = await startMemcached();
      const nodes = { CACHE_NODES: `${memcached.host}:${memcached.port}` };
      const [one, other] = [wireProxy({ ...env, ...nodes }), wireProxy({ ...env, ...nodes })];
      const project = await newProject();
      const { timers } = await timeoutsDuring(async () => {
        expect((await ask(project, { app: createApp(one) })).cache).toBe('miss');
      });
      expect(timers).toContain(9_876);
      expect((await ask(project, { app: createApp(other) })).cache).toBe('hit');
      await memcached.close();
    },
  ),

  setting(
    'proxy',
    'CACHE_IN_PROCESS',
    'keeps answers in the process where it is 1, and nowhere where it is 0',
    async ({ env, newProject, ask }) => {
      for (const [CACHE_IN_PROCESS, again] of [
        ['1', 'hit'],
        ['0', 'miss'],
      ] as const) {
        const create = () => createApp(wireProxy({ ...env, CACHE_IN_PROCESS }));
        const project = await newProject();
        const app = create();
        expect((await ask(project, { app })).cache).toBe('miss');
        expect((await ask(project, { app })).cache).toBe(again);
        expect((await ask(project, { app: create() })).cache).toBe('miss');
      }
    },
  ),

  setting(
    'proxy',
    'MAX_CACHED_BYTES',
    'keeps no larger answer, and a smaller one, whole or as a stream',
    async ({ newProject, ask, upstream }) => {
      const project = await newProject();
      const again = async (bytes: number, stream: boolean) => {
        const content = 'y'.repeat(bytes);
        const { usage, ...head } = CHAT;
        const message = { role: 'assistant', content };
        const whole = { ...CHAT, choices: [{ index: 0, finish_reason: 'stop', message }] };
        const chunks = [
          { choices: [{ index: 0, delta: { content }, finish_reason: null }] },
          { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
          { choices: [], usage },
        ].map((more) => event({ ...head, object: 'chat.completion.chunk', ...more }));
        const events = [...chunks, 'data: [DONE]\n\n'];
        upstream.on(CHAT_PATH, stream ? sse(events) : json(whole));
        const body = question({ stream, seed: bytes });
        await ask(project, { body });
        return (await ask(project, { body })).cache;
      };
      for (const stream of [false, true]) {
        expect(await again(1_000, stream)).toBe('hit');
        expect(await again(4_000, stream)).toBe('miss');
      }
    },
  ),
];
