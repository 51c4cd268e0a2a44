import type { Response } from 'openai/resources/responses/responses';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../../functions/proxy/app.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { type DeferredWorld, deferredWorld, until } from '../../support/deferred-world.ts';
import { inProcess } from '../../support/targets.ts';
import { sdk } from '../../support/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BACKGROUND = {
  model: 'gpt-4o',
  input: 'Tell me about rivers.',
  background: true,
  max_output_tokens: 500,
} as const;

let world: DeferredWorld;
beforeAll(async () => {
  world = await deferredWorld();
});
afterAll(() => world.close());

/** gpt-4o: $2.50, $1.25 cached and $10 per million tokens. */
function costOf({ usage }: Response): bigint {
  if (!usage) throw new Error('it has no usage');
  const cached = usage.input_tokens_details.cached_tokens;
  const input = BigInt(usage.input_tokens - cached) * 2_500_000n + BigInt(cached) * 1_250_000n;
  return input + BigInt(usage.output_tokens) * 10_000_000n;
}

const creation = async (project: string) => {
  const [entry] = await world.found(project, 'responses');
  if (entry === undefined) throw new Error('no entry');
  return entry;
};
describe('A response that is stored, and whose stream breaks off', () => {
  test('is settled at what it used, as OpenAI keeps it', async () => {
    const { client, project } = await world.caller();
    world.simulator.faults.cut(4);
    let id = '';
    const read = async () => {
      const { background: _, ...ask } = BACKGROUND;
      for await (const event of await client.responses.create({ ...ask, stream: true }))
        if (event.type === 'response.created') id = event.response.id;
    };
    await expect(read()).rejects.toMatchObject({ code: 'upstream_broken' });
    await until(
      () => creation(project),
      ({ deferred }) => deferred !== undefined,
    );
    await world.sweep(2 * MINUTE);
    const entry = await creation(project);
    const kept = await client.responses.retrieve(id);
    expect(entry).toMatchObject({ state: 'closed', outcome: { cost: costOf(kept), flags: [] } });
  });
});

describe('A background response', () => {
  test('is held when it is created, and its cost is nobody’s guess until it has ended', async () => {
    const { client, project } = await world.caller();
    const { data, response } = await client.responses.create(BACKGROUND).withResponse();
    expect(data.status).toBe('queued');
    expect(response.headers.get('openai-proxy-cost')).toBeNull();
    await until(
      () => creation(project),
      ({ deferred }) => deferred !== undefined,
    );
    const entry = await creation(project);
    expect(entry).toMatchObject({ state: 'open', deferred: { kind: 'response', object: data.id } });
    for (const id of entry.accounts) {
      const account = await world.store.getAccount(id);
      expect(account?.holds.get(entry.id)?.amount).toBe(entry.held);
      expect(account?.spent).toBe(0n);
    }
  });

  test('is settled by the retrieve that sees its end, once; retrieves are free', async () => {
    const { client, project } = await world.caller();
    const { id } = await client.responses.create(BACKGROUND);
    world.pass(0.6);
    expect((await client.responses.retrieve(id)).status).toBe('in_progress');
    world.pass(0.4);
    const final = await client.responses.retrieve(id);
    expect(final.status).toBe('completed');
    const entry = await until(
      () => creation(project),
      ({ state }) => state === 'closed',
    );
    expect(entry.outcome).toMatchObject({ state: 'settled', cost: costOf(final), flags: [], status: 200 });
    expect(entry.outcome?.tally).toMatchObject({ calls: 1, output: final.usage?.output_tokens });
    for (const _ of [1, 2, 3]) await client.responses.retrieve(id);
    const entries = await world.entries(project);
    for (const call of entries.filter(({ endpoint }) => endpoint === 'responses.retrieve'))
      expect(call.outcome?.cost).toBe(0n);
    for (const account of entry.accounts)
      if (account.kind === 'limit')
        expect(await world.store.getAccount(account)).toMatchObject({
          spent: costOf(final),
          holds: new Map(),
        });
  });

  test('is settled once by two retrieves and two sweeps at the same time', async () => {
    const { client, project } = await world.caller();
    const { id } = await client.responses.create(BACKGROUND);
    await until(
      () => creation(project),
      ({ deferred }) => deferred !== undefined,
    );
    world.pass(1);
    const [final] = await Promise.all([
      client.responses.retrieve(id),
      client.responses.retrieve(id),
      world.sweep(2 * MINUTE),
      world.sweep(2 * MINUTE),
    ]);
    const entry = await until(
      () => creation(project),
      ({ state }) => state === 'closed',
    );
    expect(entry.outcome).toMatchObject({ state: 'settled', cost: costOf(final), flags: [] });
    for (const account of entry.accounts)
      expect((await world.store.getAccount(account))?.spent).toBe(costOf(final));
    const told = world.logs.filter((line) => line.includes('"event":"call"') && line.includes(entry.id));
    expect(told).toHaveLength(1);
  });

  test('that nobody retrieves is settled by the sweep', async () => {
    const { client, project } = await world.caller();
    const { id } = await client.responses.create(BACKGROUND);
    await until(
      () => creation(project),
      ({ deferred }) => deferred !== undefined,
    );
    await world.sweep(0);
    expect((await creation(project)).state).toBe('open');
    world.pass(1);
    await world.sweep(2 * MINUTE);
    const entry = await creation(project);
    expect(entry).toMatchObject({ state: 'closed', outcome: { state: 'settled' } });
    expect(entry.outcome?.cost).toBe(costOf(await client.responses.retrieve(id)));
  });

  test('that was cancelled tells no usage: the hold is booked, flagged, by the sweep', async () => {
    const { client, project } = await world.caller();
    const { id } = await client.responses.create(BACKGROUND);
    expect((await client.responses.cancel(id)).status).toBe('cancelled');
    await until(
      () => creation(project),
      ({ deferred }) => deferred !== undefined,
    );
    expect((await creation(project)).state).toBe('open');
    await world.sweep(2 * MINUTE);
    const entry = await creation(project);
    expect(entry).toMatchObject({ state: 'closed', outcome: { cost: entry.held, flags: ['no_usage'] } });
  });

  test.each(['a retrieve', 'the sweep'])('that was turned down costs nothing, as %s sees', async (who) => {
    const { client, project } = await world.caller();
    world.simulator.faults.refuse({ code: 'rate_limit_exceeded' });
    const { id } = await client.responses.create(BACKGROUND);
    await until(
      () => creation(project),
      ({ deferred }) => deferred !== undefined,
    );
    world.pass(1);
    if (who === 'the sweep') await world.sweep(2 * MINUTE);
    else expect((await client.responses.retrieve(id)).status).toBe('failed');
    const entry = await until(
      () => creation(project),
      ({ state }) => state === 'closed',
    );
    expect(entry.outcome).toMatchObject({ state: 'settled', cost: 0n, flags: [] });
  });

  test('cannot be deleted before its cost is known; then it is settled first', async () => {
    const { client, project } = await world.caller();
    const { id } = await client.responses.create(BACKGROUND);
    await expect(client.responses.delete(id)).rejects.toMatchObject({
      status: 400,
      code: 'response_in_progress',
    });
    world.pass(1);
    await client.responses.delete(id);
    const entry = await creation(project);
    expect(entry).toMatchObject({ state: 'closed', outcome: { state: 'settled', flags: [] } });
    expect(entry.outcome?.cost).toBeGreaterThan(0n);
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  test('is settled by its stream where the caller stays to the end', async () => {
    const { client, project } = await world.caller();
    const events = [];
    for await (const event of await client.responses.create({ ...BACKGROUND, stream: true }))
      events.push(event);
    const last = events.at(-1);
    if (last?.type !== 'response.completed') throw new Error('it did not complete');
    const [entry] = await world.entries(project);
    expect(entry?.outcome).toMatchObject({ state: 'settled', cost: costOf(last.response), flags: [] });
    expect(entry?.deferred).toBeUndefined();
  });

  test('goes on when its caller leaves the stream, and is settled by the one that takes it up again', async () => {
    const project = await world.project('50', { onDisconnect: 'cancel' });
    const client = sdk(inProcess(world), project);
    const stream = await client.responses.create({ ...BACKGROUND, stream: true });
    let id = '';
    for await (const event of stream) {
      if (event.type === 'response.created') id = event.response.id;
      if (event.type === 'response.output_text.delta') break;
    }
    const left = await until(
      () => creation(project),
      ({ deferred }) => deferred !== undefined,
    );
    expect(left).toMatchObject({ state: 'open', deferred: { kind: 'response', object: id } });
    let seen: Response | undefined;
    for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: 3 })) {
      expect(event.sequence_number).toBeGreaterThan(3);
      if (event.type === 'response.completed') seen = event.response;
    }
    const entry = await until(
      () => creation(project),
      ({ state }) => state === 'closed',
    );
    if (seen === undefined) throw new Error('it did not complete');
    expect(entry.outcome).toMatchObject({ state: 'settled', cost: costOf(seen), flags: [] });
  });

  test('is nobody else’s', async () => {
    const { client } = await world.caller();
    const { client: other } = await world.caller();
    const { id } = await client.responses.create(BACKGROUND);
    await expect(other.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(other.responses.cancel(id)).rejects.toMatchObject({ status: 404 });
  });

  test('must be stored, or its cost could not be asked for', async () => {
    const { client } = await world.caller();
    await expect(client.responses.create({ ...BACKGROUND, store: false })).rejects.toMatchObject({
      status: 400,
      param: 'store',
    });
  });

  test('that the ledger refuses to put off at first is put off at the next attempt', async () => {
    const project = await world.project('50');
    let attempts = 0;
    const { ledger } = world.deps;
    const defer: typeof ledger.defer = async (...call) => {
      attempts += 1;
      if (attempts < 3) throw new Unavailable('the table is out of reach');
      return ledger.defer(...call);
    };
    const deps = { ...world.deps, ledger: { ...ledger, defer }, sleep: async () => {} };
    const client = sdk(inProcess({ ...world, app: createApp(deps) }), project);
    const { id } = await client.responses.create(BACKGROUND);
    const entry = await until(
      () => creation(project),
      ({ deferred }) => deferred !== undefined,
    );
    expect(entry).toMatchObject({ state: 'open', deferred: { kind: 'response', object: id } });
    expect(attempts).toBe(3);
  });

  test('whose function dies before it is written down is booked at its hold after its lease', async () => {
    const project = await world.project('50');
    const died = async () => {
      throw new Error('the function is dead');
    };
    const deps = { ...world.deps, ledger: { ...world.deps.ledger, defer: died }, sleep: async () => {} };
    const client = sdk(inProcess({ ...world, app: createApp(deps) }), project);
    await client.responses.create(BACKGROUND);
    await world.sweep(10 * MINUTE);
    expect((await creation(project)).state).toBe('open');
    await world.sweep(HOUR);
    const entry = await creation(project);
    expect(entry).toMatchObject({ state: 'closed', outcome: { state: 'unsettled', cost: entry.held } });
  });

  test('of which OpenAI never tells again is waited for, and given up after two days', async () => {
    const { client, project } = await world.caller();
    const { id } = await client.responses.create(BACKGROUND);
    await until(
      () => creation(project),
      ({ deferred }) => deferred !== undefined,
    );
    const truth = async () => undefined;
    await world.sweepWith(truth, 47 * HOUR);
    expect((await creation(project)).state).toBe('open');
    await world.sweepWith(truth, 49 * HOUR);
    const entry = await creation(project);
    expect(entry).toMatchObject({ state: 'closed', outcome: { state: 'unsettled', cost: entry.held } });
    world.pass(1);
    expect((await client.responses.retrieve(id)).status).toBe('completed');
    expect((await creation(project)).outcome).toEqual(entry.outcome);
  });
});
