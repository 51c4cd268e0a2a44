import type { LambdaFunctionURLEvent } from 'aws-lambda';
import type { IamCaller } from '../core/identity.ts';

/** A call as the app takes it. */
export interface FunctionUrlCall {
  readonly request: Request;
  readonly caller: IamCaller | undefined;
}

export type FunctionUrlEvent = LambdaFunctionURLEvent & {
  readonly requestContext: {
    readonly authorizer?: {
      readonly iam?: { readonly userArn?: string; readonly accountId?: string } | null;
    } | null;
  };
};

/**
 * Reads an event of a Lambda function URL (payload format 2.0: AWS documentation, "Invoking Lambda function URLs").
 *
 * @throws TypeError when the event is no request that the web standards know (its method, path or a header is
 *   malformed)
 */
export function fromFunctionUrlEvent(event: FunctionUrlEvent): FunctionUrlCall {
  const { method } = event.requestContext.http;
  // Joined to an origin, a path that begins otherwise could be read as a part of the host.
  if (!event.rawPath.startsWith('/')) throw new TypeError('the path does not begin with a slash');
  const query = event.rawQueryString === '' ? '' : `?${event.rawQueryString}`;
  const url = new URL(`https://${event.requestContext.domainName}`);
  const body = bodyOf(event);
  return {
    request: new Request(`${url.origin}${event.rawPath}${query}`, {
      method,
      headers: headersOf(event),
      ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body }),
    }),
    caller: callerOf(event),
  };
}

/** Lambda joins repeated headers with commas itself and moves cookies to a list of their own. */
function headersOf(event: FunctionUrlEvent): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers)) {
    if (value !== undefined) headers.set(name, value);
  }
  if (event.cookies !== undefined && event.cookies.length > 0)
    headers.set('cookie', event.cookies.join('; '));
  return headers;
}

function bodyOf(event: FunctionUrlEvent): Uint8Array<ArrayBuffer> | undefined {
  if (event.body === undefined) return undefined;
  return new Uint8Array(Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8'));
}

/** IAM's verdict is the only source of identity: nothing that a caller can write himself. */
function callerOf(event: FunctionUrlEvent): IamCaller | undefined {
  const iam = event.requestContext.authorizer?.iam;
  if (!iam?.userArn || !iam.accountId) return undefined;
  return { userArn: iam.userArn, accountId: iam.accountId, ownerAccountId: event.requestContext.accountId };
}
