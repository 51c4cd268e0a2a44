import { bundledPrices } from '../prices/load.ts';
import { createSecretsManager, readAdminSecret, readStageSecret } from './aws/secrets-manager.ts';
import { type AdminConfig, endpointOf, type SweepConfig } from './config.ts';
import { createTruth } from './deferred/truth.ts';
import { createHttpUpstream } from './openai/http-upstream.ts';
import { createOrganization } from './openai/organization.ts';
import type { Invoice } from './ports/invoice.ts';
import { createPriceSource } from './pricing/price-source.ts';
import { type Books, clock } from './wire-books.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** What OpenAI tells a stage, which asks with its own key. */
export function wireTruth(config: SweepConfig, { objects, stagePrices, log }: Books) {
  const secrets = createSecretsManager({
    secretId: config.OPENAI_SECRET_ARN,
    parse: readStageSecret,
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL_SECRETS_MANAGER,
    clock,
  });
  const upstream = createHttpUpstream({
    baseUrl: new URL(config.OPENAI_BASE_URL),
    secrets,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  });
  const endpoint = endpointOf(config);
  const bundled = bundledPrices(endpoint);
  const prices = createPriceSource({ bundled, stagePrices, endpoint, clock, log });
  return { secrets, upstream, prices, truth: createTruth({ upstream, prices, objects, clock }) };
}

/** OpenAI's own account, where an admin key is configured: a credential of its own, which serves no call. */
export function wireInvoice(config: AdminConfig): Invoice | undefined {
  if (config.OPENAI_ADMIN_SECRET_ARN === undefined) return undefined;
  const secrets = createSecretsManager({
    secretId: config.OPENAI_ADMIN_SECRET_ARN,
    parse: readAdminSecret,
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL_SECRETS_MANAGER,
    clock,
  });
  const upstream = createHttpUpstream({
    baseUrl: new URL(config.OPENAI_BASE_URL),
    secrets,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  });
  return createOrganization({ upstream, project: config.OPENAI_PROJECT_ID });
}
