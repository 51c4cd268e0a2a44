import type { Area } from '../fault.ts';

const FETCH = { suites: ['tests/client/fetch.test.ts'] };
const FORWARD = { suites: ['tests/client/forward.test.ts'], only: 'the forwarder (refuses|signs)' };
const API = { suites: ['tests/client/lambda-api.test.ts'] };

/** What runs where callers are. */
export const client: Area = {
  'signs-for-the-stage-alone': {
    file: 'client/src/fetch.ts',
    find: 'if (asked.startsWith(',
    replace: 'if (asked.startsWith(stage.url) || asked.startsWith(',
    sentence: 'A URL that only begins as that of the stage is not signed.',
    ...FETCH,
  },
  'api-key-stays': {
    file: 'client/src/fetch.ts',
    find: '|api-key|',
    replace: '|',
    sentence: 'No api-key header leaves.',
    ...FETCH,
  },
  'proxy-authorization-stays': {
    file: 'client/src/fetch.ts',
    find: '|proxy-.*|',
    replace: '|',
    sentence: 'No credential that was meant for another leaves.',
    ...FETCH,
  },
  'stages-are-looked-for-again': {
    file: 'client/src/fetch.ts',
    find: 'known.catch(() => found.delete(staging));',
    replace: 'known.catch(() => undefined);',
    sentence: 'A stage that was not found is looked for with the next call.',
    suites: ['tests/client/fetch.test.ts', 'tests/client/drop-in.test.ts'],
  },
  'below-localhost-is-refused': {
    file: 'client/src/forward/callers.ts',
    find: "host !== 'localhost' && !isLoopback(host)",
    replace: "!host.endsWith('localhost') && !isLoopback(host)",
    sentence: 'Host evil.localhost is refused.',
    ...FORWARD,
  },
  'only-loopback-calls': {
    file: 'client/src/forward/callers.ts',
    find: "if (!isLoopback(request.socket.remoteAddress ?? ''))",
    replace: "if (!isLoopback('127.0.0.1'))",
    sentence: 'What does not come from loopback is refused, were the forwarder ever to listen elsewhere.',
    ...FORWARD,
  },
  'web-pages-are-refused': {
    file: 'client/src/forward/callers.ts',
    find: 'request.headers.origin !== undefined || ',
    replace: '',
    sentence: 'No web page spends money through the forwarder.',
    ...FORWARD,
  },
  'commands-are-sent-again': {
    file: 'client/src/lambda-api.ts',
    find: 'outcome.status === 429 || outcome.status >= 500',
    replace: 'outcome.status === 429',
    sentence: 'An admin command is sent again when AWS stumbles.',
    ...API,
  },
  'refused-commands-are-not': {
    file: 'client/src/lambda-api.ts',
    find: 'outcome.status === 429 || outcome.status >= 500',
    replace: 'outcome.status >= 400',
    sentence: 'An admin command that AWS refuses is not sent again.',
    ...API,
  },
};
