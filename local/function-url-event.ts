import type { LambdaFunctionURLEventWithIAMAuthorizer } from 'aws-lambda';
import { header, type WireRequest } from './http.ts';
import { ACCOUNT_ID, type Principal } from './principals.ts';

/** The largest request that Lambda takes, in bytes, with a binary body in base64. */
export const MAX_REQUEST_BYTES = 6_291_456;

/** Types whose bodies stand in the event as they are; all others arrive in base64, form posts among them. */
const TEXT_TYPES = /^(text\/.*|application\/(json|javascript|xml|.+\+json|.+\+xml))$/;

export interface Arrival {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly apiId: string;
  readonly sourceIp: string;
}

/**
 * Makes the event that a function URL with IAM authorisation hands to its function: payload format 2.0. The path
 * and the query stay as they were sent.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */
export function toFunctionUrlEvent(
  request: WireRequest,
  principal: Principal,
  arrival: Arrival,
): LambdaFunctionURLEventWithIAMAuthorizer {
  const { requestId, at, apiId, sourceIp } = arrival;
  const domainName = header(request, 'host') ?? '';
  const query = queryParameters(request.query);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: request.path,
    rawQueryString: request.query,
    ...cookies(request),
    headers: eventHeaders(request, arrival),
    ...(query === undefined ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: ACCOUNT_ID,
      apiId,
      authorizer: { iam: iamOf(principal) },
      domainName,
      domainPrefix: apiId,
      http: {
        method: request.method,
        path: request.path,
        protocol: 'HTTP/1.1',
        sourceIp,
        userAgent: header(request, 'user-agent') ?? '',
      },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(at),
      timeEpoch: at,
    },
    ...eventBody(request),
  };
}

type Iam = LambdaFunctionURLEventWithIAMAuthorizer['requestContext']['authorizer']['iam'];

function iamOf({ accessKeyId, userArn, userId }: Principal): Iam {
  return {
    accessKey: accessKeyId,
    accountId: ACCOUNT_ID,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: 'o-local',
    userArn,
    userId,
  };
}

/** Names in lower case, duplicates joined by commas, cookies taken out, and what Lambda's own front adds. */
function eventHeaders(request: WireRequest, arrival: Arrival): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) {
    const key = name.toLowerCase();
    if (key === 'cookie') continue;
    headers[key] = key in headers ? `${headers[key]},${text(value)}` : text(value);
  }
  const epoch = Math.floor(arrival.at / 1000).toString(16);
  return {
    ...headers,
    'x-amzn-trace-id': `Root=1-${epoch}-${arrival.requestId.replaceAll('-', '').slice(0, 24)}`,
    'x-forwarded-for': arrival.sourceIp,
    'x-forwarded-port': /:(\d+)$/.exec(headers['host'] ?? '')?.[1] ?? '80',
    'x-forwarded-proto': 'http',
  };
}

function cookies(request: WireRequest): { cookies?: string[] } {
  const all = request.headers
    .filter(([name]) => name.toLowerCase() === 'cookie')
    .flatMap(([, value]) => value.split(';'))
    .map((cookie) => text(cookie.trim()))
    .filter((cookie) => cookie !== '');
  return all.length === 0 ? {} : { cookies: all };
}

function queryParameters(query: string): Record<string, string> | undefined {
  if (query === '') return undefined;
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query))
    parameters[name] = name in parameters ? `${parameters[name]},${value}` : value;
  return parameters;
}

function eventBody(request: WireRequest): { body?: string; isBase64Encoded: boolean } {
  if (request.body.length === 0) return { isBase64Encoded: false };
  const body = Buffer.from(request.body);
  const type = (header(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const encoded = header(request, 'content-encoding') !== undefined || !TEXT_TYPES.test(type);
  const plain = encoded ? undefined : utf8(body);
  return plain === undefined
    ? { body: body.toString('base64'), isBase64Encoded: true }
    : { body: plain, isBase64Encoded: false };
}

/** A header's bytes as text: UTF-8 where they are, else as they came. */
function text(value: string): string {
  return utf8(Buffer.from(value, 'latin1')) ?? value;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(at: number): string {
  const [, day, month, year, time] = new Date(at).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
