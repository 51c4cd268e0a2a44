import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDbObjects } from '../../shared/aws/dynamodb-objects.ts';
import { startDynalite, type TestTable } from '../support/dynalite.ts';
import { json } from '../support/scripted-upstream.ts';
import { type AttackStage, refusalOf, startAttackStage } from './support/stage.ts';

/** More than this no request has read, whatever it names: the table is the ledger's own. */
const MOST_READS = 5;

let table: TestTable;
let stage: AttackStage;
let reads = 0;
let writes = 0;
beforeAll(async () => {
  table = await startDynalite();
  table.client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === 'BatchGetItemCommand') reads += 1;
        if (commandName === 'PutItemCommand') writes += 1;
        return next(args);
      },
    { step: 'initialize' },
  );
  const clock = { now: () => Date.now() };
  const objects = createDynamoDbObjects(table.client, table.tableName, { clock, retentionDays: 400 });
  stage = await startAttackStage({ parts: { objects } });
  stage.upstream.on('/responses/input_tokens', json({ object: 'response.input_tokens', input_tokens: 1 }));
});
afterAll(async () => {
  await stage.close();
  await table.close();
});

const made = (count: number) => Array.from({ length: count }, (_, i) => `file-made-up-${i}`);
const counted = async (response: Promise<Response>) => {
  reads = 0;
  const answer = await response;
  return { answer, reads };
};
const body = (more: object) => ({ model: 'gpt-4o', input: 'Hello', ...more });
const codeWith = (file_ids: unknown) =>
  body({ tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids } }] });
const itemsOf = (ids: readonly string[]) =>
  body({ input: ids.map((id) => ({ type: 'message', role: 'assistant', id, content: 'Hello.' })) });

describe('A request with any number of made-up ids', () => {
  it.each([
    ['files of a container', codeWith(made(40_000))],
    ['files in lists in lists', codeWith(made(40_000).map((id) => [id]))],
    ['items by reference', body({ input: made(40_000).map((id) => ({ type: 'item_reference', id })) })],
    ['items sent whole', itemsOf(made(40_000))],
    [
      'approvals',
      body({
        input: made(40_000).map((id) => ({
          type: 'mcp_approval_response',
          approval_request_id: id,
          approve: true,
        })),
      }),
    ],
    ['files of other members', body({ file_id: made(20_000), vector_store_ids: made(20_000) })],
  ])('is refused before any of them is looked up: %s', async (_name, request) => {
    const { answer, reads: read } = await counted(stage.attacker.post('/responses/input_tokens', request));
    expect(await refusalOf(answer)).toMatchObject({ status: 400, code: 'too_many_objects' });
    expect(read).toBe(0);
    expect(stage.forwarded()).toEqual([]);
  });

  it('is read no further than to the first that is foreign', async () => {
    const { answer, reads: read } = await counted(
      stage.attacker.post('/responses/input_tokens', codeWith(made(450))),
    );
    expect(await refusalOf(answer)).toMatchObject({ status: 404, param: 'tools[0].container.file_ids' });
    expect(read).toBe(1);
  });

  it('has few reads also where all of them pass', async () => {
    const { answer, reads: read } = await counted(
      stage.attacker.post('/responses/input_tokens', itemsOf(made(450))),
    );
    expect(answer.status).toBe(200);
    expect(read).toBe(MOST_READS);
  });

  it('writes nothing where a limit refuses it', async () => {
    const { victim, world } = stage;
    await world.limit({ project: victim.project }, '0.000001');
    writes = 0;
    const refused = await victim.post('/responses', { ...itemsOf(made(450)), max_output_tokens: 16 });
    expect((await refusalOf(refused)).status).toBe(429);
    expect(writes).toBe(0);
  });

  it('counts an id once, however often it is named', async () => {
    const own = {
      kind: 'file' as const,
      project: stage.attacker.project,
      user: 'user/developer',
      id: 'file-own',
    };
    await stage.world.deps.objects.own([own]);
    const { answer, reads: read } = await counted(
      stage.attacker.post(
        '/responses/input_tokens',
        codeWith(Array.from({ length: 40_000 }, () => 'file-own')),
      ),
    );
    expect(answer.status).toBe(200);
    expect(read).toBe(1);
  });

  it('is refused as a line of a batch, too', async () => {
    const file = {
      kind: 'file' as const,
      project: stage.attacker.project,
      user: 'user/developer',
      id: 'file-batch',
    };
    await stage.world.deps.objects.own([file]);
    const line = (request: object) =>
      JSON.stringify({ custom_id: 'a', method: 'POST', url: '/v1/responses', body: request });
    const ids = [...Array.from({ length: 600 }, () => 'file-own'), ...made(600)];
    const request = { ...itemsOf(ids), max_output_tokens: 16 };
    stage.upstream.on('/files/file-batch/content', json(line(request)));
    const batch = { input_file_id: 'file-batch', endpoint: '/v1/responses', completion_window: '24h' };
    const { answer, reads: read } = await counted(stage.attacker.post('/batches', batch));
    expect(await refusalOf(answer)).toMatchObject({ status: 400, code: 'invalid_batch' });
    // The owner of the file itself.
    expect(read).toBe(1);
  });
});
