import { expect } from 'vitest';

/** A function URL in front of `tests/fixtures/echo-proxy.ts`, called by alice. */
export interface Echo {
  get(path: string, init?: RequestInit): Promise<Response>;
  /** What the function printed. */
  readonly lines: readonly string[];
}

/** One statement about a function URL and the runtime behind it, true of the stand-in and of Lambda's own. */
export interface FunctionUrlCase {
  readonly name: string;
  run(echo: Echo): Promise<void>;
}

export const FUNCTION_URL: readonly FunctionUrlCase[] = [
  {
    name: 'hands a signed request to its stage’s function and answers with status, headers, cookies and body',
    async run({ get }) {
      const response = await get('/v1/echo?a=1', {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: 'c=1; d=2' },
        body: '{"q":"漢字"}',
      });
      expect(response.status).toBe(201);
      expect(response.headers.get('x-answer')).toBe('1');
      expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
      expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
      expect(await response.json()).toMatchObject({
        stage: 'dev',
        event: {
          rawPath: '/v1/echo',
          rawQueryString: 'a=1',
          cookies: ['c=1', 'd=2'],
          body: '{"q":"漢字"}',
          requestContext: {
            authorizer: { iam: { userArn: 'arn:aws:iam::123456789012:user/alice' } },
            http: { method: 'POST' },
          },
        },
      });
    },
  },
  {
    name: 'gives a function its configuration, and no environment of the machine',
    async run({ get }) {
      const { env } = (await (await get('/')).json()) as { env: string[] };
      expect(env).toEqual(
        expect.arrayContaining(['STAGE', 'TABLE_NAME', 'OPENAI_SECRET_ARN', 'OPENAI_BASE_URL']),
      );
      expect(env.filter((name) => /OPENAI_API_KEY|VITEST|npm_/.test(name))).toEqual([]);
    },
  },
  {
    name: 'answers without a prelude as the function set its content type',
    async run({ get }) {
      const response = await get('/plain');
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain']);
      expect(await response.text()).toBe('no prelude');
    },
  },
  ...['/throw', '/lost'].map((path) => ({
    name: `answers 502 where the function has no head to give (${path})`,
    async run({ get }: Echo) {
      const response = await get(path);
      expect([response.status, await response.text()]).toEqual([502, 'Internal Server Error']);
    },
  })),
  {
    name: 'cuts the answer where the function fails in the middle of it',
    async run({ get }) {
      const response = await get('/cut');
      expect(response.status).toBe(200);
      await expect(response.text()).rejects.toThrow();
    },
  },
  {
    name: 'makes a function wait for a slow client',
    async run({ get, lines }) {
      const response = await get('/long');
      const wrote = () => lines.filter((line) => line.includes('wrote chunk')).length;
      let before = -1;
      // As long as nobody reads, what the sockets hold fills up and the function stands still.
      await expect
        .poll(
          () => {
            const still = wrote() > 0 && wrote() === before;
            before = wrote();
            return still;
          },
          { interval: 200 },
        )
        .toBe(true);
      expect(before).toBeLessThan(256);
      expect((await response.arrayBuffer()).byteLength).toBe(256 * 262_144);
      await expect.poll(() => lines.join('\n')).toContain('wrote it all');
    },
  },
];
