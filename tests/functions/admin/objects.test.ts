import { expect, it } from 'vitest';
import { onEveryStore } from '../../support/admin-stage.ts';

onEveryStore('what OpenAI keeps', (open) => {
  const give = { command: 'give-object', object: 'vs_1', kind: 'vector_store', project: 'demo' };

  it('is given to a project, and to no other until it is taken away', async () => {
    const { admin } = await open();
    for (const project of ['demo', 'other']) await admin({ command: 'create-project', project });
    expect(await admin(give)).toEqual({ object: 'vs_1', kind: 'vector_store', project: 'demo' });
    expect(await admin(give)).toEqual({ object: 'vs_1', kind: 'vector_store', project: 'demo' });
    const second = await admin({ ...give, project: 'other' });
    expect(second).toMatchObject({ error: { code: 'object_owned', param: 'object' } });
    expect(JSON.stringify(second)).toContain('project demo');
    await admin({ command: 'take-object', object: 'vs_1' });
    expect(await admin({ ...give, project: 'other' })).toMatchObject({ project: 'other' });
  });

  it('is given to projects that exist, by ids and kinds that could be, and only what was given is taken', async () => {
    const { admin } = await open();
    expect(await admin(give)).toMatchObject({ error: { code: 'unknown_project' } });
    expect(await admin({ ...give, object: 'a b' })).toMatchObject({ error: { param: 'object' } });
    expect(await admin({ ...give, kind: 'secret' })).toMatchObject({ error: { param: 'kind' } });
    expect(await admin({ command: 'take-object', object: 'vs_1' })).toMatchObject({
      error: { code: 'unknown_object' },
    });
  });
});
