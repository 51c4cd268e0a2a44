import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { Secrets, StageSecrets } from '../ports/secrets.ts';

/** How long a secret is used before it is read again, so that a rotated key is picked up. */
const FRESH_MS = 5 * 60_000;

/** While Secrets Manager does not answer, it is asked again after so long. */
const RETRY_MS = 30_000;

/** A call that waits for a secret may hold money: it waits no longer than this, all attempts together. */
const DEADLINE_MS = 3_000;

/** The secret's value: the OpenAI key alone, or this JSON. */
const SHAPE = z.strictObject({
  openai_api_key: z.string().min(1),
  openai_organization: z.string().min(1).optional(),
  openai_project: z.string().min(1).optional(),
  cache_secret: z.string().min(16).optional(),
});

export interface SecretsManagerOptions {
  /** ARN or name of the stage's secret. */
  readonly secretId: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
  readonly clock: Clock;
  /** How long one read may take, in milliseconds; 3,000 where absent. */
  readonly deadlineMs?: number;
}

/**
 * A stage's secrets from AWS Secrets Manager, kept in memory for five minutes. While Secrets Manager cannot be
 * reached, those last read stay in use. A read ends within three seconds; it throws when there are no secrets yet,
 * and never with the secret's text.
 */
export function createSecretsManager(options: SecretsManagerOptions): Secrets {
  const { secretId, region, endpoint, clock, deadlineMs = DEADLINE_MS } = options;
  const client = new SecretsManagerClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 3,
  });
  let known: { readonly secrets: StageSecrets; readonly freshUntil: number } | undefined;
  let reading: Promise<StageSecrets> | undefined;

  const fetchSecrets = async (): Promise<StageSecrets> => {
    const command = new GetSecretValueCommand({ SecretId: secretId });
    const { SecretString } = await client.send(command, { abortSignal: AbortSignal.timeout(deadlineMs) });
    const secrets = readStageSecret(SecretString ?? '');
    known = { secrets, freshUntil: clock.now() + FRESH_MS };
    return secrets;
  };
  const lastKnown = (error: unknown): StageSecrets => {
    if (known === undefined) throw error;
    known = { ...known, freshUntil: clock.now() + RETRY_MS };
    return known.secrets;
  };

  return {
    async read() {
      if (known !== undefined && clock.now() < known.freshUntil) return known.secrets;
      reading ??= fetchSecrets()
        .catch(lastKnown)
        .finally(() => {
          reading = undefined;
        });
      return reading;
    },
  };
}

/**
 * Reads the text of a stage's secret: a bare OpenAI key, or JSON with `openai_api_key` and, optionally,
 * `openai_organization`, `openai_project`, `cache_secret`. Without a `cache_secret` the cache is sealed with the key.
 *
 * @throws Error that names the fields at fault, never their values
 */
export function readStageSecret(text: string): StageSecrets {
  const value = text.trimStart().startsWith('{') ? jsonOf(text) : { openai_api_key: text.trim() };
  const shape = SHAPE.safeParse(value);
  if (!shape.success) {
    const fields = shape.error.issues.map((issue) => `${issue.path.join('.') || 'secret'} (${issue.code})`);
    throw new Error(`The stage's secret is not usable: ${fields.join(', ')}.`);
  }
  const secret = shape.data;
  return {
    openaiApiKey: secret.openai_api_key,
    cacheSecret: secret.cache_secret ?? secret.openai_api_key,
    ...(secret.openai_organization === undefined ? {} : { openaiOrganization: secret.openai_organization }),
    ...(secret.openai_project === undefined ? {} : { openaiProject: secret.openai_project }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("The stage's secret is not usable: it is no JSON.");
  }
}
