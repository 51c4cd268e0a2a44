import type { Area } from '../fault.ts';

/** The cases of the proxy, on the shortest way into it. */
const CASES = { suites: ['tests/functions/proxy/http.test.ts'], only: 'in process' };
const HTTP = { suites: ['tests/shared/openai/http-upstream.test.ts'] };
const STREAM = { suites: ['tests/shared/aws/response-stream.test.ts'] };

/** The way to OpenAI and back. */
export const upstream: Area = {
  'idle-socket-is-dropped': {
    file: 'shared/openai/socket-pool.ts',
    find: '      dropStale();\n',
    replace: '',
    sentence: 'A socket idle for more than three seconds carries no call.',
    ...HTTP,
  },
  'refused-key-is-an-alarm': {
    file: 'functions/proxy/answer.ts',
    find: "if (status === 401) deps.log.alarm('openai_key_refused', { call: call.id });",
    replace: '',
    sentence: 'A 401 of OpenAI is one line and one metric.',
    suites: ['tests/faults/alarms.test.ts'],
  },
  'redirects-are-not-followed': {
    file: 'functions/proxy/answer.ts',
    find: 'if (status >= 300 && status < 400) return redirected(call, upstream, slot, deps);',
    replace: '',
    sentence: 'A redirect is neither followed nor passed on.',
    suites: ['tests/faults/upstream.test.ts'],
    only: 'when OpenAI',
  },
  'readable-bytes-are-asked-for': {
    file: 'functions/proxy/forward.ts',
    find: "forwarded.set('accept-encoding', 'identity');",
    replace: '',
    sentence: 'OpenAI is asked for bytes that can be metered as they come.',
    ...CASES,
  },
  'readable-bytes-are-asked-for-later': {
    file: 'shared/deferred/ask.ts',
    find: "{ 'accept-encoding': 'identity' }",
    replace: '{}',
    sentence: 'OpenAI is asked for what it keeps in bytes that can be read as they come.',
    suites: ['tests/shared/deferred/truth.test.ts'],
  },
  'our-headers-stay-here': {
    file: 'functions/proxy/forward.ts',
    find: 'if (FORWARDED.some((pattern) => pattern.test(name))) forwarded.set(name, value);',
    replace: 'forwarded.set(name, value);',
    sentence: 'OpenAI sees nothing of ours.',
    ...CASES,
  },
  'no-answer-poses-as-the-proxy': {
    file: 'functions/proxy/reply.ts',
    find: "!NOT_PASSED_ON.has(name) && !name.startsWith('openai-proxy-')",
    replace: '!NOT_PASSED_ON.has(name)',
    sentence: 'What OpenAI says in a head cannot pose as the proxy.',
    suites: ['tests/faults/upstream.test.ts'],
    only: 'in a head',
  },
  'no-cookies-pass': {
    file: 'functions/proxy/reply.ts',
    find: "  'set-cookie',\n",
    replace: '',
    sentence: 'No cookie of the stage’s session with OpenAI reaches a caller.',
    suites: ['tests/faults/upstream.test.ts'],
    only: 'in a head',
  },
  'sent-is-not-void': {
    file: 'shared/openai/http-upstream.ts',
    find: '        sent: connected,\n',
    replace: '        sent: false,\n',
    sentence: 'A call that may have been sent is not given back.',
    suites: ['tests/faults/upstream.test.ts'],
    only: 'when OpenAI',
  },
  'key-is-taken-out-of-heads': {
    file: 'shared/openai/http-upstream.ts',
    find: "redacted(answer.rawHeaders[i + 1] ?? '', key)",
    replace: "answer.rawHeaders[i + 1] ?? ''",
    sentence: 'The key is taken out of the heads of answers.',
    ...HTTP,
  },
  'large-bodies-are-refused': {
    file: 'functions/proxy/body.ts',
    find: 'if (size > maxBytes) return tooLarge(maxBytes);',
    replace: '',
    sentence: 'A body that is too large is read no further than its limit.',
    ...CASES,
  },
  'timeout-is-told': {
    file: 'functions/proxy/app.ts',
    find: "failure.kind === 'timeout' ? UPSTREAM_TIMEOUT : UPSTREAM_LOST",
    replace: 'UPSTREAM_LOST',
    sentence: 'An answer that never comes is a 504.',
    suites: ['tests/functions/proxy/faults.test.ts'],
  },
  'no-ledger-no-call': {
    file: 'functions/proxy/app.ts',
    find: 'error instanceof Unavailable ? LEDGER_UNREACHABLE : FAULT',
    replace: 'FAULT',
    sentence: 'Without the ledger a call is refused with 503.',
    suites: ['tests/functions/proxy/faults.test.ts'],
  },
  'empty-answer-has-its-byte': {
    file: 'shared/aws/response-stream.ts',
    find: 'if (!wrote) stream.write(ONE_BYTE);',
    replace: 'if (!wrote) raw.write(ONE_BYTE);',
    sentence: 'The one byte of an empty answer goes out after its head, where another stream puts that on.',
    ...STREAM,
  },
  'callers-set-the-pace': {
    file: 'shared/aws/response-stream.ts',
    find: "if (!stream.write(chunk.value)) await gone.or(stream, 'drain');",
    replace: 'stream.write(chunk.value);',
    sentence: 'OpenAI is asked for no more than the caller takes.',
    ...STREAM,
  },
  'booked-before-frozen': {
    file: 'shared/aws/streaming-handler.ts',
    find: '      await exchange.done;\n',
    replace: '',
    sentence: 'The function is not over before the call is booked.',
    suites: ['tests/shared/aws/streaming-handler.test.ts'],
  },
};
