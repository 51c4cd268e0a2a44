import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AwsError, sendAwsError, serviceError, signatureError } from './aws-error.ts';
import { MAX_REQUEST_BYTES } from './function-url-event.ts';
import { header, readRequest, type WireRequest } from './http.ts';
import { INVOCABLE, type Invocable, type InvocationResult } from './invocation.ts';
import { functionArn } from './lambda-runtime.ts';
import { type Principal, REGION, STAGES, type Stage } from './principals.ts';
import { verifySignature } from './sigv4.ts';

const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;

export interface LambdaEndpointOptions {
  readonly principals: readonly Principal[];
  readonly invoke: (stage: Stage, name: Invocable, payload: string) => Promise<InvocationResult>;
  readonly log: (line: string) => void;
}

interface Target {
  readonly stage: Stage;
  readonly name: Invocable;
}

interface Invocation extends Target {
  readonly type: 'RequestResponse' | 'Event' | 'DryRun';
  readonly payload: string;
}

/**
 * The `Invoke` operation of the Lambda API for the stages' admin and sweep functions, so that the AWS command line
 * and SDKs work unchanged. The proxy is not to be had here: whoever invokes it directly could hand it a forged event.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function createLambdaEndpoint(options: LambdaEndpointOptions): Server {
  return createServer((request, response) => {
    const requestId = randomUUID();
    readRequest(request, MAX_REQUEST_BYTES)
      .then((wire) => serve(wire, response, options, requestId))
      .catch((error: unknown) => {
        options.log(`the Lambda endpoint failed: ${error instanceof Error ? error.stack : String(error)}`);
        response.destroy();
      });
  });
}

async function serve(
  wire: WireRequest | undefined,
  response: ServerResponse,
  options: LambdaEndpointOptions,
  requestId: string,
): Promise<void> {
  const invocation = wire === undefined ? TOO_LARGE : readInvocation(wire, options.principals);
  if ('kind' in invocation) return sendAwsError(response, invocation, requestId);
  const { type, stage, name, payload } = invocation;
  if (type === 'DryRun') return send(response, 204, requestId, '');
  const running = options.invoke(stage, name, payload);
  if (type === 'Event') {
    running.catch((error: unknown) => options.log(`openai-${name}-${stage}: ${String(error)}`));
    return send(response, 202, requestId, '');
  }
  const result = await running;
  if (result.kind === 'returned') return send(response, 200, requestId, result.payload);
  send(response, 200, requestId, JSON.stringify(result.error), { 'x-amz-function-error': 'Unhandled' });
}

function readInvocation(request: WireRequest, principals: readonly Principal[]): Invocation | AwsError {
  const signer =
    verifySignature(request, { region: REGION, service: 'lambda', principals, now: Date.now }) ??
    signatureError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  if ('kind' in signer) return signer;

  const path = INVOKE_PATH.exec(request.path);
  if (path === null || request.method !== 'POST') {
    return serviceError(
      404,
      'UnknownOperationException',
      'Only POST /2015-03-31/functions/{name}/invocations is served here.',
    );
  }
  const functionName = nameOf(path[1] ?? '');
  const target = targetOf(functionName);
  if (target === undefined && !isProxy(functionName)) {
    return serviceError(404, 'ResourceNotFoundException', `Function not found: ${functionArn(functionName)}`);
  }
  if (target === undefined || !signer.permissions.includes('lambda:InvokeFunction')) {
    return serviceError(
      403,
      'AccessDeniedException',
      `User: ${signer.userArn} is not authorized to perform: lambda:InvokeFunction on resource: ` +
        `${functionArn(functionName)} because no identity-based policy allows the lambda:InvokeFunction action`,
    );
  }
  return complete(request, target);
}

function complete(request: WireRequest, target: Target): Invocation | AwsError {
  const type = header(request, 'x-amz-invocation-type') ?? 'RequestResponse';
  if (type !== 'RequestResponse' && type !== 'Event' && type !== 'DryRun') {
    return serviceError(
      400,
      'InvalidParameterValueException',
      `Value '${type}' at 'invocationType' must be one of Event, RequestResponse, DryRun`,
    );
  }
  const text = Buffer.from(request.body).toString('utf8');
  // As Lambda does: no payload is an empty object.
  const payload = text === '' ? '{}' : text;
  try {
    JSON.parse(payload);
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : String(error);
    return serviceError(
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: ${reason}`,
    );
  }
  return { ...target, type, payload };
}

/** The bare name in a name, a partial ARN or an ARN, with or without a version. */
function nameOf(segment: string): string {
  const parts = decodeURIComponent(segment).split(':');
  const at = parts.indexOf('function');
  return (at === -1 ? parts[0] : parts[at + 1]) ?? '';
}

function targetOf(functionName: string): Target | undefined {
  const targets = STAGES.flatMap((stage) => INVOCABLE.map((name) => ({ stage, name })));
  return targets.find(({ stage, name }) => functionName === `openai-${name}-${stage}`);
}

function isProxy(functionName: string): boolean {
  return STAGES.some((stage) => functionName === `openai-proxy-${stage}`);
}

function send(
  response: ServerResponse,
  status: number,
  requestId: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }),
    'x-amzn-requestid': requestId,
    'x-amz-executed-version': '$LATEST',
    ...headers,
  });
  response.end(body);
}

const TOO_LARGE = serviceError(
  413,
  'RequestTooLargeException',
  `Request must be smaller than ${MAX_REQUEST_BYTES} bytes for the InvokeFunction operation`,
);
