import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../../functions/proxy/app.ts';
import type { AppDeps } from '../../functions/proxy/deps.ts';
import { ONE_USD } from '../../shared/core/money.ts';
import { createLimits } from '../../shared/ledger/limits.ts';
import { createMemoryCache } from '../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import { ask, CHAT, caught, of, post, refusalOf } from '../functions/proxy/cases/fixtures.ts';
import { json } from '../support/scripted-upstream.ts';
import { inProcess } from '../support/targets.ts';
import { makeWorld, type Target, type World } from '../support/world.ts';

/** What `ask` may cost: its worst case is about $0.003. */
const ONE_CALL_USD = '0.005';

let open: World | undefined;
afterEach(() => open?.close());

async function world(holdWaitMs: number): Promise<World> {
  const clock = { now: () => Date.now() };
  open = await makeWorld(
    {
      store: createMemoryLedgerStore(),
      directory: createMemoryDirectory(),
      cache: createMemoryCache({ clock }),
    },
    { holdWaitMs },
  );
  return open;
}

/** The SDK as people use it, its default retries included, and how it was answered. */
function patientSdk(made: World, project: string, onReply: (status: number) => void = () => {}) {
  const statuses: number[] = [];
  const fetch = inProcess(made).fetchAs('developer');
  const client = new OpenAI({
    apiKey: 'unused',
    baseURL: 'https://farebox.test/v1',
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      statuses.push(response.status);
      onReply(response.status);
      return response;
    },
    defaultHeaders: { 'openai-proxy-project': project, 'openai-proxy-caching': '0' },
  });
  return { client, statuses };
}

/** Far below its worst case, at $0.00075. */
const CHEAP = {
  ...CHAT,
  usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
};

/** An upstream that keeps its answers until the gate opens. */
function gatedUpstream(made: World, answer: object = CHEAP) {
  const gate = Promise.withResolvers<void>();
  made.upstream.on('/chat/completions', async (request, response) => {
    await gate.promise;
    await json(answer)(request, response);
  });
  return gate;
}

function call(made: World, project: string, target: Target = inProcess(made)) {
  return post(target, '/v1/chat/completions', ask(project), of(project, { 'openai-proxy-caching': '0' }));
}

async function inFlight(made: World, calls: number): Promise<void> {
  await expect.poll(() => made.upstream.received.length).toBe(calls);
}

/** The same proxy, with what it asks of the ledger and how long it sleeps written down. */
function watched(made: World) {
  const seen = { holds: 0, looks: 0, slept: [] as number[] };
  const deps: AppDeps = {
    ...made.deps,
    ledger: {
      ...made.deps.ledger,
      hold: (...args) => {
        seen.holds += 1;
        return made.deps.ledger.hold(...args);
      },
      room: (...args) => {
        seen.looks += 1;
        return made.deps.ledger.room(...args);
      },
    },
    sleep: (milliseconds) => {
      seen.slept.push(milliseconds);
      return made.deps.sleep(milliseconds);
    },
  };
  return { seen, target: inProcess({ ...made, app: createApp(deps) }) };
}

/** A project whose whole limit one call in flight holds, until the gate lets its answer through. */
async function heldByOne(holdWaitMs: number, { answer = CHEAP as object, shards = 1 } = {}) {
  const made = await world(holdWaitMs);
  const gate = gatedUpstream(made, answer);
  const project = await made.project();
  await made.limit({ project }, ONE_CALL_USD, shards);
  const first = call(made, project);
  await inFlight(made, 1);
  return { made, gate, project, first };
}

describe('a limit that is exhausted', () => {
  it('is one attempt of the SDK, which does not try again', async () => {
    const made = await world(2_000);
    const project = await made.project('0.001');
    const { client, statuses } = patientSdk(made, project);
    const error = await caught(client.chat.completions.create(ask(project)));
    expect(error).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' });
    expect(error.headers?.get('x-should-retry')).toBe('false');
    expect(statuses).toEqual([429]);
  });

  it('refuses at once a call that the whole limit could not pay, though others hold of it', async () => {
    const { made, gate, project, first } = await heldByOne(2_000);
    const { seen, target } = watched(made);
    const body = { ...ask(project), max_tokens: 10_000 };
    const refused = await post(target, '/v1/chat/completions', body, of(project));
    expect(await refusalOf(refused)).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(seen).toEqual({ holds: 1, looks: 0, slept: [] });
    gate.resolve();
    await first;
  });

  it('is named before one whose rest is only held, as waiting would not help', async () => {
    const { made, gate, project, first } = await heldByOne(2_000);
    // Less is left of the project's limit now, but only this one is truly spent.
    await made.limit({ project, user: 'user/developer' }, '0.003');
    const { seen, target } = watched(made);
    const refusal = await refusalOf(await call(made, project, target));
    expect(refusal).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(refusal.message).toContain('user/developer');
    expect(seen.slept).toEqual([]);
    gate.resolve();
    await first;
  });
});

describe('a limit whose rest is only held', () => {
  it('is waited for: who waits is served as soon as the call before it has settled', async () => {
    const made = await world(10_000);
    const gate = gatedUpstream(made);
    const project = await made.project('0.008');
    const first = call(made, project);
    await inFlight(made, 1);
    const second = patientSdk(made, project);
    const answer = second.client.chat.completions.create({ ...ask(project), max_tokens: 500 });
    gate.resolve();
    expect((await answer).id).toBe(CHAT.id);
    expect(second.statuses).toEqual([200]);
    await first;
  });

  it.each([1, 4])(
    'is looked at, and asked for again only when it is there (in %i shards)',
    async (shards) => {
      const { made, gate, project, first } = await heldByOne(60_000, { shards });
      const { seen, target } = watched(made);
      const second = call(made, project, target);
      await expect.poll(() => seen.looks).toBeGreaterThan(2);
      expect(seen.holds).toBe(1);
      gate.resolve();
      expect((await second).status).toBe(200);
      expect(seen.holds).toBe(2);
      await first;
    },
  );

  it('and is raised while it is waited for has room at once', async () => {
    const { made, gate, project, first } = await heldByOne(60_000);
    const { seen, target } = watched(made);
    const second = call(made, project, target);
    await expect.poll(() => seen.looks).toBeGreaterThan(0);
    const limits = createLimits({ ...made, clock: { now: () => Date.now() } });
    await limits.set({ project }, 'month', 2n * ONE_USD);
    await expect.poll(() => made.upstream.received.length).toBe(2);
    gate.resolve();
    expect((await second).status).toBe(200);
    await first;
  });

  it('and turns out to be spent is refused for good, as soon as that is seen', async () => {
    const { made, gate, project, first } = await heldByOne(60_000, { answer: CHAT });
    const { seen, target } = watched(made);
    const second = call(made, project, target);
    await expect.poll(() => seen.looks).toBeGreaterThan(0);
    gate.resolve();
    expect(await refusalOf(await second)).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(seen.holds).toBe(1);
    await first;
  });

  it.each([
    ['stands still', 0],
    ['is set back all the time', -1_000],
  ])('is waited for no longer than configured by a clock that %s', async (_, step) => {
    const { made, gate, project, first } = await heldByOne(2_000);
    let now = Date.now();
    let slept = 0;
    const deps: AppDeps = {
      ...made.deps,
      clock: {
        now: () => {
          now += step;
          return now;
        },
      },
      sleep: async (milliseconds) => {
        slept += milliseconds;
        if (slept > 2_000) throw new Error('it goes on waiting');
      },
    };
    const refused = await call(made, project, inProcess({ ...made, app: createApp(deps) }));
    expect(await refusalOf(refused)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(slept).toBeGreaterThan(0);
    gate.resolve();
    await first;
  });

  it('is a rate limit at the end of the wait, which the SDK tries again by itself', async () => {
    const made = await world(100);
    const gate = gatedUpstream(made);
    const project = await made.project('0.008');
    const first = call(made, project);
    await inFlight(made, 1);
    const { client, statuses } = patientSdk(made, project, () => gate.resolve());
    const answer = await client.chat.completions.create({ ...ask(project), max_tokens: 500 });
    expect(answer.id).toBe(CHAT.id);
    expect(statuses).toEqual([429, 200]);
    await first;
  });

  it('tells when to come back, not to all at the same time', async () => {
    const { made, gate, project, first } = await heldByOne(50);
    const refused = await Promise.all(Array.from({ length: 8 }, () => call(made, project)));
    const pauses = refused.map(({ headers }) => Number(headers.get('retry-after-ms')));
    expect(refused.map(({ status }) => status)).toEqual(Array(8).fill(429));
    expect(refused.every(({ headers }) => headers.get('retry-after') === '1')).toBe(true);
    expect(pauses.every((pause) => pause >= 500 && pause < 1_500)).toBe(true);
    expect(new Set(pauses).size).toBeGreaterThan(1);
    gate.resolve();
    await first;
  });

  it('is no reason for a storm: each call looks a handful of times, and holds no more, however many wait', async () => {
    const { made, gate, project, first } = await heldByOne(2_000);
    const { seen, target } = watched(made);
    const waiting = 60;
    const refused = await Promise.all(Array.from({ length: waiting }, () => call(made, project, target)));
    expect(refused.every(({ status }) => status === 429)).toBe(true);
    expect(seen.holds).toBe(waiting);
    // Pauses of 50, 100, 200, 400 and 800 ms at the least, and what is left of 2 s.
    expect(seen.looks).toBeLessThanOrEqual(waiting * 6);
    expect(seen.slept.length).toBe(seen.looks);
    // They wait no longer than they were told to, and not in step.
    expect(seen.slept.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(waiting * 2_000);
    expect(new Set(seen.slept).size).toBeGreaterThan(waiting);
    gate.resolve();
    await first;
    const entries = await made.entries(project);
    expect(entries.filter(({ outcome }) => outcome?.state !== 'void')).toHaveLength(1);
  });
});
