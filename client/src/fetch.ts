import { readBody } from './body.ts';
import { credentialProvider } from './credentials.ts';
import { explained, tooLarge, unsent } from './refusals.ts';
import { createSend, type Fetch } from './send.ts';
import { addHeaders, type CallSettings, settled } from './settings.ts';
import { DEFAULT_STAGE, findStage, type StageOptions, type StageUrl } from './stage.ts';

export type { Credentials } from './credentials.ts';
export { FareboxError } from './errors.ts';
export type { Fetch } from './send.ts';

export interface FetchOptions extends CallSettings, StageOptions {}

export const OPENAI_ORIGIN = 'https://api.openai.com';

/** Of one connection, of another signature, or made anew from the body. */
const NOT_PASSED_ON =
  /^(authorization|api-key|connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|x-amz-.*)$/;

/**
 * Makes a `fetch` for any library that takes one: what it sends to OpenAI, or to the stage's URL, goes to the stage,
 * signed with the caller's AWS credentials; a key of OpenAI's never leaves. Bodies of any kind are read whole first,
 * up to 6 MB; answers stream. Everything but a request for another host is answered as OpenAI would, so that SDKs
 * raise their own errors.
 */
export function createFetch(options: FetchOptions = {}): Fetch {
  return createLiveFetch(options, () => options);
}

/** As `createFetch`, with settings that may change from call to call. */
export function createLiveFetch(options: StageOptions, settings: () => CallSettings): Fetch {
  const send = createSend(credentialProvider(options), options.fetch ?? fetch);
  const stageOf = rememberStages(options);
  return async (input, init) => {
    // A body that is a stream needs to be told: it is sent once it is read.
    const asked: RequestInit & { duplex: 'half' } = { ...init, duplex: 'half' };
    const request = new Request(input, asked);
    const call = settled(settings());
    try {
      const stage = await stageOf(call.staging ?? DEFAULT_STAGE);
      const url = placeAt(stage, request.url);
      const body = await readBody(request);
      if (body === 'too large') return tooLarge();
      const { method } = request;
      // Not the signal of `request`: Node tells it of nothing once `request` is collected, in the middle of an answer.
      const own = input instanceof Request && asked.signal === undefined ? input.signal : asked.signal;
      const headers = passedOn(request.headers);
      addHeaders(headers, call);
      const { body: _, headers: __, duplex: ___, ...rest } = asked;
      const prepared = { method, url, region: stage.region, headers, body };
      return await explained(await send(prepared, { ...rest, signal: own ?? null }));
    } catch (error) {
      return unsent(error);
    }
  };
}

/** Finds each stage once; what was not found is looked for again. */
function rememberStages(options: StageOptions): (staging: string) => Promise<StageUrl> {
  const found = new Map<string, Promise<StageUrl>>();
  return (staging) => {
    const known = found.get(staging) ?? findStage(staging, options);
    found.set(staging, known);
    known.catch(() => found.delete(staging));
    return known;
  };
}

/**
 * The stage's URL for a request that a library means for OpenAI, or for the stage itself.
 *
 * @throws TypeError for any other host: a signature is for the stage alone
 */
function placeAt(stage: StageUrl, asked: string): URL {
  const { origin, pathname, search } = new URL(asked);
  if (origin === OPENAI_ORIGIN) return new URL(`${stage.url}${pathname}${search}`);
  if (asked.startsWith(`${stage.url}/`)) return new URL(asked);
  throw new TypeError(`This fetch signs for ${stage.url} alone, and was asked for ${origin}.`);
}

function passedOn(headers: Headers): Headers {
  return new Headers([...headers].filter(([name]) => !NOT_PASSED_ON.test(name)));
}
