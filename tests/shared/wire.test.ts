import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readAdminConfig, readProxyConfig, readSweepConfig } from '../../shared/config.ts';
import { printedDuring } from '../support/printed.ts';
import { json } from '../support/scripted-upstream.ts';
import { CHAT, CHAT_PATH, startWiredFunctions, type WiredFunctions } from '../support/wired-functions.ts';
import { ADMIN_SETTINGS } from './wiring/admin.ts';
import { PROXY_SETTINGS } from './wiring/proxy.ts';
import { CACHING_SETTINGS } from './wiring/proxy-caching.ts';
import { SWEEP_SETTINGS } from './wiring/sweep.ts';

const SETTINGS = [...PROXY_SETTINGS, ...CACHING_SETTINGS, ...ADMIN_SETTINGS, ...SWEEP_SETTINGS];

/* Every variable has an odd value: what is not passed on, or in another's place, has another effect. */
describe('the configuration reaches its place', () => {
  let stage: WiredFunctions;
  beforeAll(async () => {
    stage = await startWiredFunctions();
  });
  afterAll(() => stage.close());
  afterEach(() => {
    vi.useRealTimers();
    stage.upstream.on(CHAT_PATH, json(CHAT));
  });

  // In full: a name that vitest takes out of an object itself is cut.
  it.each(SETTINGS.map(({ name, check }) => [name, check] as const))('%s', async (_, check) => {
    // Alarms that are meant are no news for whoever reads the tests' output.
    await printedDuring(() => check(stage));
  });

  it('of every variable that there is', () => {
    const source = readFileSync(new URL('../../shared/config.ts', import.meta.url), 'utf8');
    const declared = [...source.matchAll(/^ {2}([A-Z][A-Z_]+)[:,]/gm)].map(([, name = '']) => name);
    const env = { ...stage.env, CACHE_TABLE: stage.answersTable };
    const read = [readProxyConfig(env), readAdminConfig(env), readSweepConfig(env)].flatMap(Object.keys);
    // What is declared is what is read: all of it is set here, but for the cache's other place.
    expect(new Set(declared)).toEqual(new Set([...read, 'CACHE_NODES']));
    expect(new Set(SETTINGS.flatMap(({ variables }) => variables))).toEqual(new Set(declared));
  });

  it('and has another value here than by itself', () => {
    const required = { STAGE: 'dev', TABLE_NAME: 'table', AWS_REGION: 'us-east-1', OPENAI_SECRET_ARN: 'arn' };
    const usual: Record<string, unknown> = readProxyConfig(required);
    const odd: Record<string, unknown> = readProxyConfig({ ...stage.env, CACHE_TABLE: stage.answersTable });
    const same = Object.keys(odd).filter((name) => JSON.stringify(odd[name]) === JSON.stringify(usual[name]));
    // These say where else answers may be cached.
    expect(same.sort()).toEqual(['CACHE_IN_PROCESS', 'CACHE_NODES']);
  });
});
