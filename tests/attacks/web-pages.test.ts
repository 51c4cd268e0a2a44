import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createForwarder } from '../../client/src/forward/server.ts';
import { listen } from '../../local/http.ts';
import { functionRole } from '../../local/principals.ts';
import { createRuntimeApi } from '../../local/runtime/api.ts';
import { createSecretsEndpoint } from '../../local/secrets-endpoint.ts';
import { useClientStack } from '../support/client-stack.ts';
import { startMemcached, type TestMemcached } from '../support/memcached.ts';

/*
 * Somebody works on their machine with a stack, or a forwarder, and opens a web page. The page can send requests to
 * loopback; if its own name resolves to loopback it can even read the answers.
 */

const { stack } = useClientStack();
const servers: Server[] = [];
const urls: Record<string, string> = {};
/** What reached the runtime of a function, and the stage behind the forwarder. */
let reached = 0;

beforeAll(async () => {
  const serve = async (server: Server) => {
    servers.push(server);
    return `http://127.0.0.1:${await listen(server, 0)}`;
  };
  const { dynamodbEndpoint, upstream, lambdaEndpoint } = stack().info;
  Object.assign(urls, {
    DynamoDB: `${dynamodbEndpoint}/`,
    'the simulator': `${upstream}/files`,
    'the Lambda endpoint': `${lambdaEndpoint}/2015-03-31/functions/openai-admin-dev/invocations`,
    'the secrets endpoint': await serve(
      createSecretsEndpoint({
        secrets: { dev: { stage: 'sk-secret' }, prod: { stage: 'sk-secret' } },
        roles: [functionRole('seed', 'dev')],
      }),
    ),
    'the runtime of a function': `${await serve(
      createRuntimeApi({
        next: () => {
          reached += 1;
          return Promise.resolve({ requestId: '1', payload: '{}', functionArn: 'arn', deadline: 0 });
        },
        sinkOf: () => undefined,
        answered: () => undefined,
        initFailed: () => undefined,
      }),
    )}/2018-06-01/runtime/invocation/next`,
    'the forwarder': `${await serve(
      createForwarder({
        fetch: async () => {
          reached += 1;
          return Response.json({});
        },
      }),
    )}/v1/models`,
  });
});
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

async function ask(
  url: string,
  method: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Answer> {
  const outgoing = httpRequest(url, { method, headers });
  const answered = once(outgoing, 'response');
  outgoing.end(body);
  const [message] = await answered;
  const text = Buffer.concat(await message.toArray()).toString();
  return { status: message.statusCode, headers: message.headers, text };
}

const SERVERS = [
  'DynamoDB',
  'the simulator',
  'the Lambda endpoint',
  'the secrets endpoint',
  'the runtime of a function',
  'the forwarder',
];

const PAGES: readonly (readonly [string, string, Record<string, string>])[] = [
  ['a page elsewhere', 'POST', { origin: 'https://example.com' }],
  ['a page elsewhere that only looks', 'GET', { origin: 'https://example.com' }],
  ['a sandboxed frame', 'POST', { origin: 'null' }],
  ['a page of another program of this machine', 'POST', { origin: 'http://localhost:3000' }],
  ['a picture on a page elsewhere', 'GET', { 'sec-fetch-site': 'cross-site' }],
  ['a picture on a page of this machine', 'GET', { 'sec-fetch-site': 'same-site' }],
  ['a page that was served from here', 'GET', { 'sec-fetch-site': 'same-origin' }],
  ['a page whose name resolves to this machine', 'GET', { host: 'rebound.example.com' }],
  ['such a page, with a port', 'POST', { host: 'rebound.example.com:8787' }],
  ['a page whose name begins like an address', 'GET', { host: '127.0.0.1.example.com' }],
  ['a page whose name ends like one', 'GET', { host: 'example.com.localhost' }],
  ['a page of another machine of this network', 'GET', { host: '192.168.0.7' }],
  [
    'a page that asks first',
    'OPTIONS',
    { origin: 'https://example.com', 'access-control-request-method': 'POST' },
  ],
];

describe.each(SERVERS)('%s answers no web page', (name) => {
  it.each(PAGES)('%s', async (_, method, headers) => {
    const answer = await ask(urls[name] ?? '', method, headers);
    expect(answer.status).toBe(403);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.text).not.toMatch(/sk-secret|"data"|healthy/);
    expect(reached).toBe(0);
  });
});

describe('The limits of a stack on this machine', () => {
  /** As a page would send it: a signature is not checked, so it makes one up. */
  const lifting = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.UpdateItem',
    'x-amz-date': '20261129T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=a/20261129/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=b',
  };
  const change = JSON.stringify({
    TableName: 'farebox-dev',
    Key: { pk: { S: 'scope##=demo#*#*' }, sk: { S: 'rules' } },
    UpdateExpression: 'SET amount_month = :much',
    ExpressionAttributeValues: { ':much': { N: '1000000000000000' } },
    ReturnValues: 'ALL_OLD',
  });

  it('cannot be lifted by a web page', async () => {
    const page = { ...lifting, origin: 'https://example.com' };
    expect(await ask(urls['DynamoDB'] ?? '', 'POST', page, change)).toMatchObject({ status: 403 });
    // The first change is that of a program: nobody made one before.
    const first = await ask(urls['DynamoDB'] ?? '', 'POST', lifting, change);
    expect([first.status, first.text]).toEqual([200, '{}']);
  });
});

describe('Memcached', () => {
  let memcached: TestMemcached;
  beforeAll(async () => {
    memcached = await startMemcached();
  });
  afterAll(() => memcached.close());

  async function say(lines: string): Promise<string> {
    const socket = connect(memcached.port, memcached.host);
    socket.write(lines);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  it.each(['POST', 'GET', 'PUT'])('takes no command from the body of a %s', async (method) => {
    await say('set kept 0 0 4\r\nsafe\r\nquit\r\n');
    const body = '\r\nflush_all\r\nset kept 0 0 4\r\nevil\r\n';
    await say(
      `${method} / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}quit\r\n`,
    ).catch(() => '');
    expect(await say('get kept\r\nquit\r\n')).toBe('VALUE kept 0 4\r\nsafe\r\nEND\r\n');
  });
});
