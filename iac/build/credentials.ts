import { fromEnv } from '@aws-sdk/credential-provider-env';

/*
 * Takes the place of `@aws-sdk/credential-provider-node` in the bundles. Lambda gives a function its role's keys in
 * the environment, which is where the whole chain looks first; the rest of it (profiles, SSO, processes, metadata
 * services) is a tenth of a bundle that can only ever fail there.
 */
export const defaultProvider = () => fromEnv();
