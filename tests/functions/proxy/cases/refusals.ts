import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { json } from '../../../support/scripted-upstream.ts';
import { sdk, type Target, type World } from '../../../support/world.ts';
import { ask, CHAT, caught, eventually, type HttpCase, of, post, refusalOf } from './fixtures.ts';

/** Runs a call that must be refused, and proves that nothing was forwarded or held for it. */
async function refused(
  world: World,
  target: Target,
  project: string,
  body: unknown,
  path = '/v1/chat/completions',
) {
  const before = world.upstream.received.length;
  const refusal = await refusalOf(await post(target, path, body, of(project)));
  expect(world.upstream.received).toHaveLength(before);
  return refusal;
}

async function onlyVoids(world: World, project: string): Promise<void> {
  const entries = await world.entries(project);
  expect(entries.every(({ outcome }) => outcome?.state === 'void' && outcome.cost === 0n)).toBe(true);
}

export const REFUSALS: readonly HttpCase[] = [
  {
    name: 'an exhausted limit is a RateLimitError that the SDK does not try again',
    async run(world, target) {
      const project = await world.project('0.001');
      const client = sdk(target, project).withOptions({ maxRetries: 2 });
      const before = world.upstream.received.length;
      const error = await caught(client.chat.completions.create(ask(project)));
      expect(error).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' });
      expect(error.message).toContain(`The month limit of 0.001 USD for project ${project}`);
      expect(error.message).toMatch(/It starts again at \d{4}-\d\d-01T00:00:00Z/);
      expect(world.upstream.received).toHaveLength(before);
      await onlyVoids(world, project);
      expect(await world.entries(project)).toHaveLength(1);
    },
  },
  {
    name: 'the limit that refuses is named, whichever of several it is',
    async run(world, target) {
      const project = await world.project('5');
      await world.limit({ project, model: 'gpt-4o' }, '0.0001');
      const { message } = await refused(world, target, project, ask(project));
      expect(message).toContain(`for project ${project}, model gpt-4o`);
    },
  },
  {
    name: 'a dated snapshot counts against the limit of its family',
    async run(world, target) {
      const project = await world.project('5');
      await world.limit({ project, model: 'gpt-4o' }, '0.0001');
      const refusal = await refused(world, target, project, { ...ask(project), model: 'gpt-4o-2024-08-06' });
      expect(refusal).toMatchObject({ status: 429, code: 'insufficient_quota' });
    },
  },
  {
    name: 'an unknown project is refused',
    async run(world, target) {
      const refusal = await refused(world, target, 'nobody-made-this', ask('x'));
      expect(refusal).toMatchObject({ status: 403, code: 'unknown_project' });
    },
  },
  {
    name: 'a project that does not admit the caller is refused, and admits those it names',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1', { principals: ['user/alice', 'sso/*'] });
      const error = await caught(sdk(target, project).chat.completions.create(ask(project)));
      expect(error).toMatchObject({ status: 403, code: 'project_not_yours' });
      await sdk(target, project, { as: 'alice' }).chat.completions.create(ask(project));
      await sdk(target, project, { as: 'carol' }).chat.completions.create({ ...ask(project), seed: 1 });
      const users = (await world.entries(project)).map(({ user }) => user);
      expect(users).toEqual(['user/alice', 'sso/carol@example.com']);
    },
  },
  {
    name: 'a model that the project may not use is refused',
    async run(world, target) {
      const project = await world.project('1', { models: ['gpt-4o-mini', 'o*'] });
      const refusal = await refused(world, target, project, ask(project));
      expect(refusal).toMatchObject({ status: 403, code: 'model_not_allowed', param: 'model' });
    },
  },
  {
    name: 'a call that no limit binds is refused',
    async run(world, target) {
      const project = await world.project();
      await world.limit({ project, user: 'user/alice' }, '1');
      const refusal = await refused(world, target, project, ask(project));
      expect(refusal).toMatchObject({ status: 403, code: 'no_limit_set' });
    },
  },
  {
    name: 'a model without a price is refused',
    async run(world, target) {
      const project = await world.project('1');
      const refusal = await refused(world, target, project, { ...ask(project), model: 'gpt-4o-2099-01-01' });
      expect(refusal).toMatchObject({ status: 400, code: 'unpriced_model', param: 'model' });
    },
  },
  {
    name: 'paths that have no treatment are refused with the reason',
    async run(world, target) {
      const project = await world.project('1');
      for (const path of [
        '/v1/images/variations',
        '/v1/realtime/client_secrets',
        '/v1/organization/projects',
        '/v2/x',
      ]) {
        const refusal = await refused(world, target, project, {}, path);
        expect(refusal).toMatchObject({ status: 404, code: 'path_refused', type: 'invalid_request_error' });
      }
    },
  },
  {
    name: 'a body that is no JSON object is refused',
    async run(world, target) {
      const project = await world.project('1');
      for (const body of ['', '{', '[]', '"x"', 'null', '\u0000', '{"model":']) {
        expect(await refused(world, target, project, body)).toMatchObject({
          status: 400,
          type: 'invalid_request_error',
        });
      }
    },
  },
  {
    name: 'fields that decide the cost must make sense',
    async run(world, target) {
      const project = await world.project('1');
      const wrong = [
        { n: 0 },
        { n: 1e9 },
        { max_tokens: -1 },
        { max_tokens: 1.5 },
        { max_completion_tokens: '9' },
        { model: 7 },
        { stream: 'yes' },
      ];
      for (const fields of wrong) {
        const refusal = await refused(world, target, project, { ...ask(project), ...fields });
        expect(refusal).toMatchObject({ status: 400, param: Object.keys(fields)[0] });
      }
    },
  },
  {
    name: 'a body that is larger than the proxy takes is refused with the bound',
    async run(world, target) {
      const project = await world.project('1');
      const most = world.deps.settings.maxBodyBytes;
      const refusal = await refused(world, target, project, { ...ask(project), user: 'x'.repeat(most) });
      expect(refusal).toMatchObject({ status: 413, code: 'request_too_large' });
      expect(refusal.message).toContain(`${most} bytes`);
    },
  },
  {
    name: 'the id of a refusal leads to a line of the log, and of a limit to its entry in the books',
    async run(world, target) {
      const project = await world.project('0.001');
      const limited = await post(target, '/v1/chat/completions', ask(project), of(project));
      const id = limited.headers.get('openai-proxy-call-id');
      const [entry] = await world.entries(project);
      expect(entry?.id).toBe(id);
      const other = await post(target, '/v1/images/generations', {}, of(project));
      for (const callId of [id, other.headers.get('openai-proxy-call-id')]) {
        const lines = () =>
          world.logs.filter((line) => line.includes('"refused"') && line.includes(`${callId}`));
        await eventually(() => expect(lines()).toHaveLength(1));
      }
    },
  },
  {
    name: 'a service tier that the model has no price for is refused, on every endpoint that takes one',
    async run(world, target) {
      const project = await world.project('50');
      const tier = { model: 'gpt-5.5', service_tier: 'ultrafast' };
      const paths = ['/v1/responses', '/v1/responses/compact', '/v1/chat/completions'];
      for (const path of paths) {
        const asked = path.includes('chat') ? ask(project) : { input: project };
        const refusal = await refused(world, target, project, { ...asked, ...tier }, path);
        expect(refusal).toMatchObject({ status: 400, code: 'unmetered_option', param: 'service_tier' });
        expect(refusal.message).toContain('priority or fast');
      }
    },
  },
  {
    name: 'what makes a call dear is said where asking for less output would not help',
    async run(world, target) {
      const project = await world.project('0.5');
      const body = {
        model: 'gpt-4o',
        input: project,
        max_output_tokens: 20,
        tools: [{ type: 'web_search' }],
      };
      const { message } = await refused(world, target, project, body, '/v1/responses');
      expect(message).toContain('max_tool_calls');
      expect(message).not.toContain('Ask for less output');
      const compacted = {
        model: 'gpt-6.1-sol',
        input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'https://x.test/a.png' }] }],
        max_output_tokens: 4_000,
        service_tier: 'default',
        context_management: [{ type: 'compaction', compact_threshold: 20_000 }],
      };
      const small = await world.project('0.05');
      const dear = (await refused(world, target, small, compacted, '/v1/responses')).message;
      expect(dear).toMatch(
        /name a compact_threshold above 40\d\d\d, name "detail": "low" for its pictures, or ask/,
      );
      expect(dear).not.toMatch(/max_tool_calls|service_tier/);
      const plain = {
        ...compacted,
        context_management: [{ type: 'compaction', compact_threshold: 200_000 }],
      };
      expect((await refused(world, target, small, plain, '/v1/responses')).message).not.toContain('compact');
    },
  },
  {
    name: 'a stage answers only for itself',
    async run(world, target) {
      const project = await world.project('1');
      const response = await post(
        target,
        '/v1/chat/completions',
        ask(project),
        of(project, { 'openai-proxy-staging': 'prod' }),
      );
      expect(await refusalOf(response)).toMatchObject({ status: 400, code: 'wrong_stage' });
    },
  },
  {
    name: 'the SDK’s own project names the project, unless openai-proxy-project does',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const [project, other] = [await world.project('1'), await world.project('1')];
      const call = (headers: Record<string, string>) =>
        post(target, '/v1/chat/completions', ask(`${project} ${JSON.stringify(headers)}`), headers);
      expect((await call({ 'openai-project': project })).status).toBe(200);
      expect((await call({ 'openai-project': project, 'openai-proxy-project': other })).status).toBe(200);
      expect([await world.entries(project), await world.entries(other)]).toMatchObject([
        [{ project }],
        [{ project: other }],
      ]);
      expect(world.upstream.received.at(-1)?.headers).not.toHaveProperty('openai-project');
      const unknown = await call({ 'openai-project': 'nobody-has-this' });
      expect(await refusalOf(unknown)).toMatchObject({ status: 403, code: 'unknown_project' });
      const unfit = await call({ 'openai-project': 'a*' });
      expect(await refusalOf(unfit)).toMatchObject({ code: 'invalid_name', param: 'openai-project' });
    },
  },
  {
    name: 'an id of a project of OpenAI’s own is left aside, unless the stage has a project of that name',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const { defaultProject } = world.deps.settings;
      const call = (id: string) => post(target, '/v1/chat/completions', ask(id), { 'openai-project': id });
      const id = `proj_${randomBytes(8).toString('hex')}`;
      const refused = await refusalOf(await call(id));
      expect(refused).toMatchObject({
        code: 'unknown_project',
        message: expect.stringContaining(` ${defaultProject}.`),
      });
      await world.directory.createProject({
        name: id,
        principals: [],
        models: [],
        onDisconnect: 'drain',
        cacheGeneration: 0,
        createdAt: Date.now(),
      });
      await world.limit({ project: id }, '1');
      expect((await call(id)).status).toBe(200);
      expect(await world.entries(id)).toHaveLength(1);
    },
  },
  {
    name: 'a user named in a header is believed from a trusted caller alone',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      const headers = { 'openai-proxy-user': 'user/victim', 'openai-proxy-caching': '0' };
      await sdk(target, project, { as: 'alice', headers }).chat.completions.create(ask(project));
      await sdk(target, project, { as: 'bob', headers }).chat.completions.create(ask(project));
      const arn = { ...headers, 'openai-proxy-user': 'arn:aws:iam::123456789012:user/team/victim' };
      await sdk(target, project, { as: 'bob', headers: arn }).chat.completions.create(ask(project));
      const users = (await world.entries(project)).map(({ user }) => user);
      expect(users).toEqual(['user/alice', 'user/victim', 'user/victim']);
    },
  },
  {
    name: 'a caller of another account, named by its ARN, is not the local namesake, who does not pay for it',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      const headers = {
        'openai-proxy-user': 'arn:aws:iam::210987654321:user/alice',
        'openai-proxy-caching': '0',
      };
      await sdk(target, project, { as: 'bob', headers }).chat.completions.create(ask(project));
      const [entry] = await world.entries(project);
      expect(entry?.user).toBe('210987654321:user/alice');
    },
  },
];
