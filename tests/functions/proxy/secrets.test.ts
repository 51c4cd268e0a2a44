import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { capturePrinted } from '../../support/printed.ts';
import { json } from '../../support/scripted-upstream.ts';
import type { Fetch } from '../../support/signed-fetch.ts';
import { functionUrl } from '../../support/targets.ts';
import { makeWorld, OPENAI_KEY, PRIVATE_TEXT, type Target, type World } from '../../support/world.ts';
import { ANSWERS } from './cases/answers.ts';
import { CACHING } from './cases/caching.ts';
import { ask, of, post } from './cases/fixtures.ts';
import { HOLDING } from './cases/holding.ts';
import { MEDIA } from './cases/media.ts';
import { OBJECTS } from './cases/objects.ts';
import { REFUSALS } from './cases/refusals.ts';
import { UPSTREAM_FAULTS } from './cases/upstream-faults.ts';

const CASES = [...ANSWERS, ...UPSTREAM_FAULTS, ...REFUSALS, ...CACHING, ...HOLDING, ...MEDIA, ...OBJECTS];

interface Reply {
  readonly status: number;
  readonly text: string;
}

describe('in a run of every case', () => {
  let world: World;
  let target: Target;
  const printed: string[] = [];
  const replies: (() => Promise<Reply>)[] = [];

  beforeAll(async () => {
    const clock = { now: () => Date.now() };
    world = await makeWorld(
      {
        store: createMemoryLedgerStore(),
        directory: createMemoryDirectory(),
        cache: createMemoryCache({ clock }),
      },
      { maxBodyBytes: 1_000_000 },
    );
    target = recording(await functionUrl(world), replies);
  });
  afterAll(async () => {
    await target.close();
    await world.close();
  });

  /** Runs a case, and keeps what is printed meanwhile past the log. */
  const run = async (each: () => Promise<void>) => {
    const restore = capturePrinted(printed);
    try {
      await each();
    } finally {
      restore();
    }
  };

  it.each(CASES.map((each) => [each.name, each] as const))('%s', (_, each) =>
    run(() => each.run(world, target)),
  );

  it('an upstream may quote the key that it was sent, as an error about a wrong key does', () =>
    run(async () => {
      const message = `Incorrect API key: ${OPENAI_KEY}`;
      world.upstream.on('/chat/completions', json({ error: { message } }, 401));
      const project = await world.project('1');
      await post(target, '/v1/chat/completions', ask(project), of(project));
      await world.entries(project);
    }));

  it('neither the OpenAI key nor a word of a prompt or an answer is in any log line', () => {
    const lines = [...world.logs, ...printed];
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter((line) => line.includes(OPENAI_KEY))).toEqual([]);
    expect(lines.filter((line) => line.includes(PRIVATE_TEXT))).toEqual([]);
  });

  it('the OpenAI key is in no reply', async () => {
    const all = await Promise.all(replies.map((read) => read()));
    expect(all.length).toBeGreaterThan(60);
    expect(all.filter(({ text }) => text.includes(OPENAI_KEY))).toEqual([]);
    expect(all.some(({ text }) => text.includes('Incorrect API key: [key]'))).toBe(true);
  });

  it('no error repeats a prompt or an answer', async () => {
    const errors = (await Promise.all(replies.map((read) => read()))).filter(({ status }) => status >= 400);
    expect(errors.length).toBeGreaterThan(30);
    expect(errors.filter(({ text }) => text.includes(PRIVATE_TEXT))).toEqual([]);
  });

  it('the key did reach the upstream, so the search could have found it', () => {
    expect(
      world.upstream.received.every(({ headers }) => headers.authorization === `Bearer ${OPENAI_KEY}`),
    ).toBe(true);
  });
});

function recording(target: Target, replies: (() => Promise<Reply>)[]): Target {
  return {
    ...target,
    fetchAs: (person): Fetch => {
      const fetch = target.fetchAs(person);
      return async (input, init) => {
        const response = await fetch(input, init);
        if (response.body === null) return response;
        const pieces: Uint8Array[] = [];
        const { status, headers } = response;
        const passed = new Response(copied(response.body, pieces), { status, headers });
        replies.push(async () => {
          // What the case did not read, nor leave, is read now.
          if (!passed.bodyUsed) await passed.arrayBuffer().catch(() => undefined);
          return { status, text: JSON.stringify([...headers]) + Buffer.concat(pieces).toString() };
        });
        return passed;
      };
    },
  };
}

/** Keeps what passes. */
function copied(body: ReadableStream<Uint8Array>, pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await reader.read();
      if (next.done) return controller.close();
      pieces.push(next.value);
      controller.enqueue(next.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
