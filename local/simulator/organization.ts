import { formatUsd, type Picodollars } from '../../shared/core/money.ts';
import type { BilledClass } from '../../shared/core/usage.ts';
import { type CostSum, USAGE_KINDS, type UsageKind, type UsageSum } from './account.ts';
import { CONTAINER_MINUTES } from './hosted-tools.ts';
import { type PageQuery, readPageQuery } from './organization-query.ts';
import { apiError, isReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';

/*
 * What the simulated organization was billed and used, as `GET /organization/costs` and `/organization/usage/…` tell it.
 */

/** JSON with an exact decimal: what TypeScript does not know of the "JSON.parse source text access" proposal. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/** `GET /organization/costs` */
export function organizationCosts({ query }: EndpointRequest, { account, now }: Simulation): Reply {
  const asked = readPageQuery(query, ['project_id', 'line_item'], 180, now());
  if (isReply(asked)) return asked;
  const wanted = [...account.costs()].filter(
    ({ project, lineItem }) => asked.allows('project_ids', project) && asked.allows('line_items', lineItem),
  );
  return page(asked, wanted, (group) => costResult(group, asked));
}

/** Kinds that OpenAI has, of which this account never uses anything. */
const UNUSED_KINDS: ReadonlySet<string> = new Set(['vector_stores']);

/** `GET /organization/usage/{kind}` */
export function organizationUsage({ query, id }: EndpointRequest, { account, now }: Simulation): Reply {
  const kind = USAGE_KINDS.find((known) => known === id);
  if (kind === undefined && !UNUSED_KINDS.has(id))
    return apiError(404, `Invalid URL (GET /v1/organization/usage/${id})`);
  const asked = readPageQuery(query, groupsOf(id), 31, now());
  if (isReply(asked)) return asked;
  const wanted = [...account.usage()].filter(
    (sum) =>
      sum.kind === kind && asked.allows('project_ids', sum.project) && asked.allows('models', sum.model),
  );
  return page(asked, wanted, (group) => usageResult(group, asked));
}

/** Kinds that are not told apart by model. */
const WITHOUT_MODEL = ['file_search_calls', 'code_interpreter_sessions', 'vector_stores'];

function groupsOf(kind: string): readonly string[] {
  if (kind === 'completions') return ['project_id', 'model', 'service_tier', 'batch'];
  return WITHOUT_MODEL.includes(kind) ? ['project_id'] : ['project_id', 'model'];
}

/** One page of daily buckets; in each, what is alike in all that the request groups by is one result. */
function page<S extends CostSum | UsageSum>(
  asked: PageQuery,
  sums: readonly S[],
  result: (group: readonly [S, ...S[]]) => object,
): Reply {
  const data = asked.days.map(({ day, start }) => {
    const groups = Map.groupBy(
      sums.filter((sum) => sum.day === day),
      (sum) => JSON.stringify(asked.groupBy.map((field) => fieldOf(sum, field))),
    );
    const results = [...groups.values()].map(([first, ...rest]) => (first ? result([first, ...rest]) : {}));
    return { object: 'bucket', start_time: start, end_time: start + 86_400, results };
  });
  return ok({ object: 'page', data, has_more: asked.next !== null, next_page: asked.next });
}

function fieldOf(sum: CostSum | UsageSum, field: string): string {
  if (field === 'project_id') return sum.project;
  if ('lineItem' in sum) return sum.lineItem;
  if (field === 'batch') return String(sum.tier === 'batch');
  return field === 'service_tier' ? sum.tier : sum.model;
}

function costResult(group: readonly [CostSum, ...CostSum[]], { groupBy }: PageQuery): object {
  const amount = group.reduce((total, cost): Picodollars => total + cost.amount, 0n);
  const byLine = groupBy.includes('line_item');
  return {
    object: 'organization.costs.result',
    amount: { value: rawJSON(formatUsd(amount)), currency: 'usd' },
    line_item: byLine ? group[0].lineItem : null,
    project_id: groupBy.includes('project_id') ? group[0].project : null,
    quantity: byLine ? group.reduce((total, { quantity }) => total + quantity, 0) : null,
    quantity_unit: byLine && !/tool calls|sessions/.test(group[0].lineItem) ? 'tokens' : null,
    api_key_id: null,
    user_id: null,
  };
}

const INPUT: readonly BilledClass[] = [
  'input',
  'cache_write',
  'cache_write_12h',
  'audio_input',
  'image_input',
];
const CACHED: readonly BilledClass[] = ['cached_input', 'cached_audio_input', 'cached_image_input'];
const OUTPUT: readonly BilledClass[] = ['output', 'audio_output', 'image_output'];
const OBJECTS: Readonly<Partial<Record<UsageKind, string>>> = {
  file_search_calls: 'file_searches',
  web_search_calls: 'web_searches',
};

function usageResult(group: readonly [UsageSum, ...UsageSum[]], asked: PageQuery): object {
  const [first] = group;
  const { kind } = first;
  const shown = (field: string, value: unknown) => (asked.groupBy.includes(field) ? value : null);
  return {
    object: `organization.usage.${OBJECTS[kind] ?? kind}.result`,
    ...countsOf(kind, group),
    project_id: shown('project_id', first.project),
    ...(groupsOf(kind).includes('model') ? { model: shown('model', first.model) } : {}),
    ...(kind === 'completions'
      ? { service_tier: shown('service_tier', first.tier), batch: shown('batch', first.tier === 'batch') }
      : {}),
  };
}

function countsOf(kind: UsageKind, group: readonly UsageSum[]): object {
  const total = (classes?: readonly BilledClass[]) =>
    group.reduce((sum, { units }) => {
      const counted = Object.entries(units).filter(
        ([unit]) => classes === undefined || classes.some((one) => one === unit),
      );
      return counted.reduce((part, [, count]) => part + count, sum);
    }, 0);
  const requests = group.reduce((sum, one) => sum + one.requests, 0);
  switch (kind) {
    case 'completions':
      return {
        num_model_requests: requests,
        input_tokens: total(INPUT) + total(CACHED),
        input_cached_tokens: total(CACHED),
        output_tokens: total(OUTPUT),
        input_audio_tokens: total(['audio_input']),
        output_audio_tokens: total(['audio_output']),
      };
    case 'web_search_calls':
      return { num_model_requests: requests, num_requests: total() };
    case 'file_search_calls':
      return { num_requests: total() };
    case 'code_interpreter_sessions':
      return { num_sessions: total() / CONTAINER_MINUTES };
    case 'images':
      return { num_model_requests: requests, images: requests };
    case 'audio_speeches':
      return { num_model_requests: requests, characters: total(['characters']) };
    case 'audio_transcriptions':
      return { num_model_requests: requests, seconds: total(['audio_seconds']) };
    case 'decisions':
    case 'embeddings':
    case 'moderations':
      return { num_model_requests: requests, input_tokens: total() };
  }
}
