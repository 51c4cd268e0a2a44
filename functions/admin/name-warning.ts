import { isCallerName } from '../../shared/core/identity.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { matchesAny } from '../../shared/core/pattern.ts';
import type { AdminDeps } from './deps.ts';

const CALLER_FORMS =
  'user/NAME, sso/SESSION, role/ROLE (role/ROLE/SESSION for roles in SESSION_ROLES), federated/NAME or root, ' +
  'with ACCOUNT: in front when they are of another account';

/** The ARN of one session of a role; `*` for a session means all of them, as the name of the role does. */
const SESSION_ARN = /^arn:[^:]*:sts:[^:]*:\d{12}:assumed-role\/[^/]+\/(?!\*$)/;
/** What a role is booked on: without a session, unless the stage tells its sessions apart. */
const ROLE_NAME = /^(?:\d{12}:)?role\/[^/]+$/;
/** One session of a role, by name. */
const SESSION_NAME = /^(?:\d{12}:)?role\/([^/*]+)\/./i;

type Names = Pick<AdminDeps, 'userOfArn' | 'sessionRoles'>;

/**
 * The part of a reply that warns of names that may not mean what they seem to: those that no IAM caller has, and
 * sessions of a role that the stage does not tell apart. They are not errors, since callers whom the stage trusts
 * (`TRUSTED_CALLERS`) name users as they please; mostly, though, they bind or admit nobody, or too many.
 *
 * @param given users, or patterns of users, as the payload has them: by name or ARN
 */
export function nameWarning(given: readonly string[], deps: Names): JsonObject {
  const booked = given.map((name) => ({ name, as: name.startsWith('arn:') ? deps.userOfArn(name) : name }));
  const unusual = given.filter((name) => !/^arn:|\*/.test(name) && !isCallerName(name));
  const dropped = booked.filter(({ name, as = '' }) => SESSION_ARN.test(name) && ROLE_NAME.test(as));
  const warnings = [
    ...unusualNames(unusual),
    ...dropped.map(({ name, as = '' }) => droppedSession(name, as)),
    ...given.filter((name) => isUnknownSession(name, deps)).map(unknownSession),
  ];
  return warnings.length === 0 ? {} : { warning: [...new Set(warnings)].join(' ') };
}

function unusualNames(unusual: readonly string[]): readonly string[] {
  if (unusual.length === 0) return [];
  const plain = unusual.find((name) => !/[/:]/.test(name));
  const meant = plain === undefined ? '' : ` Did you mean ${JSON.stringify(`user/${plain}`)}?`;
  return [
    `No IAM caller is named ${unusual.map((name) => JSON.stringify(name)).join(', ')}: only a caller in ` +
      `TRUSTED_CALLERS can speak for such a user. IAM callers are named ${CALLER_FORMS}.${meant}`,
  ];
}

function droppedSession(arn: string, role: string): string {
  return (
    `${JSON.stringify(arn)} is one session, but ${JSON.stringify(role)} is taken, which is every session of the ` +
    `role. ${TELL_APART}`
  );
}

/** Names have one meaning in any case, so a pattern of `SESSION_ROLES` is compared in any. */
function isUnknownSession(name: string, { sessionRoles }: Names): boolean {
  const role = SESSION_NAME.exec(name)?.[1]?.toLowerCase();
  return (
    role !== undefined &&
    !matchesAny(
      sessionRoles.map((pattern) => pattern.toLowerCase()),
      role,
    )
  );
}

function unknownSession(name: string): string {
  const role = name.split('/', 2).join('/');
  return (
    `No call is booked on ${JSON.stringify(name)}: all sessions of the role are booked on ` +
    `${JSON.stringify(role)}. ${TELL_APART}`
  );
}

const TELL_APART =
  'To tell its sessions apart, list the role in SESSION_ROLES; do so only if its trust policy enforces their names.';
