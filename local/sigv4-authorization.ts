import { type AwsError, signatureError } from './aws-error.ts';
import { header, type WireRequest } from './http.ts';
import type { Scope } from './sigv4-canonical.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** The longest life that a presigned URL may ask for, in seconds: seven days. */
const MAX_EXPIRES = 604_800;
const FIELDS = ['Credential', 'SignedHeaders', 'Signature'] as const;

/** What a request says about its own signature: nothing of it is believed yet. */
export interface Authorization {
  readonly accessKeyId: string;
  readonly scope: Scope;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly amzDate: string;
  readonly signedAt: number;
  /** How long a presigned URL lives, in milliseconds; absent: signed in headers. */
  readonly livesMs?: number;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly sessionToken?: string;
}

interface Fields {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly amzDate: string;
  readonly sessionToken: string | undefined;
  readonly livesMs?: number;
}

/**
 * Reads a Signature V4 from the `Authorization` header or from a presigned query, whichever there is.
 *
 * @returns `undefined` when the request carries no such signature at all
 */
export function readAuthorization(request: WireRequest): Authorization | AwsError | undefined {
  const query = new URLSearchParams(request.query);
  const authorization = header(request, 'authorization');
  const inHeader = authorization?.startsWith('AWS4-') ?? false;
  const inQuery = query.has('X-Amz-Algorithm');
  if (inHeader && inQuery) {
    return signatureError(
      'InvalidSignatureException',
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
  }
  if (inQuery) return complete(fromQuery(query));
  return inHeader ? complete(fromHeader(request, authorization ?? '')) : undefined;
}

function fromHeader(request: WireRequest, authorization: string): Fields | AwsError {
  const space = authorization.indexOf(' ');
  const algorithm = space === -1 ? authorization : authorization.slice(0, space);
  if (algorithm !== ALGORITHM) return unsupported(algorithm);
  const given = new Map(
    authorization
      .slice(space + 1)
      .split(',')
      .map((part) => part.trim())
      .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const),
  );
  const missing: string[] = FIELDS.filter((name) => !given.get(name)).map(
    (name) => `Authorization header requires '${name}' parameter.`,
  );
  const amzDate = header(request, 'x-amz-date') ?? basicFormat(header(request, 'date'));
  if (amzDate === undefined) {
    missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (missing.length > 0) return incomplete(missing.join(' '));
  return {
    credential: given.get('Credential') ?? '',
    signedHeaders: given.get('SignedHeaders') ?? '',
    signature: given.get('Signature') ?? '',
    amzDate: amzDate ?? '',
    sessionToken: header(request, 'x-amz-security-token'),
  };
}

function fromQuery(query: URLSearchParams): Fields | AwsError {
  const algorithm = query.get('X-Amz-Algorithm') ?? '';
  if (algorithm !== ALGORITHM) return unsupported(algorithm);
  const missing = ['Credential', 'Signature', 'SignedHeaders', 'Date', 'Expires']
    .filter((name) => !query.get(`X-Amz-${name}`))
    .map((name) => `AWS query-string parameters must include 'X-Amz-${name}'.`);
  if (missing.length > 0) return incomplete(`${missing.join(' ')} Re-examine the query-string parameters.`);
  const expires = Number(query.get('X-Amz-Expires'));
  if (!Number.isInteger(expires) || expires < 1 || expires > MAX_EXPIRES)
    return incomplete(`X-Amz-Expires must be between 1 and ${MAX_EXPIRES} seconds.`);
  return {
    credential: query.get('X-Amz-Credential') ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    signature: query.get('X-Amz-Signature') ?? '',
    amzDate: query.get('X-Amz-Date') ?? '',
    sessionToken: query.get('X-Amz-Security-Token') ?? undefined,
    livesMs: expires * 1000,
  };
}

function complete(fields: Fields | AwsError): Authorization | AwsError {
  if ('kind' in fields) return fields;
  const { credential, amzDate, sessionToken, livesMs } = fields;
  const signedAt = parseAmzDate(amzDate);
  if (signedAt === undefined) {
    return incomplete(
      `Date must be in ISO-8601 'basic format'. Got '${amzDate}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  const parts = credential.split('/');
  const [accessKeyId, date, region, service, terminator] = parts;
  if (parts.length !== 5 || !accessKeyId || !date || !region || !service || !terminator) {
    return incomplete(
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, ' +
        `got '${credential}'`,
    );
  }
  if (terminator !== 'aws4_request') {
    return signatureError(
      'InvalidSignatureException',
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'. `,
    );
  }
  return {
    accessKeyId,
    scope: { date, region, service },
    amzDate,
    signedAt,
    signedHeaders: fields.signedHeaders.split(';'),
    signature: fields.signature,
    ...(livesMs === undefined ? {} : { livesMs }),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

/** The header `Date`, in which AWS takes the format of HTTP as well as its own. */
function basicFormat(date: string | undefined): string | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? date : new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function incomplete(message: string): AwsError {
  return signatureError('IncompleteSignatureException', message);
}

function unsupported(algorithm: string): AwsError {
  return incomplete(`Unsupported AWS 'algorithm': '${algorithm}' (only AWS4-HMAC-SHA256 for now). `);
}
