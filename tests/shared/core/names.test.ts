import { describe, expect, it } from 'vitest';
import { projectNameProblem, userNameProblem } from '../../../shared/core/names.ts';

describe('names', () => {
  it.each(['demo', 'N/A', 'my project', 'a.b_c-d', 'x', 'team:search+test', 'p'.repeat(128)])(
    'let a project be called %j',
    (name) => expect(projectNameProblem(name)).toBeUndefined(),
  );

  it.each(['', ' demo', 'demo ', 'a,b', 'a*', 'tab\there', 'zero\u0000', 'ü', '\ud800', 'p'.repeat(129)])(
    'let no project be called %j',
    (name) => expect(projectNameProblem(name)).toMatch(/project's name is 1 to 128/),
  );

  it.each(['user/alice', '210987654321:role/deploy/a,b', 'sso/alice@example.com', 'u'.repeat(160)])(
    'let a user be called %j',
    (name) => expect(userNameProblem(name)).toBeUndefined(),
  );

  it.each(['', '*', 'user/*', 'a\n', 'u'.repeat(161), '\u200b'])('let no user be called %j', (name) =>
    expect(userNameProblem(name)).toMatch(/user's name is 1 to 160/),
  );
});
