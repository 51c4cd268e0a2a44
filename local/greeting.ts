import type { Stack } from './stack.ts';

/** Far more output than one cent buys of this model, so that the limit refuses. */
const DEAR_MODEL = 'gpt-4o';
const DEAR_OUTPUT = 4000;
const UNDER_RUNTIME = "each call in a process of Lambda's own runtime client";

/**
 * What a started stack says: where it listens, and three commands to paste, each complete in itself.
 *
 * @param options.shownPath turns an absolute path into the one to print
 */
export function greeting(
  stack: Pick<Stack, 'info' | 'state' | 'simulated' | 'zips'>,
  options: { readonly shownPath: (path: string) => string; readonly dataDirectory: string | undefined },
): string {
  const { info, state, simulated } = stack;
  const path = options.shownPath;
  return [
    'Farebox runs on this machine.',
    '',
    ...table([
      ['proxy, dev', info.stages.dev.proxyUrl],
      ['proxy, prod', info.stages.prod.proxyUrl],
      ...(stack.zips === undefined
        ? []
        : [['functions', `their zips in ${path(stack.zips)}, ${UNDER_RUNTIME}`] as const]),
      ['Lambda API', info.lambdaEndpoint],
      ['DynamoDB', `${info.dynamodbEndpoint}${options.dataDirectory === undefined ? ' (in memory)' : ''}`],
      ['Memcached', info.memcached ?? 'not installed here: each stage caches in its own process'],
      ['upstream', `${info.upstream}${simulated ? ' (the OpenAI simulator: nothing costs real money)' : ''}`],
      ['keys', `${path(state.credentialsFile)} (AWS profiles developer, alice, bob, job, carol, root)`],
      ['logs', path(state.logDirectory)],
      ['all of this', path(state.stackFile)],
    ]),
    '',
    'Three things to paste into another terminal. The project "demo" may spend 5 USD a month.',
    '',
    '1. A call that streams, and says at its end what it cost:',
    '',
    streamedCall(stack),
    '',
    '2. The same call again: answered from the cache (openai-proxy-cache: hit), for $0:',
    '',
    streamedCall(stack),
    '',
    `3. A limit of one cent on ${DEAR_MODEL}, and a call that it refuses:`,
    '',
    adminCall(stack, { project: 'demo', model: DEAR_MODEL, limit: 0.01 }),
    refusedCall(stack),
    '',
    'The AWS command line does as well for the admin function:',
    '',
    // Another terminal is in another directory: the whole path.
    awsCommand(stack, state.credentialsFile),
    '',
    'The OpenAI SDK, and the command line for admins, in this directory:',
    '',
    `. ${path(state.environmentFile)}`,
    'npx node docs/examples/openai-sdk.ts',
    'npx farebox usage --by model',
    '',
    'Ctrl-C stops it all.',
  ].join('\n');
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}

type Info = Pick<Stack, 'info'>;

function streamedCall(stack: Info): string {
  return signedCurl(stack, `${stack.info.stages.dev.proxyUrl}/v1/chat/completions`, {
    options: '-sSNi',
    headers: ['openai-proxy-project: demo', 'openai-proxy-stream-cost: 1'],
    body: {
      model: 'gpt-4o-mini',
      stream: true,
      messages: [{ role: 'user', content: 'Why is the sky blue?' }],
    },
  });
}

function refusedCall(stack: Info): string {
  return signedCurl(stack, `${stack.info.stages.dev.proxyUrl}/v1/chat/completions`, {
    options: '-sSi',
    headers: ['openai-proxy-project: demo'],
    body: {
      model: DEAR_MODEL,
      max_completion_tokens: DEAR_OUTPUT,
      messages: [{ role: 'user', content: 'Tell me a long story.' }],
    },
  });
}

function adminCall(stack: Info, payload: object): string {
  const url = `${stack.info.lambdaEndpoint}/2015-03-31/functions/openai-admin-dev/invocations`;
  return signedCurl(stack, url, { options: '-sS', headers: [], body: payload, after: '; echo' });
}

function signedCurl(
  { info }: Info,
  url: string,
  call: {
    readonly options: string;
    readonly headers: readonly string[];
    readonly body: object;
    readonly after?: string;
  },
): string {
  const { accessKeyId, secretAccessKey, region } = info.credentials;
  return [
    `curl ${call.options} ${url}`,
    `--aws-sigv4 aws:amz:${region}:lambda --user ${accessKeyId}:${secretAccessKey}`,
    ...['content-type: application/json', ...call.headers].map((header) => `-H '${header}'`),
    `-d '${JSON.stringify(call.body)}'${call.after ?? ''}`,
  ].join(' \\\n  ');
}

function awsCommand({ info }: Info, credentialsFile: string): string {
  return [
    `echo '{"command":"help"}' | AWS_SHARED_CREDENTIALS_FILE=${credentialsFile} aws lambda invoke`,
    `--profile developer --region ${info.credentials.region} --endpoint-url ${info.lambdaEndpoint}`,
    '--function-name openai-admin-dev --payload fileb:///dev/stdin /dev/stdout',
  ].join(' \\\n  ');
}
