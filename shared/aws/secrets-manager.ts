import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { OpenAiCredentials, Secrets, StageSecrets } from '../ports/secrets.ts';

/** How long a secret is used before it is read again, so that a rotated key is picked up. */
const FRESH_MS = 5 * 60_000;

/** While Secrets Manager does not answer, it is asked again after so long. */
const RETRY_MS = 30_000;

/** A call that waits for a secret may hold money: it waits no longer than this, all attempts together. */
const DEADLINE_MS = 3_000;

/** The value of a stage's secret: the OpenAI key alone, or this JSON. */
const STAGE_SHAPE = z.strictObject({
  openai_api_key: z.string().min(1),
  openai_organization: z.string().min(1).optional(),
  openai_project: z.string().min(1).optional(),
  cache_secret: z.string().min(16).optional(),
});

/** The value of the secret that the admin reads OpenAI's invoice with: an admin key alone, or this JSON. */
const ADMIN_SHAPE = z.strictObject({
  openai_admin_key: z.string().min(1),
  openai_organization: z.string().min(1).optional(),
});

export interface SecretsManagerOptions<T> {
  /** ARN or name of the secret. */
  readonly secretId: string;
  /** Reads the secret's text; what it throws must not repeat any of it. */
  readonly parse: (text: string) => T;
  readonly region: string;
  readonly endpoint?: string | undefined;
  readonly clock: Clock;
  /** How long one read may take, in milliseconds; 3,000 where absent. */
  readonly deadlineMs?: number;
}

/**
 * One secret from AWS Secrets Manager, kept in memory for five minutes. While Secrets Manager cannot be
 * reached, what was last read stays in use. A read ends within three seconds; it throws when nothing was read yet,
 * and never with the secret's text.
 */
export function createSecretsManager<T>(options: SecretsManagerOptions<T>): Secrets<T> {
  const { secretId, parse, region, endpoint, clock, deadlineMs = DEADLINE_MS } = options;
  const client = new SecretsManagerClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 3,
  });
  let known: { readonly secrets: T; readonly freshUntil: number } | undefined;
  let reading: Promise<T> | undefined;

  const fetchSecrets = async (): Promise<T> => {
    const command = new GetSecretValueCommand({ SecretId: secretId });
    const { SecretString } = await client.send(command, { abortSignal: AbortSignal.timeout(deadlineMs) });
    const secrets = parse(SecretString ?? '');
    known = { secrets, freshUntil: clock.now() + FRESH_MS };
    return secrets;
  };
  const lastKnown = (error: unknown): T => {
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
  const secret = readSecret(STAGE_SHAPE, text, 'openai_api_key', "The stage's secret");
  return {
    openaiApiKey: secret.openai_api_key,
    cacheSecret: secret.cache_secret ?? secret.openai_api_key,
    ...(secret.openai_organization === undefined ? {} : { openaiOrganization: secret.openai_organization }),
    ...(secret.openai_project === undefined ? {} : { openaiProject: secret.openai_project }),
  };
}

/**
 * Reads the text of the secret with OpenAI's admin key: the key alone, or JSON with `openai_admin_key` and, optionally,
 * `openai_organization`.
 *
 * @throws Error that names the fields at fault, never their values
 */
export function readAdminSecret(text: string): OpenAiCredentials {
  const secret = readSecret(ADMIN_SHAPE, text, 'openai_admin_key', "The admin key's secret");
  return {
    openaiApiKey: secret.openai_admin_key,
    ...(secret.openai_organization === undefined ? {} : { openaiOrganization: secret.openai_organization }),
  };
}

/** @param bare the field that a text which is no JSON is the value of */
function readSecret<T>(shape: z.ZodType<T>, text: string, bare: string, what: string): T {
  const value = text.trimStart().startsWith('{') ? jsonOf(text, what) : { [bare]: text.trim() };
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => `${issue.path.join('.') || 'secret'} (${issue.code})`);
  throw new Error(`${what} is not usable: ${fields.join(', ')}.`);
}

function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${what} is not usable: it is no JSON.`);
  }
}
