import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

/**
 * Why the forwarder does not answer a caller: it must come from loopback, name loopback as the host that it calls (a
 * name of somebody's own that resolves to loopback is a web page's way in), and not be a web page.
 */
export function refusalOf(request: IncomingMessage): Response | undefined {
  if (!isLoopback(request.socket.remoteAddress ?? ''))
    return refusal(403, 'not_loopback', 'This forwarder answers programs on its own machine alone.');
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (host !== 'localhost' && !isLoopback(host))
    return refusal(403, 'not_loopback', 'Call this forwarder as 127.0.0.1 or localhost.');
  // Browsers say of every request of a page where it is from; `none` is an address that a person typed.
  if (request.headers.origin !== undefined || (request.headers['sec-fetch-site'] ?? 'none') !== 'none')
    return refusal(
      403,
      'web_page',
      'This forwarder answers no web pages: any page that is open could spend money.',
    );
  return undefined;
}

/** An error in the shape of OpenAI's. */
export function refusal(
  status: number,
  code: string,
  message: string,
  type = 'invalid_request_error',
): Response {
  const headers = status === 403 ? { 'x-should-retry': 'false' } : undefined;
  return Response.json(
    { error: { message, type, param: null, code } },
    { status, ...(headers && { headers }) },
  );
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
}
