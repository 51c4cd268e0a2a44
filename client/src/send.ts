import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { CredentialProvider } from './credentials.ts';

/** As the global `fetch`, of which less is needed than it has. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A request that is read whole, as a signature over its body needs it. */
export interface Prepared {
  readonly method: string;
  readonly url: URL;
  /** The region of what stands at the URL. */
  readonly region: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** Signs a request and sends it; what is in `init` beside its head and body goes along. */
export type Send = (request: Prepared, init?: RequestInit) => Promise<Response>;

/** What a proxy on the way may change, and an honest one does, must not be signed. */
const SIGNED = /^(content-type|openai-proxy-.*)$/;
const EXPIRED = /security token included in the request is (expired|invalid)/i;
const WRONG_CLOCK = /Signature (expired|not yet current)/i;

/**
 * Makes a `Send` that signs with AWS Signature Version 4, for Lambda unless another service is named. A refusal for credentials that ran
 * out, or for a clock that is wrong, is answered once with new credentials, or by AWS's clock, since neither reached
 * the function.
 */
export function createSend(provider: CredentialProvider, fetch: Fetch, service = 'lambda'): Send {
  let clockOffset = 0;
  const attempt = async (request: Prepared, init: RequestInit, refresh: boolean): Promise<Response> => {
    const credentials = await provider({ forceRefresh: refresh });
    const signer = new SignatureV4({
      service,
      region: request.region,
      credentials,
      sha256: Hash.bind(null, 'sha256'),
    });
    const { url, headers } = await sign(request, signer, new Date(Date.now() + clockOffset));
    const { method, body } = request;
    return fetch(url, { ...init, method, headers, ...(body === undefined ? {} : { body }) });
  };
  return async (request, init = {}) => {
    const response = await attempt(request, init, false);
    if (response.status !== 403 || !response.headers.has('x-amzn-errortype')) return response;
    const reason = await response.clone().text();
    if (WRONG_CLOCK.test(reason)) clockOffset = offsetOf(response) ?? clockOffset;
    else if (!EXPIRED.test(reason)) return response;
    return attempt(request, init, EXPIRED.test(reason));
  };
}

async function sign(
  { method, url, headers, body }: Prepared,
  signer: SignatureV4,
  signingDate: Date,
): Promise<{ url: string; headers: Record<string, string> }> {
  const all = Object.fromEntries(headers);
  const query = [...new Set(url.searchParams.keys())].map(
    (name) => [name, url.searchParams.getAll(name)] as const,
  );
  const signed = await signer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(query),
      headers: {
        ...Object.fromEntries(Object.entries(all).filter(([name]) => SIGNED.test(name))),
        host: url.host,
      },
      ...(body === undefined ? {} : { body }),
    },
    { signingDate },
  );
  const { host: _, ...signature } = signed.headers;
  return { url: `${url.origin}${url.pathname}${queryText(query)}`, headers: { ...all, ...signature } };
}

/** As the signature's canonical form has it: what else says the same (`+` for a space) would not verify. */
function queryText(query: readonly (readonly [string, readonly string[]])[]): string {
  const pairs = query.flatMap(([name, values]) =>
    values.map((value) => `${encoded(name)}=${encoded(value)}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** How far this machine's clock is behind AWS's, in milliseconds. */
function offsetOf(response: Response): number | undefined {
  const date = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : date - Date.now();
}
