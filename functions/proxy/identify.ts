import { userOf, userOfArn } from '../../shared/core/identity.ts';
import { projectNameProblem, userNameProblem } from '../../shared/core/names.ts';
import { matchesAny } from '../../shared/core/pattern.ts';
import { invalidRequest, REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import type { Call, Identified } from './call.ts';
import type { ProxyDeps, ProxySettings } from './deps.ts';

/** An id of a project of OpenAI's own, which programs may still name from the time before Farebox. */
const OPENAI_PROJECT_ID = /^proj_[A-Za-z0-9]+$/;

/**
 * Finds out who is calling and for which project. The identity is the one that IAM verified; a header may name another
 * user only if the stage trusts this caller to speak for others, and is ignored otherwise.
 */
export async function identify(
  call: Call,
  { settings, directory }: Pick<ProxyDeps, 'settings' | 'directory'>,
): Promise<Identified | Refusal> {
  const signer = call.caller && userOf(call.caller, settings.sessionRoles, settings.identityCenterRoles);
  if (signer === undefined) {
    return {
      kind: REFUSAL,
      status: 401,
      type: 'invalid_request_error',
      code: 'no_identity',
      message: 'This request carries no identity. Sign it with AWS Signature V4 (service "lambda").',
    };
  }
  const { headers } = call.request;
  const stage = headers.get('openai-proxy-staging');
  if (stage !== null && stage !== settings.stage && settings.stagingHeader !== 'ignored') {
    return invalidRequest(
      'wrong_stage',
      `This is the URL of stage ${settings.stage}, but openai-proxy-staging asks for another. Call that stage's own URL.`,
      { param: 'openai-proxy-staging' },
    );
  }
  const user = matchesAny(settings.trustedCallers, signer) ? (spokenFor(call, settings) ?? signer) : signer;
  const userProblem = userNameProblem(user);
  if (userProblem !== undefined) return badName('openai-proxy-user', userProblem);
  const own = headers.get('openai-proxy-project');
  const ofSdk = own === null ? headers.get('openai-project') : null;
  const projectName = own ?? ofSdk ?? settings.defaultProject;
  const projectProblem = projectNameProblem(projectName);
  const header = ofSdk === null ? 'openai-proxy-project' : 'openai-project';
  if (projectProblem !== undefined) return badName(header, projectProblem);
  const isOpenAis = ofSdk !== null && OPENAI_PROJECT_ID.test(ofSdk);
  if (!isOpenAis || (await directory.project(projectName)) !== undefined)
    return { ...call, user, projectName };
  return { ...call, user, projectName: settings.defaultProject };
}

/** Whom a trusted caller speaks for: by name, or by an ARN, which is turned into the name that its owner has here. */
function spokenFor(
  { caller, request }: Call,
  { sessionRoles, identityCenterRoles }: ProxySettings,
): string | undefined {
  const named = request.headers.get('openai-proxy-user') ?? undefined;
  if (named === undefined || caller === undefined) return undefined;
  return userOfArn(named, caller.ownerAccountId, sessionRoles, identityCenterRoles) ?? named;
}

function badName(header: string, problem: string): Refusal {
  return invalidRequest('invalid_name', `${header}: ${problem}`, { param: header });
}
