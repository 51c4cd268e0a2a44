import { setTimeout as sleep } from 'node:timers/promises';
import { credentialProvider, type Identity } from './credentials.ts';
import { readEnvironment } from './environment.ts';
import { FareboxError, messageOf } from './errors.ts';
import { regionOf } from './region.ts';
import { createSend, type Fetch } from './send.ts';

export interface LambdaOptions extends Identity {
  readonly region?: string | undefined;
  /** Where the Lambda API is, when not at AWS: `AWS_ENDPOINT_URL_LAMBDA`, or the local stack's. */
  readonly endpointUrl?: string | undefined;
  /** Terraform's `name_prefix`, where the functions' names have one; `FAREBOX_NAME_PREFIX`. */
  readonly namePrefix?: string | undefined;
  /** Carries the requests; the global `fetch` where it is left out. */
  readonly fetch?: Fetch | undefined;
}

/** The few operations of the Lambda API that are needed here; each may be sent again, and is when AWS stumbles. */
export interface LambdaApi {
  /** Invokes a function with a payload of JSON and reads its reply. */
  invoke(name: string, payload: unknown, signal?: AbortSignal): Promise<unknown>;
  /** The URL of a function, or of an alias of it. */
  functionUrl(name: string): Promise<string>;
}

/** The name of a stage's function, as it was deployed. */
export function functionName(
  kind: 'proxy' | 'admin',
  staging: string,
  { namePrefix = readEnvironment().namePrefix }: Pick<LambdaOptions, 'namePrefix'>,
): string {
  return `${namePrefix === undefined ? '' : `${namePrefix}-`}openai-${kind}-${staging}`;
}

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 250;

/**
 * Speaks to the Lambda API. Everything that goes wrong is a `FareboxError`.
 *
 * Sources: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html and API_ListFunctionUrlConfigs.html
 */
export function createLambdaApi(options: LambdaOptions = {}): LambdaApi {
  const send = createSend(credentialProvider(options), options.fetch ?? fetch);
  const call = async (
    method: string,
    path: string,
    payload?: unknown,
    signal?: AbortSignal,
  ): Promise<Response> => {
    const region = await regionOf(options);
    const endpoint = options.endpointUrl ?? readEnvironment().lambdaEndpoint ?? publicEndpoint(region);
    const url = new URL(path, endpoint);
    const body = payload === undefined ? undefined : new TextEncoder().encode(JSON.stringify(payload));
    const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
    const request = { method, url, region, headers, body };
    const response = await patiently(() => send(request, signal === undefined ? {} : { signal }), url);
    if (!response.ok) throw await refusedBy(response);
    return response;
  };
  return {
    async invoke(name, payload, signal) {
      const path = `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`;
      const response = await call('POST', path, payload, signal);
      const reply: unknown = await response.json();
      if (response.headers.has('x-amz-function-error')) throw failed(name, reply);
      return reply;
    },
    async functionUrl(name) {
      const path = `/2021-10-31/functions/${encodeURIComponent(name)}/urls`;
      const url = signedUrlIn(await (await call('GET', path)).json());
      if (url !== undefined) return url;
      throw new FareboxError('refused', 'no_function_url', `${name} has no URL.`);
    },
  };
}

/** The one that wants signatures: a stage may have another for those who hold a key of its own. */
function signedUrlIn(reply: unknown): string | undefined {
  const { FunctionUrlConfigs: urls }: { FunctionUrlConfigs?: unknown } =
    typeof reply === 'object' && reply !== null ? reply : {};
  for (const url of Array.isArray(urls) ? urls : [])
    if (url?.AuthType === 'AWS_IAM' && typeof url.FunctionUrl === 'string') return url.FunctionUrl;
  return undefined;
}

function publicEndpoint(region: string): string {
  return `https://lambda.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

async function patiently(send: () => Promise<Response>, url: URL): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await send().catch((error: unknown) => {
      if (error instanceof FareboxError || isAbort(error)) throw error;
      return new FareboxError(
        'unreachable',
        'unreachable',
        `${url.origin} cannot be reached: ${messageOf(error)}.`,
      );
    });
    const again = outcome instanceof FareboxError || outcome.status === 429 || outcome.status >= 500;
    if (again && attempt < ATTEMPTS) await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    else if (outcome instanceof FareboxError) throw outcome;
    else return outcome;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

async function refusedBy(response: Response): Promise<FareboxError> {
  const type = response.headers.get('x-amzn-errortype')?.split(':')[0] ?? `status ${response.status}`;
  const text = await response.text();
  const said = /"[mM]essage"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  const message = said === undefined ? text.slice(0, 500) : String(JSON.parse(said));
  const kind = /Signature|Token|UnrecognizedClient/.test(type) ? 'credentials' : 'refused';
  return new FareboxError(kind, type, `AWS refuses (${type}): ${message}`);
}

function failed(name: string, reply: unknown): FareboxError {
  const { errorType, errorMessage }: { errorType?: unknown; errorMessage?: unknown } =
    typeof reply === 'object' && reply !== null ? reply : {};
  const what = [errorType, errorMessage].filter((part) => typeof part === 'string').join(': ');
  const message = `${name} failed${what === '' ? '' : ` (${what})`}. Its log in CloudWatch says more.`;
  return new FareboxError('refused', 'function_failed', message);
}
