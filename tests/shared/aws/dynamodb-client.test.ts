import { createServer, type Server } from 'node:http';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, test } from 'vitest';
import { createDynamoDbClient } from '../../../shared/aws/dynamodb-client.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(handle: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

function get(endpoint: string, deadlineMs = 500) {
  const client = createDynamoDbClient({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    attemptMs: 200,
    deadlineMs,
  });
  const command = new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' }, sk: { S: 'b' } } });
  return client.send(command).finally(() => client.destroy());
}

function refusing(status: number, type: string): Promise<string> {
  return listen((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'no' }));
  });
}

describe('the DynamoDB client', () => {
  test('says Unavailable when nobody listens', async () => {
    await expect(get('http://127.0.0.1:1')).rejects.toBeInstanceOf(Unavailable);
  });

  test('says Unavailable when the server never answers', async () => {
    await expect(get(await listen(() => undefined))).rejects.toBeInstanceOf(Unavailable);
  });

  test('says Unavailable when the answer begins and does not end', async () => {
    const endpoint = await listen((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.write('{"Item":');
    });
    await expect(get(endpoint)).rejects.toBeInstanceOf(Unavailable);
  });

  test('says Unavailable when the connection breaks', async () => {
    await expect(get(await listen((request) => request.socket.destroy()))).rejects.toBeInstanceOf(
      Unavailable,
    );
  });

  test('says Unavailable when the answer is garbage', async () => {
    await expect(get(await listen((_, response) => response.end('<html>')))).rejects.toBeInstanceOf(
      Unavailable,
    );
  });

  test.each([
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
    [400, 'ThrottlingException'],
    [400, 'ProvisionedThroughputExceededException'],
  ])('says Unavailable on %i %s', async (status, type) => {
    await expect(get(await refusing(status, type))).rejects.toBeInstanceOf(Unavailable);
  });

  test('lets an answer that says what is wrong through as it is', async () => {
    const error = get(await refusing(400, 'ResourceNotFoundException'));
    await expect(error).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('tries again after a fault that may pass', async () => {
    let requests = 0;
    const endpoint = await listen((request, response) => {
      requests += 1;
      if (requests === 1) return request.socket.destroy();
      request.resume();
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      return response.end('{}');
    });
    await expect(get(endpoint)).resolves.toMatchObject({});
    expect(requests).toBe(2);
  });

  test('begins no attempt after its deadline', async () => {
    let requests = 0;
    // Two attempts of 200 ms, the pauses between them, and a third would begin past 450 ms.
    const endpoint = await listen(() => {
      requests += 1;
    });
    await expect(get(endpoint, 350)).rejects.toBeInstanceOf(Unavailable);
    const before = requests;
    await new Promise((resume) => setTimeout(resume, 600));
    expect(requests).toBe(before);
  });
});
