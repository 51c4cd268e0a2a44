import { bundledPrices } from '../prices/load.ts';
import { createSecretsManager, readAdminSecret, readStageSecret } from './aws/secrets-manager.ts';
import { type AdminConfig, endpointOf, type SweepConfig } from './config.ts';
import { createTruth } from './deferred/truth.ts';
import { createHttpUpstream } from './openai/http-upstream.ts';
import { createOrganization } from './openai/organization.ts';
import type { Invoice } from './ports/invoice.ts';
import type { OpenAiCredentials } from './ports/secrets.ts';
import { createPriceSource } from './pricing/price-source.ts';
import { type Books, clock } from './wire-books.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** A way to OpenAI with the key of one secret. */
function wireUpstream<S extends OpenAiCredentials>(
  config: Pick<SweepConfig, 'AWS_REGION' | 'AWS_ENDPOINT_URL_SECRETS_MANAGER' | 'OPENAI_BASE_URL'>,
  secretId: string,
  parse: (text: string) => S,
) {
  const secrets = createSecretsManager({
    secretId,
    parse,
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL_SECRETS_MANAGER,
    clock,
  });
  const baseUrl = new URL(config.OPENAI_BASE_URL);
  return {
    secrets,
    upstream: createHttpUpstream({ baseUrl, secrets, connectTimeoutMs: CONNECT_TIMEOUT_MS }),
  };
}

/** What OpenAI tells a stage, which asks with its own key. */
export function wireTruth(config: SweepConfig, { objects, stagePrices, log }: Books) {
  const { secrets, upstream } = wireUpstream(config, config.OPENAI_SECRET_ARN, readStageSecret);
  const endpoint = endpointOf(config);
  const bundled = bundledPrices(endpoint);
  const prices = createPriceSource({ bundled, stagePrices, endpoint, clock, log });
  return { secrets, upstream, prices, truth: createTruth({ upstream, prices, objects, clock }) };
}

/** OpenAI's own account, where an admin key is configured: a credential of its own, which serves no call. */
export function wireInvoice(config: AdminConfig): Invoice | undefined {
  const { OPENAI_ADMIN_SECRET_ARN: secretId, OPENAI_PROJECT_ID: project } = config;
  if (secretId === undefined) return undefined;
  const { upstream } = wireUpstream(config, secretId, readAdminSecret);
  return createOrganization({ upstream, project });
}
