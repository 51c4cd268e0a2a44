export * from 'openai';
export {
  type Admin,
  type AdminOptions,
  createAdmin,
  type FlushRequest,
  flushCache,
  type LimitReport,
  type LimitRequest,
  setLimits,
  type UsageGroup,
  type UsageReport,
  type UsageRequest,
  type UsageRow,
  type UsageTotals,
  usage,
} from './admin.ts';
export type { Credentials } from './credentials.ts';
export { FareboxError } from './errors.ts';
export { createFetch, type Fetch, type FetchOptions } from './fetch.ts';
export { type ClientOptions, OpenAI, OpenAI as default } from './openai.ts';
export { setCaching, setProject, setStaging } from './settings.ts';
