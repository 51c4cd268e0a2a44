import { describe, expect, it } from 'vitest';
import { inScope, scopesOf } from '../../../shared/core/scope.ts';

const CAROL = { user: 'sso/Carol@Example.com', project: 'demo', model: 'gpt-4o' };
const FOLDED = 'sso/carol@example.com';

describe('the scopes that bind a call', () => {
  it('are all subsets of its parts, the narrowest first', () => {
    const [user, project, model] = ['user/alice', 'demo', 'gpt-4o'];
    expect(scopesOf({ user, project, model })).toEqual([
      { user, project, model },
      { user, project },
      { project, model },
      { user, model },
      { project },
      { user },
      { model },
      {},
    ]);
  });

  it('have its user in small letters, and as it is written for limits of before', () => {
    const users = scopesOf(CAROL).map(({ user }) => user);
    expect(users.filter((user) => user === FOLDED)).toHaveLength(4);
    expect(users.filter((user) => user === CAROL.user)).toHaveLength(4);
    expect(users.filter((user) => user === undefined)).toHaveLength(4);
  });

  it('are those that it counts in', () => {
    for (const scope of scopesOf(CAROL)) expect(inScope(CAROL, scope)).toBe(true);
    for (const scope of scopesOf({ ...CAROL, user: FOLDED })) expect(inScope(CAROL, scope)).toBe(true);
    expect(inScope(CAROL, { user: 'sso/carla@example.com' })).toBe(false);
    expect(inScope({ ...CAROL, user: 'Bob' }, { user: 'bob' })).toBe(false);
  });
});
