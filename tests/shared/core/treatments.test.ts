import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../../shared/core/refusal.ts';
import { TREATMENTS } from '../../../shared/core/treatments/table.ts';
import { route } from '../../../shared/core/treatments.ts';
import { sdkEndpoints, shapeOf } from '../../support/sdk-endpoints.ts';

describe('the table of treatments', () => {
  const shapes = TREATMENTS.map(({ method, path }) => shapeOf(method, path));

  it('has a row for every endpoint of the installed SDK', () => {
    const endpoints = sdkEndpoints();
    expect(endpoints.length).toBeGreaterThan(370);
    const missing = endpoints.filter((shape) => !shapes.includes(shape));
    expect(missing, 'give each of these its row in shared/core/treatments').toEqual([]);
  });

  it('has one row for each, and none for what no SDK and no specification has', () => {
    expect(new Set(shapes).size).toBe(shapes.length);
    const known = new Set([...sdkEndpoints(), ...BEYOND_THE_SDK]);
    expect(shapes.filter((shape) => !known.has(shape))).toEqual([]);
  });

  it('serves a path that names a stored object only to the project that owns it', () => {
    const stored =
      /^\/(batches|chat\/completions|containers|conversations|files|responses|uploads|vector_stores)\/\{/;
    const unowned = TREATMENTS.filter(
      ({ path, treatment, objects }) =>
        treatment.kind !== 'refused' && stored.test(path) && objects.needs === undefined,
    );
    expect(unowned).toEqual([]);
  });

  it('leaves out of every list what is not the project’s own, but for the models, which are everybody’s', () => {
    const lists = TREATMENTS.filter(
      ({ method, path, treatment }) =>
        method === 'GET' && treatment.kind !== 'refused' && !path.includes('{'),
    );
    expect(lists.map(({ path, objects }) => [path, objects.lists]).sort()).toEqual([
      ['/batches', 'batch'],
      ['/chat/completions', 'chat_completion'],
      ['/containers', 'container'],
      ['/files', 'file'],
      ['/models', undefined],
      ['/vector_stores', 'vector_store'],
    ]);
  });

  it('serves every row that is not refused under one name of its own', () => {
    const names = TREATMENTS.flatMap(({ treatment }) =>
      treatment.kind === 'refused' ? [] : [treatment.endpoint],
    );
    expect(new Set(names).size).toBe(names.length);
  });
});

/** WebSockets. */
const BEYOND_THE_SDK = [
  'GET /live/sessions/{}',
  'GET /realtime',
  'GET /responses',
  // What openai 0.28 asks for when it is given an engine in place of a model.
  'GET /engines',
  'GET /engines/{}',
  'POST /engines/{}/chat/completions',
  'POST /engines/{}/completions',
  'POST /engines/{}/embeddings',
];

describe('the treatment of a path', () => {
  it.each([
    ['POST', '/v1/chat/completions', 'chat.completions', 'metered'],
    ['POST', '/chat/completions', 'chat.completions', 'metered'],
    ['POST', '/v1/responses', 'responses', 'metered'],
    ['POST', '/v1/completions', 'completions', 'metered'],
    ['POST', '/v1/embeddings', 'embeddings', 'metered'],
    ['POST', '/v1/moderations', 'moderations', 'free'],
    ['GET', '/v1/models', 'models.list', 'free'],
    ['GET', '/models/gpt-4o', 'models.retrieve', 'free'],
    ['GET', '/models/ft:gpt-4o:acme::abc', 'models.retrieve', 'free'],
    ['GET', '/v1/files/file-1/content', 'files.content', 'free'],
  ])('%s %s is %s (%s)', (method, path, endpoint, kind) => {
    const found = route(method, path);
    if (isRefusal(found)) throw new Error(found.message);
    expect(found.treatment).toMatchObject({ endpoint, kind });
    expect(found.path).toBe(path.replace(/^\/v1/, ''));
  });

  it('names the object that a path leads to', () => {
    expect(route('GET', '/v1/files/file-1/content')).toMatchObject({
      objectId: 'file-1',
      objects: { needs: 'file' },
    });
    expect(route('GET', '/v1/files')).not.toHaveProperty('objectId');
  });

  it.each([
    ['PUT', '/v1/chat/completions', 'use POST or GET'],
    ['DELETE', '/v1/models/gpt-4o', 'fine-tuned model'],
    ['POST', '/v1/organization/admin_api_keys', 'administration'],
    ['GET', '/v1/organization/admin_api_keys/key_1', 'administration'],
    ['PUT', '/v1/organization/admin_api_keys', 'administration'],
    ['POST', '/v1/realtime/client_secrets', 'no limit would bind'],
    ['POST', '/v1/chatkit/sessions', 'no limit would bind'],
    ['GET', '/v1/responses', 'WebSocket'],
    ['POST', '/v1/vector_stores', 'billed by the day'],
    ['GET', '/v1/videos/characters/char_1', 'retired'],
    [
      'POST',
      '/v1/engines/gpt-3.5-turbo-instruct/completions',
      'an old form of POST /completions, whose body',
    ],
    ['POST', '/engines/gpt-4o/chat/completions', 'an old form of POST /chat/completions, whose body names'],
    ['POST', '/v1/engines/ada/embeddings', 'an old form of POST /embeddings'],
    ['GET', '/v1/engines', 'an old form of GET /models'],
    ['GET', '/v1/engines/gpt-4o', 'an old form of GET /models'],
    ['POST', '/v1/engines/gpt-4o/edits', 'does not know'],
    ['GET', '/', 'no path'],
    ['GET', '/v1', 'does not know'],
    ['POST', '/v1//chat/completions', 'no path'],
    ['POST', '//evil.example/v1/chat/completions', 'no path'],
    ['POST', '/v1/chat/completions/', 'no path'],
    ['POST', '/v1/chat/%63ompletions', 'no path'],
    ['POST', '/v1/models/../chat/completions', 'no path'],
    ['GET', '/v1/models/..', 'no path'],
    ['POST', '/v1/v1/chat/completions', 'does not know'],
    ['POST', '/v1/chat/completions@evil.example', 'does not know'],
    ['POST', '/V1/chat/completions', 'does not know'],
  ])('%s %s is refused and says why', (method, path, reason) => {
    const refusal = route(method, path);
    if (!isRefusal(refusal)) throw new Error('it has a treatment');
    expect(refusal).toMatchObject({ status: 404, code: 'path_refused' });
    expect(refusal.message).toContain(reason);
  });
});
