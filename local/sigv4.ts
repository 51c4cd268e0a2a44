import { timingSafeEqual } from 'node:crypto';
import { type AwsError, signatureError } from './aws-error.ts';
import { header, type WireRequest } from './http.ts';
import type { Principal } from './principals.ts';
import { type Authorization, readAuthorization } from './sigv4-authorization.ts';
import { canonicalRequest, sha256, signature, stringToSign } from './sigv4-canonical.ts';

/** How far a signer's clock may be off, in milliseconds. */
const MAX_SKEW_MS = 300_000;

export interface Verifier {
  readonly region: string;
  /** The service that the signature must be scoped to, such as `lambda`. */
  readonly service: string;
  readonly principals: readonly Principal[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Verifies a request's AWS Signature Version 4, in the header or presigned, and says who signed it. The checks go
 * in AWS's order and refuse in AWS's words.
 *
 * The body always counts: its hash is computed here, so `UNSIGNED-PAYLOAD` does not verify. Lambda function URLs
 * refuse it too ("Lambda doesn't support unsigned payloads",
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-lambda.html).
 *
 * @returns `undefined` when the request carries no signature at all, which each service words in its own way
 */
export function verifySignature(request: WireRequest, verifier: Verifier): Principal | AwsError | undefined {
  const authorization = readAuthorization(request);
  if (authorization === undefined || 'kind' in authorization) return authorization;
  const fault =
    checkTime(authorization, verifier.now()) ??
    checkSignedHeaders(request, authorization) ??
    checkScope(authorization, verifier);
  if (fault !== undefined) return fault;

  const principal = verifier.principals.find(({ accessKeyId }) => accessKeyId === authorization.accessKeyId);
  if (principal === undefined || principal.sessionToken !== authorization.sessionToken) {
    return signatureError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  return isSignedBy(principal, request, authorization) ? principal : mismatch();
}

/**
 * Headers of AWS that a request carries and its signature does not cover: AWS's documents ask for all of them to be
 * signed, its services do not insist.
 */
export function unsignedAwsHeaders(request: WireRequest): string[] {
  const authorization = readAuthorization(request);
  if (authorization === undefined || 'kind' in authorization) return [];
  const names = request.headers.map(([name]) => name.toLowerCase());
  return names.filter((name) => name.startsWith('x-amz-') && !authorization.signedHeaders.includes(name));
}

function isSignedBy(principal: Principal, request: WireRequest, authorization: Authorization): boolean {
  const { amzDate, scope, signedHeaders } = authorization;
  const payloadHash = sha256(request.body);
  const declared = header(request, 'x-amz-content-sha256');
  if (declared !== undefined && declared !== payloadHash) return false;
  const text = stringToSign(amzDate, scope, canonicalRequest(request, signedHeaders, payloadHash));
  const expected = Buffer.from(signature(principal.secretAccessKey, scope, text));
  const given = Buffer.from(authorization.signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function checkTime({ amzDate, signedAt, livesMs }: Authorization, now: number): AwsError | undefined {
  const lives = livesMs ?? MAX_SKEW_MS;
  if (signedAt < now - lives) {
    return invalid(
      `Signature expired: ${amzDate} is now earlier than ${basicDate(now - lives)} ` +
        `(${basicDate(now)} - ${span(lives)}.)`,
    );
  }
  if (signedAt > now + MAX_SKEW_MS) {
    return invalid(
      `Signature not yet current: ${amzDate} is still later than ${basicDate(now + MAX_SKEW_MS)} ` +
        `(${basicDate(now)} + ${span(MAX_SKEW_MS)}.)`,
    );
  }
  return undefined;
}

function checkSignedHeaders(
  request: WireRequest,
  { signedHeaders, livesMs }: Authorization,
): AwsError | undefined {
  if (!signedHeaders.includes('host'))
    return invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  const date = header(request, 'x-amz-date') === undefined ? 'Date' : 'X-Amz-Date';
  if (livesMs === undefined && !signedHeaders.includes(date.toLowerCase()))
    return invalid(`'${date}' must be a 'SignedHeader' in the AWS Authorization.`);
  // AWS sorts them before it hashes, so that others do not verify.
  const isSorted = signedHeaders.join(';') === [...signedHeaders].sort().join(';');
  return isSorted && signedHeaders.every((name) => header(request, name) !== undefined)
    ? undefined
    : mismatch();
}

function checkScope({ scope, amzDate }: Authorization, { region, service }: Verifier): AwsError | undefined {
  const day = amzDate.slice(0, 8);
  const faults = [
    ...(scope.region === region
      ? []
      : [`Credential should be scoped to a valid region, not '${scope.region}'. `]),
    ...(scope.service === service ? [] : [`Credential should be scoped to correct service: '${service}'. `]),
    ...(scope.date === day
      ? []
      : [
          'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
            `'${scope.date}' != '${day}', from '${amzDate}'.`,
        ]),
  ];
  return faults.length === 0 ? undefined : invalid(faults.join(''));
}

function mismatch(): AwsError {
  return invalid(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access ' +
      'Key and signing method. Consult the service documentation for details.',
  );
}

function invalid(message: string): AwsError {
  return signatureError('InvalidSignatureException', message);
}

function basicDate(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
}

function span(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
