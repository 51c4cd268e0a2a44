import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { sandboxFunctions } from '../../local/stage-functions.ts';
import { FUNCTION_URL } from '../local/cases/function-url.ts';
import { type EchoStack, startEchoStack } from '../support/echo-stack.ts';
import { signedFetch } from '../support/signed-fetch.ts';

describe('a function URL, in front of the real runtime client,', () => {
  let stack: EchoStack;
  beforeAll(async () => {
    stack = await startEchoStack({ modules: inject('echoTasks'), runtimeClient: inject('client') });
  });
  afterAll(() => stack.stop());

  it.each(FUNCTION_URL)('$name', async ({ run }) => {
    const url = stack.info.stages.dev.proxyUrl;
    const get = (path: string, init?: RequestInit) =>
      signedFetch(stack.principals.alice)(`${url}${path}`, init);
    await run({ get, lines: stack.lines });
  });

  it('says in its log why a function failed', async () => {
    await signedFetch(stack.principals.alice)(`${stack.info.stages.dev.proxyUrl}/throw`);
    await expect.poll(() => stack.lines.join('\n')).toMatch(/failed: Error: Error: before the first byte/);
  });
});

describe('a function that is invoked, under the real runtime client,', () => {
  const functions = sandboxFunctions('dev', inject('echoTasks'), {
    client: inject('client'),
    env: {},
    onLine: () => undefined,
    maxSandboxes: 2,
  });
  afterAll(() => functions.stop());

  it('answers with what it returns', async () => {
    const result = await functions.invoke('admin', '{"a":"漢字"}');
    expect(result).toEqual({
      kind: 'returned',
      payload: JSON.stringify({ event: { a: '漢字' }, name: 'openai-admin-dev' }),
    });
  });

  it('answers with its error, and goes on in the same process', async () => {
    await functions.invoke('admin', '{}');
    const before = functions.each.admin.pids();
    const result = await functions.invoke('admin', '{"fail":"for a reason"}');
    expect(result).toMatchObject({
      kind: 'threw',
      error: { errorType: 'RangeError', errorMessage: 'for a reason' },
    });
    expect(await functions.invoke('admin', '{}')).toMatchObject({ kind: 'returned' });
    expect(functions.each.admin.pids()).toEqual(before);
  });

  it('answers that it died, and the next call has a process of its own', async () => {
    const died = await functions.invoke('sweep', '{"crash":true}');
    expect(died).toMatchObject({
      error: { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with error: exit status 7' },
    });
    expect(await functions.invoke('sweep', '{}')).toMatchObject({ kind: 'returned' });
  });
});
