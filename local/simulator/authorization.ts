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

/** As OpenAI masks it: the ends of a long key stay. */
function masked(key: string): string {
  return key.length < 12
    ? '*'.repeat(key.length)
    : `${key.slice(0, 4)}${'*'.repeat(key.length - 8)}${key.slice(-4)}`;
}
