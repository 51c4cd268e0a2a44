import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Principal } from '../../local/principals.ts';
import { REGION } from '../../local/principals.ts';

export type Fetch = typeof globalThis.fetch;

/** A `fetch` that signs each request with AWS Signature V4 for Lambda, as a client of a function URL does. */
export function signedFetch(
  principal: Pick<Principal, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>,
): Fetch {
  const signer = new SignatureV4({
    service: 'lambda',
    region: REGION,
    sha256: Sha256,
    credentials: {
      accessKeyId: principal.accessKeyId,
      secretAccessKey: principal.secretAccessKey,
      ...(principal.sessionToken === undefined ? {} : { sessionToken: principal.sessionToken }),
    },
  });
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
    const headers = Object.fromEntries(request.headers);
    delete headers['authorization'];
    const signed = await signer.sign({
      method: request.method,
      protocol: url.protocol,
      hostname: url.hostname,
      port: Number(url.port),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      ...(body === undefined ? {} : { body }),
    });
    return fetch(url, {
      method: request.method,
      headers: signed.headers,
      // Not the signal of `request`: Node tells it of nothing once `request` is collected.
      signal: init?.signal ?? (input instanceof Request ? input.signal : null),
      ...(body === undefined ? {} : { body }),
    });
  };
}
