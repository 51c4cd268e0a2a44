import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { LambdaFunctionURLEventWithIAMAuthorizer } from 'aws-lambda';
import { type AwsError, sendAwsError, serviceError } from './aws-error.ts';
import { MAX_REQUEST_BYTES, toFunctionUrlEvent } from './function-url-event.ts';
import { createResponseSink, type ResponseSink } from './function-url-response.ts';
import { readRequest, type WireRequest } from './http.ts';
import { type Principal, REGION } from './principals.ts';
import { unsignedAwsHeaders, verifySignature } from './sigv4.ts';

export interface FunctionUrlOptions {
  /** Stands in for the URL's id. */
  readonly apiId: string;
  readonly principals: readonly Principal[];
  /** Runs the streaming function; rejects when it throws or returns before it ended its stream. */
  readonly invoke: (
    event: LambdaFunctionURLEventWithIAMAuthorizer,
    sink: ResponseSink,
    requestId: string,
  ) => Promise<void>;
  readonly log: (line: string) => void;
}

/** A Lambda function URL with `AuthType: AWS_IAM` and `InvokeMode: RESPONSE_STREAM`, served over plain HTTP. */
export function createFunctionUrl(options: FunctionUrlOptions): Server {
  return createServer((request, response) => {
    serve(request, response, options).catch((error: unknown) => {
      options.log(`the function URL failed: ${error instanceof Error ? error.stack : String(error)}`);
      response.destroy();
    });
  });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: FunctionUrlOptions,
): Promise<void> {
  const requestId = randomUUID();
  const at = Date.now();
  const wire = await readRequest(request, MAX_REQUEST_BYTES).catch(() => 'aborted' as const);
  if (wire === 'aborted') return void response.destroy();
  const principal = wire === undefined ? TOO_LARGE : authorize(wire, options.principals, at);
  if (wire === undefined || 'kind' in principal)
    return sendAwsError(response, 'kind' in principal ? principal : TOO_LARGE, requestId);

  const unsigned = unsignedAwsHeaders(wire);
  if (unsigned.length > 0) options.log(`${requestId}: its signature does not cover ${unsigned.join(', ')}`);
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const event = toFunctionUrlEvent(wire, principal, { requestId, at, apiId: options.apiId, sourceIp });
  if (Buffer.byteLength(event.body ?? '') > MAX_REQUEST_BYTES)
    return sendAwsError(response, TOO_LARGE, requestId);

  const sink = createResponseSink(response, requestId);
  try {
    await options.invoke(event, sink, requestId);
  } catch (error) {
    options.log(`${requestId} failed: ${error instanceof Error ? error.stack : String(error)}`);
    sink.fail();
  }
}

function authorize(request: WireRequest, principals: readonly Principal[], at: number): Principal | AwsError {
  const verifier = { region: REGION, service: 'lambda', principals, now: () => at };
  const signer = verifySignature(request, verifier) ?? FORBIDDEN;
  if ('kind' in signer) return signer;
  return signer.permissions.includes('lambda:InvokeFunctionUrl') ? signer : FORBIDDEN;
}

/** Source: answers of function URLs quoted in awsdocs/aws-lambda-developer-guide#494. */
const FORBIDDEN = serviceError(
  403,
  'AccessDeniedException',
  'Forbidden. For troubleshooting Function URL authorization issues, see: ' +
    'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
);

const TOO_LARGE = serviceError(
  413,
  'RequestEntityTooLargeException',
  `Request must be smaller than ${MAX_REQUEST_BYTES} bytes for the InvokeFunction operation`,
);
