import { memoize } from '@smithy/core/config';
import type { AwsCredentialIdentity } from '@smithy/types';
import { FareboxError, messageOf } from './errors.ts';

/** AWS credentials, or what provides them: any provider of `@aws-sdk/credential-providers`, or your own. */
export type Credentials = AwsCredentialIdentity | (() => Promise<AwsCredentialIdentity>);

/** Gives credentials that are still good; `forceRefresh` gets new ones although the old look good. */
export type CredentialProvider = (options?: { forceRefresh?: boolean }) => Promise<AwsCredentialIdentity>;

export interface Identity {
  /** Without them the AWS SDK's default chain looks: environment, profile, SSO, web identity, container, instance. */
  readonly credentials?: Credentials | undefined;
  /** A profile of the AWS configuration; `AWS_PROFILE` where it is left out. */
  readonly profile?: string | undefined;
}

/** Credentials that are about to run out are replaced this long before, in milliseconds. */
const REFRESH_BEFORE_MS = 300_000;

/**
 * Makes a provider that asks for new credentials when those it has run out. Calls that come meanwhile wait for the same
 * answer. Rejects with a `FareboxError` of kind `credentials`.
 */
export function credentialProvider({ credentials, profile }: Identity): CredentialProvider {
  if (typeof credentials === 'object') return async () => credentials;
  const provider = credentials ?? defaultChain(profile);
  const kept = memoize(
    provider,
    ({ expiration }) => expiration !== undefined && expiration.getTime() - Date.now() < REFRESH_BEFORE_MS,
    ({ expiration }) => expiration !== undefined,
  );
  return async (options) => {
    try {
      return await kept(options);
    } catch (error) {
      throw new FareboxError(
        'credentials',
        'no_credentials',
        `AWS gives no credentials: ${messageOf(error).replace(/\.?$/, '.')} Sign in ("aws sso login", "aws configure"), name a profile ` +
          '(AWS_PROFILE), or run where a role provides them.',
      );
    }
  };
}

function defaultChain(profile: string | undefined): () => Promise<AwsCredentialIdentity> {
  let chain: CredentialProvider | undefined;
  return async () => {
    if (chain === undefined) {
      const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
      chain = fromNodeProviderChain(profile === undefined ? {} : { profile });
    }
    // What it keeps itself would come back unchanged from a refresh that was forced.
    return chain({ forceRefresh: true });
  };
}
