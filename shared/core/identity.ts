import { matchesAny } from './pattern.ts';

/** Who signed a request, as IAM verified it (`requestContext.authorizer.iam` of a Lambda function URL). */
export interface IamCaller {
  readonly userArn: string;
  /** The account of the caller, which across accounts is not the owner's. */
  readonly accountId: string;
  /** The account that the function lives in. */
  readonly ownerAccountId: string;
}

/**
 * Roles whose session name IAM Identity Center sets itself, so that it names the person. A caller's ARN does not tell
 * the path of its role, and whoever may create roles can give one such a name: a stage can name its own roles instead.
 */
export const IDENTITY_CENTER_ROLES: readonly string[] = ['AWSReservedSSO_*'];

/**
 * Derives the one stable name of a caller, under which limits and books know them:
 *
 * | caller | name |
 * |---|---|
 * | IAM user (its path does not matter: names are unique in an account) | `user/alice` |
 * | IAM Identity Center (SSO) session | `sso/alice@example.com` |
 * | assumed role whose session names are listed as enforced | `role/deploy/alice` |
 * | any other assumed role, since callers choose its session names | `role/deploy` |
 * | federated user | `federated/alice` |
 * | root | `root` |
 *
 * A caller of another account has that account in front: `210987654321:user/bob`.
 * ARN forms: AWS documentation, "IAM identifiers", and "Function URL invocation payload format".
 *
 * @param sessionRoles patterns of role names whose session name may be believed as a person
 * @param identityCenterRoles patterns of the roles of IAM Identity Center
 * @returns `undefined` for an ARN of no known form
 */
export function userOf(
  caller: IamCaller,
  sessionRoles: readonly string[],
  identityCenterRoles = IDENTITY_CENTER_ROLES,
): string | undefined {
  const name = localName(caller.userArn, (role, session) => {
    if (matchesAny(identityCenterRoles, role)) return `sso/${session}`;
    return matchesAny(sessionRoles, role) ? `role/${role}/${session}` : `role/${role}`;
  });
  if (name === undefined) return undefined;
  return caller.accountId === caller.ownerAccountId ? name : `${caller.accountId}:${name}`;
}

/**
 * The name of the caller with this ARN, as `userOf` gives it: for people who write ARNs where names are meant.
 *
 * @param ownerAccountId the account that the functions live in
 * @returns `undefined` for an ARN of no known form, or of no single account
 */
export function userOfArn(
  userArn: string,
  ownerAccountId: string,
  sessionRoles: readonly string[],
  identityCenterRoles = IDENTITY_CENTER_ROLES,
) {
  const accountId = userArn.split(':')[4] ?? '';
  if (!/^\d{12}$/.test(accountId)) return undefined;
  return userOf({ userArn, accountId, ownerAccountId }, sessionRoles, identityCenterRoles);
}

/** What `userOf` can give. */
const CALLER_NAME = /^(?:\d{12}:)?(?:(?:user|sso|federated)\/[^/]+|role\/[^/]+(?:\/[^/]+)?|root)$/i;

/**
 * Whether a name has one of the forms that `userOf` gives. One that has not can only be the name that a caller whom
 * the stage trusts gives to somebody.
 */
export function isCallerName(name: string): boolean {
  return CALLER_NAME.test(name);
}

/**
 * The name that limits and principals know a caller by. IAM does not tell users and roles apart by case ("Names are not
 * distinguished by case", IAM User Guide, "IAM and STS quotas"), and people write the names of others in any. Names
 * that a trusted caller gives to somebody stay as they are: it may tell them apart by case.
 */
export function foldedName(name: string): string {
  return isCallerName(name) ? name.toLowerCase() : name;
}

/** Whether one of the patterns means this user, as principals of a project do; `*` stands for anything. */
export function meansUser(patterns: readonly string[], user: string): boolean {
  if (!isCallerName(user)) return matchesAny(patterns, user);
  const folded = patterns.map((pattern) => pattern.toLowerCase());
  return matchesAny(folded, foldedName(user));
}

function localName(arn: string, roleName: (role: string, session: string) => string): string | undefined {
  const [prefix, , service, , account, ...rest] = arn.split(':');
  const resource = rest.join(':');
  if (prefix !== 'arn' || (service !== 'iam' && service !== 'sts') || !account) return undefined;
  if (resource === 'root') return 'root';
  const [kind, ...path] = resource.split('/');
  const last = path.at(-1);
  if (!last) return undefined;
  switch (kind) {
    case 'user':
      return `user/${last}`;
    case 'federated-user':
      return `federated/${last}`;
    case 'assumed-role': {
      const [role = '', ...session] = path;
      return role === '' || session.length === 0 ? undefined : roleName(role, session.join('/'));
    }
    default:
      return undefined;
  }
}
