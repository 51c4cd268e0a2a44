import { describe, expect, it } from 'vitest';
import { readArguments } from '../../local/arguments.ts';

describe('npm start', () => {
  it('listens from port 8787 on, in memory, when nothing is said', () => {
    expect(readArguments([])).toEqual({ kind: 'start', port: 8787, dataDirectory: undefined });
  });

  it.each([
    [['--port', '0'], { port: 0, dataDirectory: undefined }],
    [['--port=9000', '--data', 'here'], { port: 9000, dataDirectory: 'here' }],
    [['--port', '65529'], { port: 65_529, dataDirectory: undefined }],
  ])('takes %j', (args, expected) => {
    expect(readArguments(args)).toEqual({ kind: 'start', ...expected });
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
});
