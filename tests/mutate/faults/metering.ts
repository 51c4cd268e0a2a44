import type { Area } from '../fault.ts';

/** The cases of the proxy, on the shortest way into it. */
const CASES = { suites: ['tests/functions/proxy/http.test.ts'], only: 'in process' };
const TOLD = { suites: ['tests/shared/core/told-outcome.test.ts'] };
const RESPONSES = { suites: ['tests/shared/core/endpoints/responses.test.ts'] };
const CHAT = { suites: ['tests/shared/core/endpoints/chat-completions.test.ts'] };
const USAGE = { suites: ['tests/shared/core/usage-reader.test.ts'] };
const BATCH = { suites: ['tests/shared/core/batch-output.test.ts'] };
const STREAM = { suites: ['tests/functions/proxy/metered-stream.test.ts'] };

/** What a call is found to have used, and what that costs. */
export const metering: Area = {
  'served-model-is-priced': {
    file: 'shared/core/told-outcome.ts',
    find: "if (lookup.kind === 'priced') return lookup.price;\n  flags",
    replace: "if (lookup.kind === 'priced') return price;\n  flags",
    sentence: 'An answer served by another priced model costs that model’s rates.',
    ...TOLD,
  },
  'unpriced-model-is-flagged': {
    file: 'shared/core/told-outcome.ts',
    find: "flags.push('unpriced');",
    replace: '',
    sentence: 'An answer served by a model without a price is flagged.',
    suites: ['tests/faults/alarms.test.ts'],
  },
  'unpriced-part-costs-the-hold': {
    file: 'shared/core/told-outcome.ts',
    find: 'bounded ? told.cost : max([told.cost, asked.held])',
    replace: 'told.cost',
    sentence: 'What a model without a price did for an answer costs no less than was held.',
    ...TOLD,
  },
  'other-models-are-billed': {
    file: 'shared/core/told-outcome.ts',
    find: '(served.also ?? [])',
    replace: '[]',
    sentence: 'What another model did for an answer is billed at its own price.',
    ...TOLD,
  },
  'price-of-the-day': {
    file: 'shared/core/told-outcome.ts',
    find: 'const at = callTime(call.id);',
    replace: 'const at = callTime(call.id) + 86_400_000;',
    sentence: 'A call is priced as on the day on which it was made, however late its cost is told.',
    ...TOLD,
  },
  'other-price-of-the-day': {
    file: 'shared/core/told-outcome.ts',
    find: 'settled(servedOutcome(asked, served, prices), now',
    replace: 'settled(servedOutcome({ ...asked, at: now }, served, prices), now',
    sentence: 'A call that another model served is priced as on its own day, too.',
    ...TOLD,
  },
  'failed-stream-is-billed': {
    file: 'shared/core/endpoints/response-meter.ts',
    find: "'response.incomplete', 'response.failed']",
    replace: "'response.incomplete']",
    sentence: 'A failed stream that tells its usage costs that.',
    ...RESPONSES,
  },
  'running-is-not-final': {
    file: 'shared/core/endpoints/response-meter.ts',
    find: 'if (isRunning(response)) return undefined;',
    replace: '',
    sentence: 'A response in progress that carries usage is not settled by it.',
    ...RESPONSES,
  },
  'searches-are-billed': {
    file: 'shared/core/endpoints/response-meter.ts',
    find: 'reportedSearches(response) ?? countedSearches(output)',
    replace: 'reportedSearches(response) ?? 0',
    sentence: 'Searches that OpenAI does not report are counted in the output.',
    ...RESPONSES,
  },
  'containers-are-billed': {
    file: 'shared/core/endpoints/response-meter.ts',
    find: '...(containers.length === 0 ? {} : { containers }),',
    replace: '',
    sentence: 'The containers that a response ran in are told, so that their minutes are booked.',
    ...RESPONSES,
  },
  'usage-is-asked-for': {
    file: 'shared/core/endpoints/chunk-meter.ts',
    find: 'include_usage: true } };',
    replace: '} };',
    sentence: 'A stream is asked for its usage, whatever its caller asked for.',
    ...CHAT,
  },
  'usage-chunk-is-stripped': {
    file: 'shared/core/endpoints/chunk-meter.ts',
    find: "isUsageChunk && !asked ? 'strip' : 'pass'",
    replace: "'pass'",
    sentence: 'A caller who did not ask for usage does not see it.',
    ...CHAT,
  },
  'cached-is-no-full-input': {
    file: 'shared/core/usage-reader.ts',
    find: 'const cachedText = text.take(reported.cached);',
    replace: 'const cachedText = reported.cached;',
    sentence: 'Every input token counts in one class.',
    ...USAGE,
  },
  'missing-count-is-not-nothing': {
    file: 'shared/core/usage-reader.ts',
    find: 'if (input === undefined || output === undefined) return undefined;\n  return dropZeros({\n    ...inputClasses(input,',
    replace: 'if (input === undefined) return undefined;\n  return dropZeros({\n    ...inputClasses(input,',
    sentence: 'A usage that lacks a count is no usage.',
    ...USAGE,
  },
  'no-usage-costs-the-hold': {
    file: 'functions/proxy/ending.ts',
    find: 'cost: mostOf(call, ending.serviceTier), flags: [ending.flag]',
    replace: 'cost: 0n, flags: [ending.flag]',
    sentence: 'An answer that does not say what it used costs what was held.',
    ...CASES,
  },
  'errors-are-free': {
    file: 'functions/proxy/ending.ts',
    find: 'isFree || status >= 300',
    replace: 'isFree',
    sentence: 'An error of OpenAI costs nothing.',
    ...CASES,
  },
  'estimate-is-bounded': {
    file: 'functions/proxy/ending.ts',
    find: 'return bound < most ? bound : most;',
    replace: 'return bound;',
    sentence: 'An estimate is never more than was held.',
    suites: ['tests/functions/proxy/http.test.ts'],
    only: 'in process',
  },
  'thoughts-cost-the-hold': {
    file: 'functions/proxy/ending.ts',
    find: 'if (seenOutputBytes === undefined || !isAllSeen)',
    replace: 'if (seenOutputBytes === undefined)',
    sentence: 'A model that may have thought before it was cut off is paid at the hold.',
    ...CASES,
  },
  'unsent-is-void': {
    file: 'functions/proxy/ending.ts',
    find: "state: 'void', cost: 0n, tally: {} }",
    replace: 'cost: 0n, tally: {} }',
    sentence: 'A call that was never sent is void.',
    suites: ['tests/functions/proxy/faults.test.ts'],
  },
  'clean-end-may-be-broken': {
    file: 'functions/proxy/metered-stream.ts',
    find: "how === 'broken' || (how === 'complete' && !this.#meter.failed() && !this.#meter.isFinal())",
    replace: "how === 'broken'",
    sentence: 'A stream that just stops before its end is broken.',
    ...STREAM,
  },
  'broken-json-is-broken': {
    file: 'functions/proxy/metered-json.ts',
    find: "how === 'broken' || (how === 'complete' && this.#outline.isOpen())",
    replace: "how === 'broken'",
    sentence: 'A large answer that closes in good order before its last bracket is broken.',
    suites: ['tests/faults/upstream.test.ts'],
    only: 'when OpenAI',
  },
  'leaving-is-drained': {
    file: 'functions/proxy/metered-body.ts',
    find: "if (onDisconnect === 'drain') return drain();",
    replace: '',
    sentence: 'A caller who leaves pays what was used, as the stream is read to its end.',
    ...STREAM,
  },
  'batch-costs-batch-rates': {
    file: 'shared/core/batch-output.ts',
    find: "{ ...served, serviceTier: 'batch' }",
    replace: 'served',
    sentence: 'The requests of a batch cost batch rates.',
    ...BATCH,
  },
  'lost-lines-cost-the-hold': {
    file: 'shared/core/batch-output.ts',
    find: 'this.#answers < (completed ?? 1)',
    replace: 'this.#answers < 0',
    sentence: 'A batch of which fewer answers came than OpenAI completed costs what was held.',
    ...BATCH,
  },
  'input-is-bounded-by-bytes': {
    file: 'shared/core/token-bounds.ts',
    find: 'Math.max(0, bodyBytes - media.mediaBytes) + REQUEST_OVERHEAD_TOKENS + extraTokens',
    replace: 'REQUEST_OVERHEAD_TOKENS + extraTokens',
    sentence: 'No answer costs more than the worst case of its request.',
    suites: ['tests/shared/core/endpoints/worst-case.test.ts'],
  },
  'every-choice-is-held-for': {
    file: 'shared/core/token-bounds.ts',
    find: 'BigInt(output.choices),\n    maxOutputTokens',
    replace: '1n,\n    maxOutputTokens',
    sentence: 'The worst case has room for every choice.',
    suites: ['tests/shared/core/endpoints/worst-case.test.ts'],
  },
};
