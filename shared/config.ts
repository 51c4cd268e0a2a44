import * as z from 'zod';
import { IDENTITY_CENTER_ROLES } from './core/identity.ts';
import { RETENTION_DAYS } from './core/ledger.ts';
import { projectNameProblem } from './core/names.ts';
import { TIERS } from './core/price.ts';
import {
  DEFERRED_CALLS_PER_PROJECT,
  FREE_CALLS_PER_MINUTE,
  OPEN_CALLS_PER_PROJECT,
} from './core/project-bounds.ts';

const listOr = (fallback: readonly string[]) =>
  z
    .string()
    .default(fallback.join(','))
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    );
const list = listOr([]);
const url = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });
const wholeIn = (least: number, most: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(least).max(most));
const whole = (fallback: number, least: number, most: number) => wholeIn(least, most).default(fallback);

/** Comma-separated percentages; `none` for none of them. */
const percentages = z
  .string()
  .regex(
    /^(none|(100|[1-9]\d?)(,(100|[1-9]\d?))*)$/,
    'must be percentages from 1 to 100, such as 50,80,100, or none',
  )
  .default('50,80,100')
  .transform((text) => (text === 'none' ? [] : [...new Set(text.split(',').map(Number))]));

const isNode = (node: string) => {
  const [, port] = /^[^:\s]+:(\d{1,5})$/.exec(node) ?? [];
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536;
};

const STAGE = z.object({
  STAGE: z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -'),
  TABLE_NAME: z.string().min(3, 'must name the DynamoDB table of the stage'),
  AWS_REGION: z.string().min(1, 'must name the AWS region'),
  LOG_LEVEL: z.enum(['info', 'warn', 'error']).default('info'),
  AWS_ENDPOINT_URL_DYNAMODB: url.optional(),
  AWS_ENDPOINT_URL_SECRETS_MANAGER: url.optional(),
  /** After so long an open call belongs to a dead function: more than the 900 s that Lambda lets one live. */
  LEASE_SECONDS: whole(960, 1, 86_400),
  LEDGER_DEADLINE_MS: whole(3_000, 100, 60_000),
  RETENTION_DAYS: whole(RETENTION_DAYS, 1, 3_650),
  SESSION_ROLES: list,
  IDENTITY_CENTER_ROLES: listOr(IDENTITY_CENTER_ROLES).refine(
    (roles) => roles.every((role) => role.startsWith('AWSReservedSSO_')),
    'must be roles of IAM Identity Center, AWSReservedSSO_…; those of your own go into SESSION_ROLES',
  ),
  ALERT_TOPIC_ARN: z.string().min(1).optional(),
  AWS_ENDPOINT_URL_SNS: url.optional(),
  BUDGET_THRESHOLDS: percentages,
});

const OPENAI_BASE_URL = url
  .refine((text) => !/[?#]/.test(text), 'must end with its path')
  .default('https://api.openai.com/v1');

const OPENAI_REGIONAL = z.enum(['0', '1']).optional();

const ADMIN = STAGE.extend({
  OPENAI_BASE_URL,
  OPENAI_REGIONAL,
  OPENAI_ADMIN_SECRET_ARN: z.string().optional(),
  OPENAI_PROJECT_ID: z.string().optional(),
});

/** Whoever asks OpenAI for something. */
const SWEEP = STAGE.extend({
  OPENAI_SECRET_ARN: z.string().min(1, "must name the secret that holds the stage's OpenAI key"),
  OPENAI_BASE_URL,
  OPENAI_REGIONAL,
});

const PROXY = SWEEP.extend({
  OPENAI_AUTO_TIER: z.enum(TIERS).default('priority'),
  UPSTREAM_TIMEOUT_SECONDS: whole(880, 1, 890),
  DEFAULT_PROJECT: z
    .string()
    .refine((name) => projectNameProblem(name) === undefined, 'must be the name of a project')
    .default('default'),
  TRUSTED_CALLERS: list,
  STAGING_HEADER: z.enum(['checked', 'ignored']).default('checked'),
  CACHE_NODES: list.refine((nodes) => nodes.every(isNode), 'must be host:port, host:port…'),
  CACHE_TABLE: z.string().min(3, 'must name the DynamoDB table that answers are cached in').optional(),
  CACHE_IN_PROCESS: z.enum(['0', '1']).default('0'),
  /** How long the cache may take for one item; a call whose cache is slower goes on as a miss. */
  CACHE_OPERATION_MS: wholeIn(1, 10_000).optional(),
  CACHE_TTL_SECONDS: whole(86_400, 1, 2_592_000),
  CACHE_WAIT_MS: whole(10_000, 0, 60_000),
  HOLD_WAIT_MS: whole(2_000, 0, 60_000),
  FREE_CALLS_PER_MINUTE: whole(FREE_CALLS_PER_MINUTE, 1, 1_000_000),
  OPEN_CALLS_PER_PROJECT: whole(OPEN_CALLS_PER_PROJECT, 1, 100_000),
  DEFERRED_CALLS_PER_PROJECT: whole(DEFERRED_CALLS_PER_PROJECT, 0, 10_000),
  MAX_BODY_BYTES: whole(6_291_456, 1, 104_857_600),
  MAX_CACHED_BYTES: whole(16_777_216, 0, 31_457_280),
})
  .refine((config) => config.CACHE_NODES.length === 0 || config.CACHE_TABLE === undefined, {
    path: ['CACHE_TABLE'],
    error: 'must not be set with CACHE_NODES: answers are cached in one place',
  })
  .refine((config) => config.LEASE_SECONDS > config.UPSTREAM_TIMEOUT_SECONDS, {
    path: ['LEASE_SECONDS'],
    error: 'must be more than UPSTREAM_TIMEOUT_SECONDS, or the sweep would settle calls that still go on',
  })
  .refine((config) => config.OPENAI_REGIONAL !== '0' || !isRegional(config.OPENAI_BASE_URL), {
    path: ['OPENAI_REGIONAL'],
    error: 'must not be 0 where OPENAI_BASE_URL is one of the regional endpoints, which charge more',
  })
  .refine((config) => config.LEASE_SECONDS * 1_000 > config.LEDGER_DEADLINE_MS, {
    path: ['LEASE_SECONDS'],
    error:
      'must be more than LEDGER_DEADLINE_MS, or the sweep would void calls that are about to be forwarded',
  });

/** `eu.api.openai.com` and the like: OpenAI's endpoints that process in one region ("Data residency" guide). */
function isRegional(baseUrl: string): boolean {
  return /^[a-z0-9-]+\.api\.openai\.com$/.test(new URL(baseUrl).hostname);
}

/** Whether a stage pays the prices of OpenAI's global endpoint, or those of its regional ones. */
export function endpointOf(
  config: Pick<AdminConfig, 'OPENAI_REGIONAL' | 'OPENAI_BASE_URL'>,
): 'global' | 'regional' {
  return config.OPENAI_REGIONAL === '1' || isRegional(config.OPENAI_BASE_URL) ? 'regional' : 'global';
}

export type StageConfig = z.infer<typeof STAGE>;
export type AdminConfig = z.infer<typeof ADMIN>;
export type SweepConfig = z.infer<typeof SWEEP>;
export type ProxyConfig = z.infer<typeof PROXY>;
type Env = Readonly<Record<string, string | undefined>>;

/** Reads what the sweep needs. Throws one error that names every problem at once. */
export function readSweepConfig(env: Env): SweepConfig {
  return read(SWEEP, env);
}

/** Reads what the admin needs. Throws one error that names every problem at once. */
export function readAdminConfig(env: Env): AdminConfig {
  return read(ADMIN, env);
}

/** Reads what the proxy needs. Throws one error that names every problem at once. */
export function readProxyConfig(env: Env): ProxyConfig {
  return read(PROXY, env);
}

function read<T>(shape: z.ZodType<T>, env: Env): T {
  // An empty variable is one that was not set: Terraform and shells write both the same.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = shape.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `${name} ${name in given ? issue.message : `is not set${issue.code === 'invalid_type' ? '' : `: ${issue.message}`}`}`;
  });
  throw new Error(`The configuration cannot be used:\n- ${problems.join('\n- ')}`);
}
