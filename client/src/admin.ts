import { FareboxError } from './errors.ts';
import { createLambdaApi, functionName, type LambdaOptions } from './lambda-api.ts';
import { settled } from './settings.ts';
import { DEFAULT_STAGE } from './stage.ts';

export interface AdminOptions extends LambdaOptions {
  /** The stage whose admin function is asked: `setStaging`, else `OPENAI_DEFAULT_STAGING`, else `dev`. */
  readonly staging?: string | undefined;
}

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}
/** A payload of the admin function; fields that are `undefined` are left out. */
export type Payload = Readonly<Record<string, Json | undefined>>;

export interface Admin {
  readonly staging: string;
  /**
   * Sends a payload, such as `{ command: 'list-limits', project: 'demo' }`, and reads the reply.
   *
   * @throws FareboxError with the code and the words of the refusal
   */
  run(payload: Payload, signal?: AbortSignal): Promise<JsonObject>;
}

/** The admin function of a stage; who may invoke it may do everything there. */
export function createAdmin(options: AdminOptions = {}): Admin {
  const staging = settled(options).staging ?? DEFAULT_STAGE;
  const api = createLambdaApi(options);
  return {
    staging,
    async run(payload, signal) {
      const reply = await api.invoke(functionName('admin', staging, options), payload, signal);
      if (!isObject(reply)) throw new FareboxError('refused', 'no_reply', 'The reply is no JSON object.');
      const { error } = reply;
      if (!isObject(error)) return reply;
      const kind = error['type'] === 'ledger_unavailable' ? 'unreachable' : 'refused';
      throw new FareboxError(kind, String(error['code']), String(error['message']));
    },
  };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface LimitRequest extends AdminOptions {
  /** USD a month; as a string it is exact to the last digit. */
  readonly limit: string | number;
  /** Created where it is not there yet. */
  readonly project: string;
  readonly user?: string | undefined;
  readonly model?: string | undefined;
}

/** A limit with its running period; amounts in USD. */
export interface LimitReport {
  readonly project: string | null;
  readonly user: string | null;
  readonly model: string | null;
  readonly period: 'day' | 'week' | 'month' | 'total';
  readonly limit: string;
  readonly spent: string;
  readonly held: string;
  readonly remaining: string;
  readonly resets_at: string | null;
  readonly warning?: string;
}

/** Sets the monthly limit of a project, or of a user or a model in it. */
export async function setLimits(request: LimitRequest): Promise<LimitReport> {
  const { limit, project, user, model, ...options } = request;
  const reply = await createAdmin(options).run({ project, user, model, limit });
  return reply as unknown as LimitReport;
}

export interface FlushRequest extends AdminOptions {
  /** Without it, the answers of the whole stage are forgotten. */
  readonly project?: string | undefined;
}

/** Makes the cache forget the answers of a stage, or of a project in it. */
export async function flushCache(request: FlushRequest = {}): Promise<void> {
  const { project, ...options } = request;
  await createAdmin(options).run({ command: 'flush-cache', project });
}

export type UsageGroup = 'project' | 'user' | 'model' | 'day' | 'month';

/** What is asked for; the running month, by project, where nothing is named. Days and months are UTC. */
export interface UsageRequest extends AdminOptions {
  readonly project?: string | undefined;
  readonly user?: string | undefined;
  readonly model?: string | undefined;
  readonly day?: string | undefined;
  readonly month?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly group_by?: readonly UsageGroup[] | undefined;
}

/** Counts, and amounts in USD; tokens and tools by the class in which OpenAI bills them. */
export interface UsageTotals {
  readonly calls: number;
  readonly hits: number;
  readonly tokens: Readonly<Record<string, number>>;
  readonly tools: Readonly<Record<string, number>>;
  readonly saved: string;
  readonly cost: string;
}
export type UsageRow = UsageTotals & { readonly [Group in UsageGroup]?: string };
export interface UsageReport {
  readonly from: string;
  readonly to: string;
  readonly rows: readonly UsageRow[];
  readonly total: UsageTotals;
}

/** What finished calls used and cost. */
export async function usage(request: UsageRequest = {}): Promise<UsageReport> {
  const { project, user, model, day, month, from, to, group_by, ...options } = request;
  const fields = { project, user, model, day, month, from, to, group_by };
  return (await createAdmin(options).run({ command: 'usage', ...fields })) as unknown as UsageReport;
}
