import { credentialProvider } from '../credentials.ts';
import { readEnvironment } from '../environment.ts';
import { FareboxError, messageOf } from '../errors.ts';
import { regionOf } from '../region.ts';
import { createSend } from '../send.ts';
import { bad, type Finding, good, note, type Patient } from './check.ts';

/** The region that is worked in. */
export async function lookAtRegion(patient: Patient): Promise<Finding> {
  try {
    return good(await regionOf(patient));
  } catch (error) {
    return bad(messageOf(error));
  }
}

/** Whether there are credentials, of what kind, and how long they last. */
export async function lookAtCredentials(patient: Patient): Promise<Finding> {
  try {
    const { accessKeyId, sessionToken, expiration } = await credentialProvider(patient)();
    const profile = patient.profile ?? readEnvironment().profile;
    const of = profile === undefined ? '' : ` of profile ${profile}`;
    const left = expiration === undefined ? '' : `, ${minutesLeft(expiration)} min left`;
    const kind = sessionToken === undefined ? 'long-lived' : `temporary${left}`;
    const says = `${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}${of}, ${kind}`;
    if (expiration !== undefined && expiration.getTime() < Date.now())
      return bad(`${says}: they have run out`, 'Sign in again, such as with "aws sso login".');
    return good(says);
  } catch (error) {
    return bad(messageOf(error));
  }
}

function minutesLeft(expiration: Date): number {
  return Math.floor((expiration.getTime() - Date.now()) / 60_000);
}

/**
 * Who AWS says that the credentials are of.
 *
 * Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function lookAtWho(patient: Patient): Promise<Finding> {
  const environment = readEnvironment();
  const elsewhere = patient.endpointUrl ?? environment.lambdaEndpoint;
  if (environment.stsEndpoint === undefined && elsewhere !== undefined)
    return note(`not asked: the Lambda API is at ${elsewhere}, not at AWS`);
  try {
    const region = await regionOf(patient);
    const url = new URL(environment.stsEndpoint ?? `https://sts.${region}.amazonaws.com`);
    const body = new TextEncoder().encode('Action=GetCallerIdentity&Version=2011-06-15');
    const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
    const send = createSend(credentialProvider(patient), patient.fetch ?? fetch, 'sts');
    const response = await send({ method: 'POST', url, region, headers, body });
    const text = await response.text();
    const arn = /arn:[\w-]+:(?:iam|sts)::[^"<\s]+/.exec(text)?.[0];
    if (response.ok && arn !== undefined) return good(arn);
    const code = /<Code>(\w+)</.exec(text)?.[1] ?? `status ${response.status}`;
    return bad(`AWS does not know the credentials (${code})`, 'Sign in again, or make new keys.');
  } catch (error) {
    const advice =
      error instanceof FareboxError ? undefined : 'Check the network, and whether a proxy is needed.';
    return bad(messageOf(error), advice);
  }
}
