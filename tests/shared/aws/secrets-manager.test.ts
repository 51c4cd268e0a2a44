import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createSecretsManager,
  readAdminSecret,
  readStageSecret,
} from '../../../shared/aws/secrets-manager.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
beforeAll(() => {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
});

async function manager(listener: RequestListener, deadlineMs = 400) {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clock = {
    at: 1_000_000,
    now: () => clock.at,
  };
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const secrets = createSecretsManager({
    secretId: 's',
    parse: readStageSecret,
    region: 'us-east-1',
    endpoint,
    clock,
    deadlineMs,
  });
  return { secrets, clock };
}

const answers = (value: () => string): RequestListener => {
  return (_request, response) => {
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ SecretString: value() }));
  };
};

describe("a stage's secrets", () => {
  it('are read once, and again when they are five minutes old', async () => {
    let reads = 0;
    const { secrets, clock } = await manager(
      answers(() => {
        reads += 1;
        return `sk-${reads}`;
      }),
    );
    const first = await Promise.all([secrets.read(), secrets.read()]);
    expect(first.map(({ openaiApiKey }) => openaiApiKey)).toEqual(['sk-1', 'sk-1']);
    clock.at += 299_000;
    expect((await secrets.read()).openaiApiKey).toBe('sk-1');
    clock.at += 2_000;
    expect((await secrets.read()).openaiApiKey).toBe('sk-2');
  });

  it('are given up on when Secrets Manager accepts and never answers', async () => {
    const { secrets } = await manager(() => {});
    await expect(secrets.read()).rejects.toThrow();
  });

  it('stay in use while Secrets Manager does not answer, and are not asked for at each call', async () => {
    let asked = 0;
    let silent = false;
    const { secrets, clock } = await manager((request, response) => {
      asked += 1;
      if (!silent) answers(() => 'sk-1')(request, response);
    });
    await secrets.read();
    silent = true;
    clock.at += 301_000;
    expect((await secrets.read()).openaiApiKey).toBe('sk-1');
    const before = asked;
    expect((await secrets.read()).openaiApiKey).toBe('sk-1');
    expect(asked).toBe(before);
  });
});

describe("the text of a stage's secret", () => {
  it('is a bare key, or JSON', () => {
    expect(readStageSecret(' sk-1\n')).toEqual({ openaiApiKey: 'sk-1', cacheSecret: 'sk-1' });
    const json = { openai_api_key: 'sk-1', openai_organization: 'org', cache_secret: 'sixteen letters!' };
    expect(readStageSecret(JSON.stringify(json))).toEqual({
      openaiApiKey: 'sk-1',
      openaiOrganization: 'org',
      cacheSecret: 'sixteen letters!',
    });
  });

  it.each([
    '',
    '{',
    '{"openai_api_key":""}',
    '{"openai_api_key":"sk-1","cache_secret":"sk-short"}',
    '{"key":"sk-1"}',
  ])('is refused without being repeated: %s', (text) => {
    expect(() => readStageSecret(text)).toThrow(/^The stage's secret is not usable/);
    expect(() => readStageSecret(text)).not.toThrow(/sk-/);
  });
});

describe("the text of the admin key's secret", () => {
  it('is a bare key, or JSON', () => {
    expect(readAdminSecret(' sk-admin-1\n')).toEqual({ openaiApiKey: 'sk-admin-1' });
    const json = { openai_admin_key: 'sk-admin-1', openai_organization: 'org' };
    expect(readAdminSecret(JSON.stringify(json))).toEqual({
      openaiApiKey: 'sk-admin-1',
      openaiOrganization: 'org',
    });
  });

  it.each(['', '{"openai_admin_key":"sk-admin-1"', '{"openai_api_key":"sk-1"}'])(
    'is refused without being repeated: %s',
    (text) => {
      expect(() => readAdminSecret(text)).toThrow(/^The admin key's secret is not usable/);
      expect(() => readAdminSecret(text)).not.toThrow(/sk-/);
    },
  );
});
