import { describe, expect, it } from 'vitest';
import { endpointOf, readAdminConfig, readProxyConfig, readSweepConfig } from '../../shared/config.ts';

const STAGE = { STAGE: 'dev', TABLE_NAME: 'farebox-dev', AWS_REGION: 'eu-west-1' };
const PROXY = { ...STAGE, OPENAI_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:1:secret:x' };

describe('the configuration', () => {
  it('needs little, and has defaults for the rest', () => {
    expect(readProxyConfig(PROXY)).toMatchObject({
      OPENAI_BASE_URL: 'https://api.openai.com/v1',
      OPENAI_AUTO_TIER: 'priority',
      LEASE_SECONDS: 960,
      UPSTREAM_TIMEOUT_SECONDS: 880,
      DEFAULT_PROJECT: 'default',
      CACHE_NODES: [],
      TRUSTED_CALLERS: [],
    });
  });

  it('reads lists and whole numbers', () => {
    const config = readProxyConfig({ ...PROXY, CACHE_NODES: 'a:11211, b:11212,', CACHE_TTL_SECONDS: '60' });
    expect(config).toMatchObject({ CACHE_NODES: ['a:11211', 'b:11212'], CACHE_TTL_SECONDS: 60 });
  });

  it('takes an empty variable for one that was not set', () => {
    expect(readAdminConfig({ ...STAGE, LOG_LEVEL: '', LEASE_SECONDS: '' })).toMatchObject({
      LOG_LEVEL: 'info',
    });
  });

  it('of the admin needs no key of OpenAI, and takes an admin key', () => {
    expect(readAdminConfig(STAGE)).toMatchObject({ OPENAI_BASE_URL: 'https://api.openai.com/v1' });
    expect(
      readAdminConfig({ ...STAGE, OPENAI_ADMIN_SECRET_ARN: '' }).OPENAI_ADMIN_SECRET_ARN,
    ).toBeUndefined();
    const given = { OPENAI_ADMIN_SECRET_ARN: 'arn:aws:secretsmanager:x', OPENAI_PROJECT_ID: 'proj_x' };
    expect(readAdminConfig({ ...STAGE, ...given })).toMatchObject(given);
    expect(readAdminConfig(PROXY)).not.toHaveProperty('OPENAI_SECRET_ARN');
  });

  it('lets the sweep ask OpenAI, which takes a key and nothing of what serves calls', () => {
    const { OPENAI_BASE_URL } = readSweepConfig(PROXY);
    expect(OPENAI_BASE_URL).toBe('https://api.openai.com/v1');
    expect(() => readSweepConfig(STAGE)).toThrow(/- OPENAI_SECRET_ARN is not set/);
  });

  it('names every problem at once', () => {
    const read = () =>
      readProxyConfig({ STAGE: 'Dev!', CACHE_TTL_SECONDS: 'soon', OPENAI_BASE_URL: 'ftp://x' });
    expect(read).toThrow(/STAGE must be.*\n.*TABLE_NAME is not set.*\n.*AWS_REGION is not set/);
    expect(read).toThrow(/OPENAI_SECRET_ARN is not set/);
    expect(read).toThrow(/OPENAI_BASE_URL must be an http/);
    expect(read).toThrow(/CACHE_TTL_SECONDS must be a whole number/);
  });

  it('refuses a lease that ends before a hold can', () => {
    const hasty = { LEASE_SECONDS: '20', UPSTREAM_TIMEOUT_SECONDS: '10', LEDGER_DEADLINE_MS: '30000' };
    expect(() => readProxyConfig({ ...PROXY, ...hasty })).toThrow(
      /- LEASE_SECONDS must be more than LEDGER_DEADLINE_MS/,
    );
  });

  it.each([
    [{}, 'global'],
    [{ OPENAI_REGIONAL: '0' }, 'global'],
    [{ OPENAI_REGIONAL: '1' }, 'regional'],
    [{ OPENAI_BASE_URL: 'https://eu.api.openai.com/v1' }, 'regional'],
    [{ OPENAI_BASE_URL: 'https://US.api.openai.com/v1', OPENAI_REGIONAL: '1' }, 'regional'],
    [{ OPENAI_BASE_URL: 'https://eu.api.openai.com.example/v1' }, 'global'],
    [{ OPENAI_BASE_URL: 'http://127.0.0.1:9000/v1' }, 'global'],
  ])('%o pays %s prices', (env, endpoint) => {
    expect(endpointOf(readProxyConfig({ ...PROXY, ...env }))).toBe(endpoint);
  });

  it('does not let a regional endpoint pass at global prices', () => {
    const env = { ...PROXY, OPENAI_BASE_URL: 'https://eu.api.openai.com/v1', OPENAI_REGIONAL: '0' };
    expect(() => readProxyConfig(env)).toThrow(/- OPENAI_REGIONAL must not be 0/);
  });

  it.each([
    ['LEASE_SECONDS', '880'],
    ['UPSTREAM_TIMEOUT_SECONDS', '900'],
    ['DEFAULT_PROJECT', 'a*'],
    ['CACHE_NODES', 'a:99999'],
    ['CACHE_NODES', 'a'],
    ['OPENAI_BASE_URL', 'https://api.openai.com/v1?x=y'],
    ['OPENAI_AUTO_TIER', 'fast'],
    ['MAX_BODY_BYTES', '-1'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => readProxyConfig({ ...PROXY, [name]: value })).toThrow(new RegExp(`- ${name} `));
  });
});
