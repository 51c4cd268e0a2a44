import { batchRules } from '../../shared/core/batch.ts';
import type { WorstCase } from '../../shared/core/endpoint.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { stringifyBody } from '../../shared/core/json-body.ts';
import { isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import { measureBatch } from '../../shared/deferred/measure-batch.ts';
import { type Asked, type Identified, NO_MODEL } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { checkNamed } from './own.ts';

/**
 * Makes a batch a metered call, or a free one if all its requests are: reads its file at OpenAI for the most that they
 * can cost, and refuses one that cannot be bounded, or that names what is not the project's.
 *
 * @param body that `checkBatch` let through, and whose file is the project's
 */
export async function batchWork(
  call: Identified,
  body: JsonObject,
  deps: ProxyDeps,
): Promise<Asked | Refusal> {
  const file = {
    id: String(body['input_file_id']),
    endpoint: String(body['endpoint']),
    prices: deps.prices,
    at: call.at,
    maxLineBytes: deps.settings.maxBodyBytes,
  };
  const signal = AbortSignal.timeout(deps.settings.upstreamTimeoutMs);
  const measured = await measureBatch(file, deps.upstream, signal);
  if (isRefusal(measured)) return measured;
  const own = await checkNamed(measured.references, call, deps);
  if (isRefusal(own)) return own;
  if (measured.kind === 'free') {
    const { model = NO_MODEL, family = NO_MODEL } = measured;
    const work = { kind: 'free', good: undefined, body: stringifyBody(body), json: body } as const;
    return { work, family, requestedModel: model, stream: false, lines: own };
  }
  const { model, price, most, unnamed } = measured;
  const worst: WorstCase = {
    fixed: most,
    perOutputToken: 0n,
    maxOutputTokens: 0,
    explicit: true,
    advice:
      'All its requests are held at once, each with the most output that it names, or that its model can put out: name ' +
      'a lower maximum in each line, make smaller batches, or ask an admin to raise the limit.',
  };
  return {
    work: {
      kind: 'metered',
      rules: batchRules(worst),
      body,
      price,
      worst,
      ...(unnamed === undefined ? {} : { unnamed }),
    },
    family: price.family,
    requestedModel: model,
    stream: false,
    lines: own,
  };
}
