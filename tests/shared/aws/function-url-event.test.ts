import { describe, expect, it } from 'vitest';
import { toFunctionUrlEvent } from '../../../local/function-url-event.ts';
import { people } from '../../../local/principals.ts';
import { type FunctionUrlEvent, fromFunctionUrlEvent } from '../../../shared/aws/function-url-event.ts';
import { MALFORMED } from '../../../shared/ports/app.ts';

const { alice } = people('tests');

/** An event of the function URL, for a request with these headers. */
function eventOf(headers: Record<string, string> = {}): FunctionUrlEvent {
  const request = {
    method: 'POST',
    path: '/v1/models',
    query: 'limit=2',
    headers: [['host', 'abc.lambda-url.us-east-1.on.aws'], ...Object.entries(headers)] as [string, string][],
    body: Buffer.from('{}'),
  };
  const arrival = { requestId: 'request-1', at: Date.now(), apiId: 'abc', sourceIp: '192.0.2.1' };
  return toFunctionUrlEvent(request, alice, arrival) as FunctionUrlEvent;
}

describe('the caller of a function URL', () => {
  it('is who IAM says', () => {
    const { accountId } = eventOf().requestContext;
    expect(fromFunctionUrlEvent(eventOf()).caller).toEqual({
      userArn: alice.userArn,
      accountId,
      ownerAccountId: accountId,
    });
  });

  it.each<[string, NonNullable<FunctionUrlEvent['requestContext']['authorizer']> | null]>([
    ['nothing', null],
    ['nothing of IAM', {}],
    ['no identity', { iam: null }],
    ['no ARN', { iam: { accountId: '123456789012' } }],
    ['no account', { iam: { userArn: alice.userArn } }],
  ])('is nobody where IAM says %s, whatever the headers say', (_, authorizer) => {
    const event = eventOf({
      authorization: `Bearer ${alice.userArn}`,
      'x-amzn-iam-user-arn': alice.userArn,
      'x-user': alice.userArn,
      'openai-proxy-user': 'user/alice',
    });
    const requestContext = { ...event.requestContext, authorizer } as FunctionUrlEvent['requestContext'];
    expect(fromFunctionUrlEvent({ ...event, requestContext }).caller).toBeUndefined();
  });

  it('is of its own account, which may be another than the function’s', () => {
    const event = eventOf();
    const iam = { userArn: 'arn:aws:iam::210987654321:user/alice', accountId: '210987654321' };
    const requestContext = { ...event.requestContext, authorizer: { iam } };
    expect(fromFunctionUrlEvent({ ...event, requestContext } as FunctionUrlEvent).caller).toEqual({
      ...iam,
      ownerAccountId: event.requestContext.accountId,
    });
  });
});

it('a request of a function URL is the one that was sent', async () => {
  const { request } = fromFunctionUrlEvent(eventOf({ 'content-type': 'application/json' }));
  if (request === MALFORMED) throw new Error('it is not malformed');
  expect([request.method, request.url]).toEqual([
    'POST',
    'https://abc.lambda-url.us-east-1.on.aws/v1/models?limit=2',
  ]);
  expect(request.headers.get('content-type')).toBe('application/json');
  expect(await request.text()).toBe('{}');
});

it.each([
  ['a path without its slash', { rawPath: 'v1/models' }],
  ['a method of no name', { requestContext: { ...eventOf().requestContext, http: { method: 'A B' } } }],
])('%s is malformed, whoever sent it', (_, change) => {
  const { request, caller } = fromFunctionUrlEvent({ ...eventOf(), ...change } as FunctionUrlEvent);
  expect(request).toBe(MALFORMED);
  expect(caller).toEqual(fromFunctionUrlEvent(eventOf()).caller);
});
