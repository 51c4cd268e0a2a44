import { MOST_BODY_BYTES } from './body.ts';
import { FareboxError } from './errors.ts';

/** A refusal in the shape of OpenAI's errors, so that SDKs raise it with its message, and do not try again. */
function refusal(status: number, code: string, message: string): Response {
  const error = { message, type: 'invalid_request_error', param: null, code };
  return Response.json({ error }, { status, headers: { 'x-should-retry': 'false' } });
}

/** The answer to a body that no Lambda function URL takes. */
export function tooLarge(): Response {
  return refusal(
    413,
    'request_too_large',
    `The request body is larger than ${MOST_BODY_BYTES} bytes, the most that a Lambda function URL takes. ` +
      'Send less, or refer to files by URL.',
  );
}

/** The answer to a request that could not be sent for want of credentials or configuration; others are thrown. */
export function unsent(error: unknown): Response {
  if (!(error instanceof FareboxError)) throw error;
  if (error.kind === 'credentials') return refusal(401, error.code, error.message);
  if (error.kind === 'configuration') return refusal(400, error.code, error.message);
  throw error;
}

/** What AWS itself refuses, before the function sees it, by the name of its exception. */
const BY_AWS: readonly (readonly [RegExp, string, string])[] = [
  [
    /^AccessDenied/,
    'access_denied',
    'These AWS credentials may not call this stage. They need lambda:InvokeFunctionUrl and, through the URL, ' +
      'lambda:InvokeFunction on its proxy function; "farebox doctor" says who you are and what is missing.',
  ],
  [
    /ExpiredToken|UnrecognizedClient/,
    'credentials_expired',
    'These AWS credentials are no longer good. Sign in again ("aws sso login"), or renew what AWS_SESSION_TOKEN holds.',
  ],
  [
    /InvalidSignature|IncompleteSignature/,
    'invalid_signature',
    'AWS does not accept the signature: the secret key or the region may be wrong. "farebox doctor" looks.',
  ],
];

/**
 * Turns what AWS answers in the function's place (`{"Message"}`, of which OpenAI's SDKs read nothing) into the shape of
 * OpenAI's errors; every other answer is left as it is.
 */
export async function explained(response: Response): Promise<Response> {
  const type = response.headers.get('x-amzn-errortype');
  if (response.ok || type === null) return response;
  if (response.status === 413) return tooLarge();
  const [, code, advice] = BY_AWS.find(([name]) => name.test(type)) ?? [];
  const said = wordsOf(await response.text());
  if (response.status === 403)
    return refusal(403, code ?? 'aws_refused', [advice, `AWS says: ${said}`].filter(Boolean).join(' '));
  const error = { message: `AWS says: ${said}`, type: 'server_error', param: null, code: 'aws_error' };
  const retryAfter = response.headers.get('retry-after');
  return Response.json(
    { error },
    { status: response.status, headers: retryAfter === null ? {} : { 'retry-after': retryAfter } },
  );
}

function wordsOf(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) return text;
    const message = 'message' in body ? body.message : 'Message' in body ? body.Message : text;
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}
