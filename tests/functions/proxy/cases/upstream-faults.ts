import { expect } from 'vitest';
import { json, sse } from '../../../support/scripted-upstream.ts';
import { sdk } from '../../../support/world.ts';
import {
  ask,
  CHAT,
  CHAT_STREAM,
  caught,
  eventually,
  type HttpCase,
  of,
  post,
  refusalOf,
} from './fixtures.ts';

export const UPSTREAM_FAULTS: readonly HttpCase[] = [
  {
    name: "OpenAI's errors pass untouched and are not charged",
    async run(world, target) {
      const project = await world.project('1');
      for (const status of [400, 401, 404, 429, 500, 503]) {
        const error = { error: { message: `m${status}`, type: 't', param: 'p', code: 'c' } };
        world.upstream.on(
          '/chat/completions',
          json(error, status, { 'retry-after': '7', 'x-should-retry': 'true' }),
        );
        const response = await post(
          target,
          '/v1/chat/completions',
          { ...ask(project), seed: status },
          of(project),
        );
        expect(response.status).toBe(status);
        expect(await response.json()).toEqual(error);
        expect(response.headers.get('retry-after')).toBe('7');
        expect(response.headers.get('openai-proxy-cost')).toBe('0');
      }
      const entries = await world.entries(project);
      expect(entries).toHaveLength(6);
      expect(entries.every(({ outcome }) => outcome?.cost === 0n)).toBe(true);
    },
  },
  {
    name: 'a stream that breaks off raises an error in the SDK, and is booked at its hold',
    async run(world, target) {
      world.upstream.on('/chat/completions', sse(CHAT_STREAM.slice(0, 2), 'reset'));
      const project = await world.project('1');
      const stream = await sdk(target, project).chat.completions.create({ ...ask(project), stream: true });
      const error = await caught(
        (async () => {
          for await (const _ of stream);
        })(),
      );
      expect(error.code).toBe('upstream_broken');
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: entry?.held, flags: ['broken'] });
    },
  },
  {
    name: 'a connection that breaks before the answer is a 502, booked at its hold',
    async run(world, target) {
      world.upstream.on('/chat/completions', (_request, response) => void response.destroy());
      const project = await world.project('1');
      const response = await post(target, '/v1/chat/completions', ask(project), of(project));
      expect(await refusalOf(response)).toMatchObject({ status: 502, code: 'upstream_unreachable' });
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: entry?.held, flags: ['upstream_lost'] });
    },
  },
  {
    name: 'an answer without usage is booked at its hold',
    async run(world, target) {
      world.upstream.on('/chat/completions', json({ ...CHAT, usage: undefined }));
      const project = await world.project('1');
      const response = await post(target, '/v1/chat/completions', ask(project), of(project));
      expect(response.status).toBe(200);
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: entry?.held, flags: ['no_usage'] });
    },
  },
  {
    name: 'more usage than the worst case is booked at its true cost and flagged',
    async run(world, target) {
      world.upstream.on(
        '/chat/completions',
        json({ ...CHAT, usage: { prompt_tokens: 90_000, completion_tokens: 0, total_tokens: 90_000 } }),
      );
      const project = await world.project('1');
      await post(target, '/v1/chat/completions', ask(project), of(project));
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: 225_000_000_000n, flags: ['over_hold'] });
      const alarms = () =>
        world.logs.filter(
          (line) => /"(?:alarm|message)":"over_hold"/.test(line) && line.includes(`${entry?.id}`),
        );
      await eventually(() => expect(alarms()).toHaveLength(1));
    },
  },
];
