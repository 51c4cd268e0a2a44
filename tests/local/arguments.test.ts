import { describe, expect, it } from 'vitest';
import { functionEnvironment, HELP, readArguments } from '../../local/arguments.ts';

describe('npm start', () => {
  it('listens from port 8787 on, in memory, when nothing is said', () => {
    expect(readArguments([])).toEqual({
      kind: 'start',
      port: 8787,
      dataDirectory: undefined,
      runtime: false,
    });
  });

  it.each([
    [['--port', '0'], { port: 0, dataDirectory: undefined }],
    [['--port=9000', '--data', 'here'], { port: 9000, dataDirectory: 'here' }],
    [['--port', '65529'], { port: 65_529, dataDirectory: undefined }],
    [['--port', '0', '--runtime'], { port: 0, dataDirectory: undefined, runtime: true }],
  ])('takes %j', (args, expected) => {
    expect(readArguments(args)).toEqual({ kind: 'start', runtime: false, ...expected });
  });

  it.each([[['--help']], [['-h']]])('explains itself for %j', (args) => {
    expect(readArguments(args)).toEqual({ kind: 'help' });
  });

  it.each([
    [['--prot', '1'], /--prot/],
    [['dev'], /dev/],
    [['--port'], /--port/],
    [['--port', 'x'], /--port must be 0 .* not "x"/],
    [['--port', '-1'], /--port/],
    [['--port', '65530'], /1 to 65529/],
    [['--port', '1.5'], /--port/],
    [['--data', ''], /--data/],
  ])('says what is wrong with %j', (args, message) => {
    expect(readArguments(args)).toEqual({ kind: 'wrong', message: expect.stringMatching(message) });
  });

  it('passes on to the functions what it says that it passes on, and nothing else', () => {
    const names = [
      'DEFAULT_PROJECT',
      'STAGING_HEADER',
      'TRUSTED_CALLERS',
      'SESSION_ROLES',
      'OPENAI_AUTO_TIER',
      'CACHE_TTL_SECONDS',
      'HOLD_WAIT_MS',
    ];
    const given = Object.fromEntries(names.map((name) => [name, `of ${name}`]));
    expect(functionEnvironment({ ...given, OPENAI_API_KEY: 'sk-secret', PATH: '/bin' })).toEqual(given);
    expect(functionEnvironment({ TRUSTED_CALLERS: '' })).toEqual({});
    for (const name of names) expect(HELP).toContain(name);
  });
});
