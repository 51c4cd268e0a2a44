import { afterEach, describe, expect, it } from 'vitest';
import { createAdmin } from '../../client/src/admin.ts';
import { PEOPLE, startVerifyingServer, type VerifyingServer } from '../support/verifying-server.ts';

const servers: VerifyingServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** An admin of a stage whose Lambda API answers with these statuses, one after the other, and then as it should. */
async function adminAfter(...statuses: number[]) {
  const left = [...statuses];
  const server = await startVerifyingServer({
    principals: () => [PEOPLE.developer],
    answer: () => {
      const status = left.shift();
      return status === undefined ? Response.json({ done: true }) : Response.json({}, { status });
    },
  });
  servers.push(server);
  const admin = createAdmin({ region: 'us-east-1', credentials: PEOPLE.developer, endpointUrl: server.url });
  const run = () => admin.run({ command: 'list-projects' });
  return { run, asked: () => server.taken.length };
}

describe('an admin command', () => {
  it.each([[[500]], [[502]], [[503, 429]]])('is sent again when AWS stumbles: %j', async (statuses) => {
    const { run, asked } = await adminAfter(...statuses);
    expect(await run()).toEqual({ done: true });
    expect(asked()).toBe(statuses.length + 1);
  });

  it('is sent three times at the most', async () => {
    const { run, asked } = await adminAfter(500, 500, 500, 500);
    await expect(run()).rejects.toMatchObject({ kind: 'refused' });
    expect(asked()).toBe(3);
  });

  it.each([400, 403, 404])('is not sent again when AWS refuses it with %i', async (status) => {
    const { run, asked } = await adminAfter(status);
    await expect(run()).rejects.toMatchObject({ kind: 'refused' });
    expect(asked()).toBe(1);
  });
});
