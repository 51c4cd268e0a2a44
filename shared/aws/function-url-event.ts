import type { LambdaFunctionURLEvent } from 'aws-lambda';
import type { IamCaller } from '../core/identity.ts';
import { MALFORMED } from '../ports/app.ts';

/** A call as the app takes it. */
export interface FunctionUrlCall {
  readonly request: Request | typeof MALFORMED;
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
 */
export function fromFunctionUrlEvent(event: FunctionUrlEvent): FunctionUrlCall {
  const caller = callerOf(event);
  try {
    return { request: requestOf(event), caller };
  } catch {
    return { request: MALFORMED, caller };
  }
}

/** @throws TypeError if the method, the path or the host is malformed */
function requestOf(event: FunctionUrlEvent): Request {
  const { method } = event.requestContext.http;
  // Joined to an origin, a path that begins otherwise could be read as a part of the host.
  if (!event.rawPath.startsWith('/')) throw new TypeError('the path does not begin with a slash');
  const query = event.rawQueryString === '' ? '' : `?${event.rawQueryString}`;
  const url = new URL(`https://${event.requestContext.domainName}`);
  const body = bodyOf(event);
  return new Request(`${url.origin}${event.rawPath}${query}`, {
    method,
    headers: headersOf(event),
    ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body }),
  });
}

/** Lambda joins repeated headers with commas itself and moves cookies to a list of their own. */
function headersOf(event: FunctionUrlEvent): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers)) {
    if (value !== undefined && isHeader(name)) headers.set(name, wireValue(value));
  }
  if (event.cookies !== undefined && event.cookies.length > 0)
    headers.set('cookie', event.cookies.join('; '));
  return headers;
}

/** The web standards throw at other names, which mean nothing here. */
function isHeader(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

/** A value as its bytes on the wire, a character each; what no value may hold becomes a space. */
function wireValue(value: string): string {
  const bytes = /[^\0-\xff]/.test(value) ? Buffer.from(value).toString('latin1') : value;
  return bytes.replace(/[\0\r\n]/g, ' ');
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
