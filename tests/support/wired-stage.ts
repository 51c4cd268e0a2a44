import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';
import { installAwsLambda } from '../../local/lambda-runtime.ts';
import { createAnswersTable } from './answers-table.ts';
import { startDynalite, type TestTable } from './dynalite.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts';

/** A request to AWS, as it was signed and sent. */
export interface AwsRequest {
  readonly service: string;
  /** That it was signed for. */
  readonly region: string;
  /** JSON, or the form of SNS. */
  readonly body: string;
}

/** What the functions of one stage need outside, with an environment in which no variable has its usual value. */
export interface WiredStage {
  /** All variables, but for those that say where answers are cached. */
  readonly env: Readonly<Record<string, string>>;
  readonly table: TestTable;
  /** The table for answers, on the same DynamoDB. */
  readonly answersTable: string;
  readonly upstream: ScriptedUpstream;
  /** What was asked of AWS. */
  readonly asked: readonly AwsRequest[];
  close(): Promise<void>;
}

export const ODD_KEYS = { stage: 'sk-odd-stage-key', admin: 'sk-odd-admin-key' };
export const ODD_CACHE_SECRET = 'an odd secret for the cache';

const SECRETS: Readonly<Record<string, string>> = {
  'odd-secret': JSON.stringify({ openai_api_key: ODD_KEYS.stage, cache_secret: ODD_CACHE_SECRET }),
  'odd-admin-secret': ODD_KEYS.admin,
};
const PUBLISHED =
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>';

export async function startWiredStage(): Promise<WiredStage> {
  // Entries take their credentials from their process, as on AWS.
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  installAwsLambda();
  const [table, upstream] = await Promise.all([startDynalite(), startScriptedUpstream()]);
  const answersTable = await createAnswersTable(table.client);
  const asked: AwsRequest[] = [];
  const servers = await Promise.all([
    serve('dynamodb', asked, (body, request) => relay(table.endpoint, body, request)),
    serve('secretsmanager', asked, async (body) => {
      const SecretString = SECRETS[JSON.parse(body).SecretId];
      const type = 'application/x-amz-json-1.1';
      if (SecretString === undefined)
        return { status: 400, type, body: '{"__type":"ResourceNotFoundException"}' };
      return { status: 200, type, body: JSON.stringify({ SecretString }) };
    }),
    serve('sns', asked, async () => ({ status: 200, type: 'text/xml', body: PUBLISHED })),
  ]);
  const [dynamodb, secrets, sns] = servers.map(urlOf);
  return {
    env: {
      STAGE: 'odd-stage',
      TABLE_NAME: table.tableName,
      AWS_REGION: 'eu-north-7',
      LOG_LEVEL: 'warn',
      AWS_ENDPOINT_URL_DYNAMODB: String(dynamodb),
      AWS_ENDPOINT_URL_SECRETS_MANAGER: String(secrets),
      AWS_ENDPOINT_URL_SNS: String(sns),
      LEASE_SECONDS: '1234',
      LEDGER_DEADLINE_MS: '45678',
      RETENTION_DAYS: '17',
      SESSION_ROLES: 'odd-role-*',
      IDENTITY_CENTER_ROLES: 'AWSReservedSSO_Odd_*',
      ALERT_TOPIC_ARN: 'arn:aws:sns:eu-north-7:111122223333:odd-topic',
      BUDGET_THRESHOLDS: '7',
      OPENAI_SECRET_ARN: 'odd-secret',
      OPENAI_BASE_URL: new URL('/odd/v1', upstream.baseUrl).href,
      OPENAI_REGIONAL: '1',
      OPENAI_ADMIN_SECRET_ARN: 'odd-admin-secret',
      OPENAI_PROJECT_ID: 'proj_odd',
      OPENAI_AUTO_TIER: 'default',
      UPSTREAM_TIMEOUT_SECONDS: '777',
      DEFAULT_PROJECT: 'odd-default',
      STAGING_HEADER: 'ignored',
      TRUSTED_CALLERS: 'user/odd-speaker',
      CACHE_OPERATION_MS: '9876',
      CACHE_TTL_SECONDS: '777777',
      CACHE_WAIT_MS: '59000',
      HOLD_WAIT_MS: '54321',
      FREE_CALLS_PER_MINUTE: '7',
      OPEN_CALLS_PER_PROJECT: '5',
      DEFERRED_CALLS_PER_PROJECT: '1',
      MAX_BODY_BYTES: '54321',
      MAX_CACHED_BYTES: '3000',
    },
    table,
    answersTable,
    upstream,
    asked,
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
      await Promise.all([table.close(), upstream.close()]);
      vi.unstubAllEnvs();
    },
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

async function serve(
  service: string,
  asked: AwsRequest[],
  answer: (body: string, request: IncomingMessage) => Promise<Answer>,
): Promise<Server> {
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const scope = /Credential=[^/]+\/\d+\/([^/]+)\/(\w+)\//.exec(request.headers.authorization ?? '');
    asked.push({
      service: `${service}${scope?.[2] === service ? '' : '?'}`,
      region: String(scope?.[1]),
      body,
    });
    const { status, type, body: given } = await answer(body, request);
    response.writeHead(status, { 'content-type': type }).end(given);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  // An idle connection that is closed just when a request comes would be a fault of nobody's.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Hands a request to DynamoDB. */
async function relay(endpoint: string, body: string, { headers }: IncomingMessage): Promise<Answer> {
  const kept = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target'];
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: Object.fromEntries(kept.map((name) => [name, String(headers[name])])),
    body,
  });
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, body: new Uint8Array(await response.arrayBuffer()) };
}
