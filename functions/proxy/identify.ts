import { userOf, userOfArn } from '../../shared/core/identity.ts';
import { projectNameProblem, userNameProblem } from '../../shared/core/names.ts';
import { matchesAny } from '../../shared/core/pattern.ts';
import { invalidRequest, REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import type { Call, Identified } from './call.ts';
import type { ProxySettings } from './deps.ts';

/**
 * Tells who is calling and for which project. The identity is the one that IAM verified; a header may name another
 * user only where the stage trusts this caller to speak for others, and is ignored otherwise.
 */
export function identify(call: Call, settings: ProxySettings): Identified | Refusal {
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
  if (stage !== null && stage !== settings.stage) {
    return invalidRequest(
      'wrong_stage',
      `This is the URL of stage ${settings.stage}, but openai-proxy-staging asks for another. Call that stage's own URL.`,
      { param: 'openai-proxy-staging' },
    );
  }
  const user = matchesAny(settings.trustedCallers, signer) ? (spokenFor(call, settings) ?? signer) : signer;
  const userProblem = userNameProblem(user);
  if (userProblem !== undefined) return badName('openai-proxy-user', userProblem);
  const projectName = headers.get('openai-proxy-project') ?? settings.defaultProject;
  const projectProblem = projectNameProblem(projectName);
  if (projectProblem !== undefined) return badName('openai-proxy-project', projectProblem);
  return { ...call, user, projectName };
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
