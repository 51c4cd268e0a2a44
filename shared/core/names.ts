/** The longest name of a project. */
export const MAX_PROJECT_NAME = 128;
/** The longest name of a user: an account, a role and a session name at their longest, and what joins them. */
export const MAX_USER_NAME = 160;

/** The longest that the name of a project or a model may be in a table key, where some characters take three bytes. */
const MAX_IN_KEY = 256;

/** Printable ASCII that neither starts nor ends with a space, which HTTP headers would lose. */
const PRINTABLE = /^[!-~](?:[ -~]*[!-~])?$/;

/**
 * Says why a text cannot name a project, and what can; `undefined` when it can. Projects are named in HTTP headers,
 * where a comma joins repeated ones; `*` is kept for patterns. With these bounds the longest table key that is made
 * of a project, a user and a model stays below the 1,024 bytes that DynamoDB allows in a sort key.
 */
export function projectNameProblem(name: string): string | undefined {
  const isPlain = name.length <= MAX_PROJECT_NAME && PRINTABLE.test(name) && !/[*,]/.test(name);
  if (isPlain) return fitsInKey(name) ? undefined : TOO_SPECIAL;
  return (
    `a project's name is 1 to ${MAX_PROJECT_NAME} printable ASCII characters, neither "*" nor "," among them, ` +
    'with no space at its ends'
  );
}

const TOO_SPECIAL = `a project's name has at most ${MAX_IN_KEY} characters when a URL escapes it: use fewer special ones`;

/** Whether the name of a project or a model, which is printable ASCII, leaves room for others in a table key. */
export function fitsInKey(name: string): boolean {
  return encodeURIComponent(name).length <= MAX_IN_KEY;
}

/** Says why a text cannot name a user, and what can; `undefined` when it can. */
export function userNameProblem(name: string): string | undefined {
  if (name.length <= MAX_USER_NAME && PRINTABLE.test(name) && !name.includes('*')) return undefined;
  return (
    `a user's name is 1 to ${MAX_USER_NAME} printable ASCII characters, no "*" among them, ` +
    'with no space at its ends'
  );
}
