import { apiError, type JsonReply } from './reply.ts';

const WHERE_TO_FIND = 'You can find your API key at https://platform.openai.com/account/api-keys.';

/**
 * Checks the key that a request carries.
 *
 * @param header the `authorization` header
 * @param apiKey the only key that is right; any will do where it is absent
 * @returns OpenAI's 401, or `undefined` when the key is right
 */
export function checkAuthorization(
  header: string | undefined,
  apiKey: string | undefined,
): JsonReply | undefined {
  const key = /^Bearer\s+(\S+)$/i.exec(header ?? '')?.[1];
  if (key === undefined) {
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
      `(i.e. Authorization: Bearer YOUR_KEY). ${WHERE_TO_FIND}`;
    return apiError(401, message);
  }
  if (apiKey === undefined || key === apiKey) return undefined;
  const message = `Incorrect API key provided: ${masked(key)}. ${WHERE_TO_FIND}`;
  return apiError(401, message, { code: 'invalid_api_key' });
}

/**
 * Checks the key of a request for what only an organization's admin may see.
 *
 * @param adminKey the only key that is right; any that begins as admin keys do will do where it is absent
 * @returns OpenAI's 401 or 403, or `undefined` when the key is right
 */
export function checkAdminAuthorization(
  header: string | undefined,
  adminKey: string | undefined,
): JsonReply | undefined {
  const isAdminKey = header?.startsWith('Bearer sk-admin-') === true;
  const missing = header === undefined || isAdminKey ? checkAuthorization(header, adminKey) : undefined;
  if (missing !== undefined || isAdminKey) return missing;
  const message =
    'You have insufficient permissions for this operation. Missing scopes: api.usage.read. Check that you have the ' +
    "correct role in your organization (Reader, Writer, Owner), and if you're using a restricted API key, that it has " +
    'the necessary scopes.';
  return apiError(403, message);
}

/** As OpenAI masks it: the ends of a long key stay. */
function masked(key: string): string {
  return key.length < 12
    ? '*'.repeat(key.length)
    : `${key.slice(0, 4)}${'*'.repeat(key.length - 8)}${key.slice(-4)}`;
}
