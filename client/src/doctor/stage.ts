import { createAdmin, isObject, type JsonObject } from '../admin.ts';
import { readEnvironment, stageVariable } from '../environment.ts';
import { FareboxError, messageOf } from '../errors.ts';
import { createFetch, OPENAI_ORIGIN } from '../fetch.ts';
import { functionName } from '../lambda-api.ts';
import { regionOf } from '../region.ts';
import { settled } from '../settings.ts';
import { findStage } from '../stage.ts';
import { bad, type Finding, good, note, type Patient } from './check.ts';

/** AWS refuses signatures that are off by more, in milliseconds. */
const MOST_SKEW_MS = 300_000;
const NOTED_SKEW_MS = 60_000;
const PROBE_MS = 15_000;

/** How far this machine's clock is off, by the date of an answer of AWS. */
export async function lookAtClock(patient: Patient): Promise<Finding> {
  try {
    const region = await regionOf(patient);
    const elsewhere = patient.endpointUrl ?? readEnvironment().lambdaEndpoint;
    const url = elsewhere ?? `https://lambda.${region}.amazonaws.com`;
    const response = await (patient.fetch ?? fetch)(url, { signal: AbortSignal.timeout(PROBE_MS) });
    await response.body?.cancel();
    const date = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(date)) return note('the answer carries no date');
    return judgeSkew(Date.now() - date);
  } catch (error) {
    return bad(
      `AWS cannot be reached: ${messageOf(error)}`,
      'Check the network, and whether a proxy is needed.',
    );
  }
}

function judgeSkew(skewMs: number): Finding {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  // A date has no fractions of a second.
  if (seconds <= 1) return good('right to the second');
  const says = `${seconds} s ${skewMs > 0 ? 'ahead' : 'behind'}`;
  const advice = 'Let the system set its clock, such as with "timedatectl set-ntp true".';
  if (Math.abs(skewMs) > MOST_SKEW_MS) return bad(`${says}: AWS refuses what is signed now`, advice);
  return Math.abs(skewMs) > NOTED_SKEW_MS ? note(says, advice) : good(says);
}

/** Whether the URL of the stage is known, and who says so. */
export async function lookAtUrl(patient: Patient): Promise<Finding> {
  try {
    const { url, source } = await findStage(patient.staging, patient);
    return good(`${url} (${source})`);
  } catch (error) {
    if (error instanceof FareboxError && error.kind === 'credentials')
      return bad(
        'AWS cannot be asked for it without credentials',
        `Or set ${stageVariable(patient.staging)} to it.`,
      );
    return bad(messageOf(error));
  }
}

/** Whether a call gets through: one that costs nothing, and is not passed on where the stage refuses it. */
export async function lookAtCall(patient: Patient): Promise<Finding> {
  const { staging, project } = patient;
  const begun = performance.now();
  try {
    const call = createFetch({ ...patient, staging, project });
    const response = await call(`${OPENAI_ORIGIN}/v1/models`, { signal: AbortSignal.timeout(PROBE_MS) });
    const named = settled({ project }).project ?? "the stage's default project";
    const ms = Math.round(performance.now() - begun);
    const text = await response.text();
    if (response.ok) return good(`GET /v1/models for ${named} answered in ${ms} ms`);
    const { message, code } = errorIn(text);
    if (response.headers.has('openai-proxy-call-id'))
      return bad(
        `the stage answers, and refuses (${code}): ${message}`,
        'Name a project of yours with --project.',
      );
    return bad(`${response.status} (${code}): ${message}`);
  } catch (error) {
    return bad(`it cannot be reached: ${messageOf(error)}`, 'Check the URL and the network.');
  }
}

function errorIn(text: string): { message: string; code: string } {
  try {
    const body: unknown = JSON.parse(text);
    const error = isObject(body) && isObject(body['error']) ? body['error'] : {};
    return { message: String(error['message'] ?? text), code: String(error['code'] ?? 'unknown') };
  } catch {
    return { message: text.slice(0, 300), code: 'unknown' };
  }
}

/** What this command line asks of the admin function. */
const ASKED = [
  'create-project',
  'change-project',
  'list-projects',
  'set-limit',
  'remove-limit',
  'list-limits',
  'usage',
  'calls',
  'flush-cache',
  'audit',
  'reconcile',
  'prices',
];

/** Whether the caller may administer the stage, and whether the stage and this command line know each other. */
export async function lookAtAdmin(patient: Patient): Promise<Finding> {
  try {
    const help = await createAdmin(patient).run({ command: 'help' });
    const commands = Array.isArray(help['commands']) ? help['commands'].filter(isObject) : [];
    return compareVersions(commands, patient);
  } catch (error) {
    const denied = error instanceof FareboxError && /AccessDenied/.test(error.code);
    if (denied) {
      const need = `Who should needs lambda:InvokeFunction on ${functionName('admin', patient.staging, patient)}.`;
      return note('you may not administer this stage, which callers need not', need);
    }
    return bad(messageOf(error));
  }
}

function compareVersions(commands: readonly JsonObject[], { clientVersion }: Patient): Finding {
  const known = commands.map(({ name }) => name);
  const missing = ASKED.filter((name) => !known.includes(name));
  const says = `you may administer this stage; it has ${commands.length} commands`;
  if (missing.length === 0) return good(says);
  return note(
    `${says}, and lacks ${missing.join(', ')}`,
    `It is older than farebox-client ${clientVersion}: deploy a newer one.`,
  );
}
