import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { header, readRequest, type WireRequest } from './http.ts';
import { ACCOUNT_ID, type Principal, REGION, STAGES, type Stage } from './principals.ts';
import { verifySignature } from './sigv4.ts';
import { closedToWebPages } from './web-pages.ts';

const MAX_REQUEST_BYTES = 65_536;
const GET_SECRET_VALUE = z.object({ SecretId: z.string() });

/** What a stage keeps secret: the key that its calls are made with, and the one that OpenAI's invoice is read with. */
export const SECRET_KINDS = ['stage', 'admin'] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

interface SecretId {
  readonly stage: Stage;
  readonly kind: SecretKind;
}

/** The ARN of a stage's secret. */
export function secretArn(stage: Stage, kind: SecretKind = 'stage'): string {
  return `arn:aws:secretsmanager:${REGION}:${ACCOUNT_ID}:secret:${secretName({ stage, kind })}-LOCAL0`;
}

function secretName({ stage, kind }: SecretId): string {
  return `farebox/${stage}${kind === 'admin' ? '-openai-admin' : ''}`;
}

type Reply = { readonly status: number; readonly body: object };

/**
 * The part of AWS Secrets Manager that the functions use: `GetSecretValue`, for the role of the secret's own stage
 * alone. So the OpenAI key stands in no function's environment, here as on AWS.
 */
export function createSecretsEndpoint(options: {
  /** The value of each secret that there is. */
  readonly secrets: Readonly<Record<Stage, Readonly<Partial<Record<SecretKind, string>>>>>;
  readonly roles: readonly Principal[];
}): Server {
  const { secrets, roles } = options;
  const since = Math.floor(Date.now() / 1000);

  const answer = (request: WireRequest): Reply => {
    const signer = verifySignature(request, {
      region: REGION,
      service: 'secretsmanager',
      principals: roles,
      now: Date.now,
    });
    if (signer === undefined)
      return failure('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
    if ('kind' in signer) return failure(signer.type, signer.message);
    if (header(request, 'x-amz-target') !== 'secretsmanager.GetSecretValue')
      return failure('UnknownOperationException', 'Only GetSecretValue is served here.');
    const wanted = GET_SECRET_VALUE.safeParse(jsonOf(request.body));
    if (!wanted.success) return failure('InvalidRequestException', 'You must provide a SecretId.');
    const found = findSecret(wanted.data.SecretId);
    const text = found === undefined ? undefined : secrets[found.stage][found.kind];
    if (found === undefined || text === undefined)
      return failure('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    const { stage, kind } = found;
    if (!signer.permissions.includes(`secretsmanager:GetSecretValue ${stage}`)) {
      return failure(
        'AccessDeniedException',
        `User: ${signer.userArn} is not authorized to perform: secretsmanager:GetSecretValue ` +
          `on resource: ${secretArn(stage, kind)}`,
      );
    }
    const body = {
      ARN: secretArn(stage, kind),
      Name: secretName(found),
      SecretString: text,
      VersionId: '00000000-0000-4000-8000-000000000000',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: since,
    };
    return { status: 200, body };
  };

  return closedToWebPages(
    createServer(async (request, response) => {
      const wire = await readRequest(request, MAX_REQUEST_BYTES).catch(() => undefined);
      send(
        response,
        wire === undefined ? failure('InvalidRequestException', 'Request too large.') : answer(wire),
      );
    }),
  );
}

function findSecret(id: string): SecretId | undefined {
  return STAGES.flatMap((stage) => SECRET_KINDS.map((kind) => ({ stage, kind }))).find(
    (secret) => id === secretName(secret) || id === secretArn(secret.stage, secret.kind),
  );
}

function failure(type: string, message: string): Reply {
  return { status: 400, body: { __type: type, message } };
}

function send(response: ServerResponse, { status, body }: Reply): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(text);
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
