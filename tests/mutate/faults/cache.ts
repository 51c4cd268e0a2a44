import type { Area } from '../fault.ts';

/** The cases of the proxy, on the shortest way into it. */
const CASES = { suites: ['tests/functions/proxy/http.test.ts'], only: 'in process' };
const KEY = { suites: ['tests/shared/core/cache-key.test.ts'] };
const SEAL = { suites: ['tests/shared/cache/seal.test.ts'] };
const ANSWERS = { suites: ['tests/shared/cache/answer-cache.test.ts'] };
const CONTROL = { suites: ['tests/shared/core/cache-control.test.ts'] };

/** Answers that are given again. */
export const cache: Area = {
  'errors-are-not-kept': {
    file: 'functions/proxy/keepable.ts',
    find: ' || status !== 200 || ',
    replace: ' || status >= 500 || ',
    sentence: 'A 404, or an error that tells usage, is never given again.',
    ...CASES,
  },
  'failures-are-not-kept': {
    file: 'functions/proxy/keepable.ts',
    find: "how !== 'complete' || failed)",
    replace: "how !== 'complete')",
    sentence: 'A stream that reported a failure is not given again.',
    ...CASES,
  },
  'broken-is-not-kept': {
    file: 'functions/proxy/keepable.ts',
    find: " || how !== 'complete' || ",
    replace: ' || ',
    sentence: 'A stream that breaks between its usage and its end is not given again.',
    ...CASES,
  },
  'capped-is-not-kept': {
    file: 'functions/proxy/keepable.ts',
    find: ' || outputCap !== undefined || ',
    replace: ' || ',
    sentence: 'An answer that was cut to what a limit afforded is not given again.',
    ...CASES,
  },
  'refused-lets-go': {
    file: 'functions/proxy/app.ts',
    find: 'if (isRefusal(result)) await slot.release();',
    replace: '',
    sentence: 'A refused hold lets those go on at once that wait for its answer.',
    suites: ['tests/functions/proxy/faults.test.ts'],
  },
  'failed-hold-lets-go': {
    file: 'functions/proxy/app.ts',
    find: 'await slot.release();\n    throw error;',
    replace: 'throw error;',
    sentence: 'A hold that failed lets those go on at once that wait for its answer.',
    suites: ['tests/functions/proxy/faults.test.ts'],
  },
  'projects-are-apart': {
    file: 'shared/core/cache-key.ts',
    find: '    request.project,\n',
    replace: '',
    sentence: 'No project is given the answer of another.',
    ...KEY,
  },
  'stages-are-apart': {
    file: 'shared/core/cache-key.ts',
    find: '    request.stage,\n',
    replace: '',
    sentence: 'No stage is given the answer of another.',
    ...KEY,
  },
  'flush-of-a-project': {
    file: 'shared/core/cache-key.ts',
    find: '    String(request.projectGeneration),\n',
    replace: '',
    sentence: 'A flush forgets the answers of its project.',
    ...KEY,
  },
  'flush-of-the-stage': {
    file: 'shared/core/cache-key.ts',
    find: '    String(request.stageGeneration),\n',
    replace: '',
    sentence: 'A flush of the stage forgets all answers.',
    ...KEY,
  },
  'paths-are-apart': {
    file: 'shared/core/cache-key.ts',
    find: '    withoutVersion(request.path),\n',
    replace: '',
    sentence: 'An answer is given again at its own endpoint alone.',
    ...KEY,
  },
  'beta-changes-the-answer': {
    file: 'shared/core/cache-key.ts',
    find: "const KEYED_HEADERS = ['openai-beta'] as const;",
    replace: 'const KEYED_HEADERS = [] as const;',
    sentence: 'A header that changes the answer changes what is given again.',
    ...KEY,
  },
  'sealed-for-its-stage': {
    file: 'shared/cache/seal.ts',
    find: 'createSeal({ secret, stage }: SealOptions): Seal {',
    replace: "createSeal({ secret }: SealOptions, stage = 'dev'): Seal {",
    sentence: 'A stage cannot open what another has sealed.',
    ...SEAL,
  },
  'sealed-under-its-name': {
    file: 'shared/cache/seal.ts',
    find: 'function associatedData(name: string): Buffer {',
    replace: "function associatedData(_: string, name = 'any'): Buffer {",
    sentence: 'What was sealed under one name cannot be opened under another.',
    ...SEAL,
  },
  'genuine-claims-alone': {
    file: 'shared/cache/answer-cache.ts',
    find: 'if (!isGenuine(seal, name, proof, clock.now(), this.#claimSeconds)) return undefined;',
    replace: '',
    sentence: 'A store that invents claims makes nobody wait.',
    suites: ['tests/shared/cache/answer-cache.test.ts', 'tests/shared/cache/coalescing.test.ts'],
  },
  'claims-are-of-their-holder': {
    file: 'shared/cache/answer-cache.ts',
    find: 'if (sameBytes(holder, proof)) await cache.unclaim(name);',
    replace: 'if (holder !== undefined) await cache.unclaim(name);',
    sentence: 'Nobody lets go of the claim of another.',
    suites: ['tests/shared/cache/answer-cache.test.ts', 'tests/shared/cache/coalescing.test.ts'],
  },
  'age-is-bounded': {
    file: 'shared/cache/answer-cache.ts',
    find: 'Math.min(this.#lifetime(control), control.maxAgeSeconds ?? Number.POSITIVE_INFINITY)',
    replace: 'this.#lifetime(control)',
    sentence: 'A caller is given no answer that is older than it accepts.',
    ...ANSWERS,
  },
  'large-is-not-kept': {
    file: 'shared/cache/answer-cache.ts',
    find: '!control.store || encoded.length > this.#options.maxAnswerBytes',
    replace: '!control.store',
    sentence: 'An answer larger than the configured size is not kept.',
    ...ANSWERS,
  },
  'no-store-means-nothing': {
    file: 'shared/core/cache-control.ts',
    find: "if (directives.some(({ name }) => name === 'no-store')) return { read: false, store: false };",
    replace: '',
    sentence: 'A caller may leave the cache alone.',
    ...CONTROL,
  },
  'no-cache-means-anew': {
    file: 'shared/core/cache-control.ts',
    find: "const read = !directives.some(({ name }) => name === 'no-cache');",
    replace: 'const read = true;',
    sentence: 'A caller may ask anew, and has the new answer kept.',
    ...CONTROL,
  },
  'searches-are-answered-anew': {
    file: 'functions/proxy/cached.ts',
    find: 'work.price.searchPerCall !== true && ',
    replace: '',
    sentence: 'A model that searches in every call answers with what is there today.',
    ...CASES,
  },
  'stored-is-answered-anew': {
    file: 'shared/core/endpoints/chat-completions.ts',
    find: "body['store'] !== true &&",
    replace: '',
    sentence: 'A chat completion that is to be stored is made each time.',
    suites: ['tests/shared/core/endpoints/chat-completions.test.ts'],
  },
  'private-headers-are-not-kept': {
    file: 'shared/cache/answer.ts',
    find: "  'content-type',\n  'content-disposition',",
    replace: "  'content-type',\n  'set-cookie',\n  'content-disposition',",
    sentence: 'No cookie of an answer is given again.',
    suites: ['tests/shared/cache/answer.test.ts'],
  },
  'hits-are-booked': {
    file: 'functions/proxy/cached.ts',
    find: 'done: bookHit(call, id, answer.cost, deps)',
    replace: 'done: Promise.resolve()',
    sentence: 'A hit is on the books, with what it saved.',
    ...CASES,
  },
};
