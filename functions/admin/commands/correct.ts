import * as z from 'zod';
import type { NotCorrected } from '../../../shared/core/corrections.ts';
import type { CallEntry } from '../../../shared/core/ledger.ts';
import { formatUsd, type Picodollars } from '../../../shared/core/money.ts';
import { invalidRequest, type Refusal } from '../../../shared/core/refusal.ts';
import { describeScope } from '../../../shared/core/scope.ts';
import { createCorrections } from '../../../shared/ledger/correct.ts';
import type { Corrected } from '../../../shared/ledger/ledger.ts';
import { callView } from '../call-view.ts';
import { defineCommand } from '../command.ts';
import { projectName, usd } from '../fields.ts';
import { actor } from '../price-fields.ts';
import { projectProblem } from '../resolve.ts';

const MAX_REASON = 500;

export const correctCallCommand = defineCommand({
  name: 'correct-call',
  changes: true,
  summary:
    'Books a call at another cost, once, with a reason: what it is known to have cost, and no more than it held. The limits ' +
    'and the usage that count it follow, also those of days and months that are over.',
  example: {
    project: 'demo',
    call: 'call_01a1fdfa46000000000000000001',
    cost: '0.0001',
    reason: 'OpenAI billed less for the answer that broke off',
  },
  schema: z.strictObject({
    project: projectName,
    call: z.string().regex(/^call_[0-9a-f]{28}$/, 'must be the id of a call, as "calls" shows it'),
    cost: usd,
    reason: z
      .string()
      .trim()
      .min(1, 'must say why')
      .max(MAX_REASON, `must have at most ${MAX_REASON} characters`),
    by: actor.optional(),
  }),
  async run({ project, call: id, cost, reason, by }, deps) {
    const problem = await projectProblem(project, deps);
    if (problem !== undefined) return problem;
    const corrections = createCorrections(deps);
    const wanted = { cost, reason, ...(by === undefined ? {} : { by }) };
    const result = await corrections.correct({ id, project }, wanted);
    if (result.kind !== 'corrected') return refusalOf(result, cost, id, project);
    const { call } = result;
    deps.log.event('info', 'call_corrected', {
      call: id,
      project,
      user: call.user,
      costUsd: formatUsd(cost),
      by,
    });
    return callView(call);
  },
});

function refusalOf(
  result: Exclude<Corrected, { kind: 'corrected' }>,
  cost: Picodollars,
  id: string,
  project: string,
): Refusal {
  switch (result.kind) {
    case 'not_corrected':
      return notCorrected(result.why, result.call, id, project);
    case 'corrected_before':
      return invalidRequest(
        'already_corrected',
        `${id} was corrected to ${formatUsd(result.call.correction?.cost ?? 0n)} USD, and a call is corrected once.`,
        { param: 'call' },
      );
    case 'refused': {
      const { scope, period } = result.limit;
      return invalidRequest(
        'limit_exceeded',
        `At ${formatUsd(cost)} USD, ${id} would pass the limit for ${describeScope(scope)} per ${period}, of which ` +
          `${formatUsd(result.remaining)} USD remain in the period of the call. Raise that limit first.`,
        { param: 'cost' },
      );
    }
  }
}

function notCorrected(why: NotCorrected, call: CallEntry | undefined, id: string, project: string): Refusal {
  switch (why) {
    case 'unknown':
      return invalidRequest(
        'unknown_call',
        `There is no call ${id} of project ${project}. {"command":"calls","project":${JSON.stringify(project)}} shows ` +
          'the latest; entries are kept for RETENTION_DAYS.',
        { param: 'call', status: 404 },
      );
    case 'running':
      return invalidRequest(
        'call_not_closed',
        `${id} has not ended: OpenAI still works on it, or may still tell what it cost. Correct it when it has.`,
        { param: 'call' },
      );
    case 'void':
      return invalidRequest('call_void', `${id} was not sent to OpenAI, and costs nothing.`, {
        param: 'call',
      });
    case 'beyond_hold':
      return invalidRequest(
        'beyond_hold',
        `${id} held ${formatUsd(call?.held ?? 0n)} USD, and is not booked above that.`,
        { param: 'cost' },
      );
    case 'same':
      return invalidRequest('same_cost', `${id} is booked at that cost.`, { param: 'cost' });
  }
}
