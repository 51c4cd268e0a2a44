import { describe, expect, it } from 'vitest';
import { toFunctionUrlEvent } from '../../local/function-url-event.ts';
import type { WireRequest } from '../../local/http.ts';
import { type Person, people } from '../../local/principals.ts';

const PRINCIPALS = people('a seed of the tests');
const ARRIVAL = {
  requestId: '0f3c3b1e-8a45-4e0f-9a55-0c2a2f6c3a10',
  at: Date.parse('2026-11-21T06:03:58Z'),
  apiId: 'local-dev',
  sourceIp: '127.0.0.1',
};

function event(request: Partial<WireRequest>, person: Person = 'developer') {
  const whole: WireRequest = {
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers: [],
    body: new Uint8Array(),
    ...request,
  };
  return toFunctionUrlEvent(whole, PRINCIPALS[person], ARRIVAL);
}

function post(contentType: string, body: string | Uint8Array, more: [string, string][] = []) {
  return event({
    headers: [...(contentType === '' ? [] : [['content-type', contentType] as const]), ...more],
    body: Buffer.from(body),
  });
}

describe('the event of a function URL', () => {
  it('is of payload format 2.0', () => {
    expect(
      event({
        headers: [
          ['Host', '127.0.0.1:8787'],
          ['User-Agent', 'curl/8'],
        ],
      }),
    ).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/v1/chat/completions',
      rawQueryString: '',
      headers: { host: '127.0.0.1:8787', 'x-forwarded-port': '8787', 'x-forwarded-for': '127.0.0.1' },
      requestContext: {
        accountId: '123456789012',
        apiId: 'local-dev',
        domainName: '127.0.0.1:8787',
        http: {
          method: 'POST',
          path: '/v1/chat/completions',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'curl/8',
        },
        requestId: ARRIVAL.requestId,
        stage: '$default',
        time: '21/Nov/2026:06:03:58 +0000',
        timeEpoch: ARRIVAL.at,
      },
      isBase64Encoded: false,
    });
  });

  it.each<[Person, string, string]>([
    ['developer', 'arn:aws:iam::123456789012:user/developer', 'AIDALOCALDEVELOPER00'],
    ['bob', 'arn:aws:iam::123456789012:user/team-a/bob', 'AIDALOCALBOB00000000'],
    [
      'job',
      'arn:aws:sts::123456789012:assumed-role/batch-jobs/nightly-report',
      'AROALOCALBATCHJOBS00:nightly-report',
    ],
    [
      'carol',
      'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Developers_0123456789abcdef/carol@example.com',
      'AROALOCALSSODEV00000:carol@example.com',
    ],
    ['root', 'arn:aws:iam::123456789012:root', '123456789012'],
  ])('says who %s is', (person, userArn, userId) => {
    expect(event({}, person).requestContext.authorizer.iam).toEqual({
      accessKey: PRINCIPALS[person].accessKeyId,
      accountId: '123456789012',
      callerId: userId,
      cognitoIdentity: null,
      principalOrgId: 'o-local',
      userArn,
      userId,
    });
  });

  it('has its header names in lower case and joins duplicates with commas', () => {
    const { headers } = event({
      headers: [
        ['Accept', 'a'],
        ['X-Many', '1'],
        ['x-many', '2'],
        ['X-MANY', '3, 4'],
      ],
    });
    expect(headers).toMatchObject({ accept: 'a', 'x-many': '1,2,3, 4' });
  });

  it('takes cookies out of the headers, one by one', () => {
    const given = event({
      headers: [
        ['Cookie', 'a=1; b="x"'],
        ['cookie', 'c=3'],
      ],
    });
    expect(given.cookies).toEqual(['a=1', 'b="x"', 'c=3']);
    expect(given.headers).not.toHaveProperty('cookie');
    expect(event({})).not.toHaveProperty('cookies');
  });

  it('reads header bytes as UTF-8', () => {
    const bytes = Buffer.from('Müller 漢', 'utf8').toString('latin1');
    expect(event({ headers: [['x-name', bytes]] }).headers['x-name']).toBe('Müller 漢');
    expect(event({ headers: [['x-name', 'M\xfcller']] }).headers['x-name']).toBe('Müller');
  });

  it('keeps path and query as they were sent', () => {
    const given = event({ path: '/v1//a%2Fb/../c%20', query: 'b=2&a=x%20y&a=z&e' });
    expect(given.rawPath).toBe('/v1//a%2Fb/../c%20');
    expect(given.requestContext.http.path).toBe('/v1//a%2Fb/../c%20');
    expect(given.rawQueryString).toBe('b=2&a=x%20y&a=z&e');
    expect(given.queryStringParameters).toEqual({ b: '2', a: 'x y,z', e: '' });
  });

  it('has no parameters where there is no query', () => {
    expect(event({})).not.toHaveProperty('queryStringParameters');
  });

  it.each(['application/json', 'text/plain; charset=utf-8', 'APPLICATION/JSON', 'application/problem+json'])(
    'holds a body of type %s as it is',
    (type) => {
      expect(post(type, '{"t":"漢字"}')).toMatchObject({ body: '{"t":"漢字"}', isBase64Encoded: false });
    },
  );

  it.each([
    '',
    'application/octet-stream',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
  ])('holds a body of type "%s" in base64', (type) => {
    const bytes = new Uint8Array([0, 255, 128, 65]);
    expect(post(type, bytes)).toMatchObject({ body: 'AP+AQQ==', isBase64Encoded: true });
  });

  it('holds text in base64 that is compressed, or no UTF-8', () => {
    expect(post('application/json', '{}', [['content-encoding', 'gzip']])).toMatchObject({
      isBase64Encoded: true,
    });
    expect(post('application/json', new Uint8Array([0x22, 0xff, 0x22]))).toMatchObject({
      body: 'Iv8i',
      isBase64Encoded: true,
    });
  });

  it('keeps a byte order mark', () => {
    expect(post('application/json', '\ufeff{}')).toMatchObject({ body: '\ufeff{}' });
  });

  it('has no body where none was sent', () => {
    expect(event({ method: 'GET' })).not.toHaveProperty('body');
  });
});
