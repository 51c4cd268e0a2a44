import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AwsError, sendAwsError, serviceError, signatureError } from './aws-error.ts';
import { MAX_REQUEST_BYTES } from './function-url-event.ts';
import { header, readRequest, type WireRequest } from './http.ts';
import { INVOCABLE, type Invocable, type InvocationResult } from './invocation.ts';
import { functionArn } from './lambda-runtime.ts';
import { type Principal, REGION, STAGES, type Stage } from './principals.ts';
import { verifySignature } from './sigv4.ts';
import { closedToWebPages } from './web-pages.ts';

const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;
const URL_PATH = /^\/2021-10-31\/functions\/([^/]+)\/(urls?)\/?$/;
/** The alias that the URL of a proxy belongs to, as it does where Terraform made it. */
const URL_ALIAS = 'live';
const STARTED = new Date().toISOString();

export interface LambdaEndpointOptions {
  readonly principals: readonly Principal[];
  /** The URLs of the stages' proxies. */
  readonly urls: Readonly<Record<Stage, string>>;
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
 * The `Invoke` operation of the Lambda API for the stages' admin and sweep functions, and `ListFunctionUrlConfigs` and
 * `GetFunctionUrlConfig` for their proxies, so that the AWS command line and SDKs work unchanged. The proxy cannot be invoked here: whoever invokes
 * it directly could hand it a forged event.
 *
 * Sources: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, API_ListFunctionUrlConfigs.html and
 * API_GetFunctionUrlConfig.html
 */
export function createLambdaEndpoint(options: LambdaEndpointOptions): Server {
  return closedToWebPages(
    createServer((request, response) => {
      const requestId = randomUUID();
      readRequest(request, MAX_REQUEST_BYTES)
        .then((wire) => serve(wire, response, options, requestId))
        .catch((error: unknown) => {
          options.log(`the Lambda endpoint failed: ${error instanceof Error ? error.stack : String(error)}`);
          response.destroy();
        });
    }),
  );
}

async function serve(
  wire: WireRequest | undefined,
  response: ServerResponse,
  options: LambdaEndpointOptions,
  requestId: string,
): Promise<void> {
  const operation = wire === undefined ? TOO_LARGE : readOperation(wire, options);
  if ('kind' in operation) return sendAwsError(response, operation, requestId);
  if ('FunctionUrlConfigs' in operation || 'FunctionUrl' in operation)
    return send(response, 200, requestId, JSON.stringify(operation));
  const { type, stage, name, payload } = operation;
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

/** A function's URL as AWS tells it, as far as anybody here reads it. */
interface FunctionUrlConfig {
  readonly FunctionUrl: string;
  readonly FunctionArn: string;
  readonly AuthType: 'AWS_IAM';
  readonly InvokeMode: 'RESPONSE_STREAM';
  readonly CreationTime: string;
  readonly LastModifiedTime: string;
}

interface FunctionUrls {
  readonly FunctionUrlConfigs: readonly FunctionUrlConfig[];
}

function readOperation(
  request: WireRequest,
  { principals, urls }: LambdaEndpointOptions,
): Invocation | FunctionUrls | FunctionUrlConfig | AwsError {
  const signer =
    verifySignature(request, { region: REGION, service: 'lambda', principals, now: Date.now }) ??
    signatureError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  if ('kind' in signer) return signer;
  const invoked = request.method === 'POST' ? INVOKE_PATH.exec(request.path)?.[1] : undefined;
  if (invoked !== undefined) return readInvocation(request, nameOf(invoked), signer);
  const asked = request.method === 'GET' ? URL_PATH.exec(request.path) : null;
  if (asked !== null) return readUrls(request, asked, signer, urls);
  return serviceError(
    404,
    'UnknownOperationException',
    'Only POST /2015-03-31/functions/{name}/invocations and GET /2021-10-31/functions/{name}/urls and /url are ' +
      'served here.',
  );
}

function readUrls(
  request: WireRequest,
  [, segment = '', operation]: RegExpExecArray,
  signer: Principal,
  urls: LambdaEndpointOptions['urls'],
): FunctionUrls | FunctionUrlConfig | AwsError {
  const isList = operation === 'urls';
  const action = isList ? 'lambda:ListFunctionUrlConfigs' : 'lambda:GetFunctionUrlConfig';
  const name = nameOf(segment);
  if (!signer.permissions.includes(action)) return denied(signer, action, name);
  const stage = STAGES.find((each) => name === proxyName(each));
  const qualifier = new URLSearchParams(request.query).get('Qualifier') ?? URL_ALIAS;
  if (stage === undefined || (!isList && qualifier !== URL_ALIAS))
    return serviceError(404, 'ResourceNotFoundException', 'The resource you requested does not exist.');
  const config = urlConfig(`${urls[stage]}/`, name);
  return isList ? { FunctionUrlConfigs: [config] } : config;
}

function urlConfig(url: string, functionName: string): FunctionUrlConfig {
  return {
    FunctionUrl: url,
    FunctionArn: `${functionArn(functionName)}:${URL_ALIAS}`,
    AuthType: 'AWS_IAM',
    InvokeMode: 'RESPONSE_STREAM',
    CreationTime: STARTED,
    LastModifiedTime: STARTED,
  };
}

function readInvocation(
  request: WireRequest,
  functionName: string,
  signer: Principal,
): Invocation | AwsError {
  const target = targetOf(functionName);
  if (target === undefined && !STAGES.some((stage) => functionName === proxyName(stage))) {
    return serviceError(404, 'ResourceNotFoundException', `Function not found: ${functionArn(functionName)}`);
  }
  if (target === undefined || !signer.permissions.includes('lambda:InvokeFunction'))
    return denied(signer, 'lambda:InvokeFunction', functionName);
  return complete(request, target);
}

function denied(signer: Principal, action: string, functionName: string): AwsError {
  return serviceError(
    403,
    'AccessDeniedException',
    `User: ${signer.userArn} is not authorized to perform: ${action} on resource: ${functionArn(functionName)} ` +
      `because no identity-based policy allows the ${action} action`,
  );
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

function proxyName(stage: Stage): string {
  return `openai-proxy-${stage}`;
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
