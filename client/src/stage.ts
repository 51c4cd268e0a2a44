import { readEnvironment, stageVariable } from './environment.ts';
import { FareboxError } from './errors.ts';
import { createLambdaApi, functionName, type LambdaOptions } from './lambda-api.ts';
import { regionOf } from './region.ts';

/** The stage that is meant where none is named. */
export const DEFAULT_STAGE = 'dev';

export interface StageOptions extends LambdaOptions {
  /** The URL of the stage's proxy. Where it is left out, the environment names it, or AWS does. */
  readonly url?: string | undefined;
  /** URLs by stage, for those that change the stage. */
  readonly urls?: Readonly<Record<string, string>> | undefined;
  /** `sk-<id>`, where `<id>` is that of the stage's Lambda URL; `OPENAI_API_KEY` where it is left out. */
  readonly apiKey?: string | undefined;
}

/** Where a stage's proxy is. */
export interface StageUrl {
  /** Its origin, and what of a path stands before OpenAI's; without `/v1` and without a slash at its end. */
  readonly url: string;
  readonly region: string;
  /** Who said so, for people to read. */
  readonly source: string;
}

/** The id of a Lambda URL: letters and digits, in lower case. OpenAI's own keys have capitals and more dashes. */
const URL_ID_KEY = /^sk-([a-z0-9]{16,64})$/;
const FUNCTION_URL = /\.lambda-url\.([a-z0-9-]+)\.on\.aws$/;

/**
 * Finds the URL of a stage: as given, by the environment (`FAREBOX_URL_<STAGE>`, `FAREBOX_URL`, a Lambda URL in
 * `OPENAI_BASE_URL`), by the id in `OPENAI_API_KEY`, else by asking AWS for the URL of `openai-proxy-<stage>`, which
 * takes the permission `lambda:ListFunctionUrlConfigs`.
 *
 * @throws FareboxError that says how to name it
 */
export async function findStage(staging: string, options: StageOptions): Promise<StageUrl> {
  const environment = readEnvironment();
  const named = options.urls?.[staging] ?? options.url;
  if (named !== undefined) return stageAt(named, 'as given', options);
  const fromEnvironment = environment.stageUrl(staging);
  if (fromEnvironment !== undefined)
    return stageAt(fromEnvironment, 'FAREBOX_URL in the environment', options);
  const base = environment.baseURL ?? '';
  if (URL.canParse(base) && FUNCTION_URL.test(new URL(base).hostname))
    return stageAt(base, 'OPENAI_BASE_URL', options);
  const id = URL_ID_KEY.exec(options.apiKey ?? environment.apiKey ?? '')?.[1];
  const region = await regionOf(options);
  if (id !== undefined) {
    return { url: `https://${id}.lambda-url.${region}.on.aws`, region, source: 'the id in OPENAI_API_KEY' };
  }
  try {
    const name = functionName('proxy', staging, options);
    const url = await createLambdaApi(options).functionUrl(name);
    return await stageAt(url, `AWS, as the URL of ${name}`, options);
  } catch (error) {
    if (!(error instanceof FareboxError) || error.kind === 'credentials') throw error;
    throw new FareboxError(
      'configuration',
      'no_stage_url',
      `The URL of stage "${staging}" is not known. Set ${stageVariable(staging)} to it, or OPENAI_API_KEY to sk- and ` +
        `the URL's id. (Asked for it, AWS said: ${error.message})`,
    );
  }
}

async function stageAt(text: string, source: string, options: StageOptions): Promise<StageUrl> {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    const message = `"${text}" (${source}) is no URL, such as https://abc.lambda-url.eu-west-1.on.aws.`;
    throw new FareboxError('configuration', 'invalid_url', message);
  }
  const region = FUNCTION_URL.exec(parsed.hostname)?.[1] ?? (await regionOf(options));
  const path = parsed.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  return { url: `${parsed.origin}${path}`, region, source };
}
