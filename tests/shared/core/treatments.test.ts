import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../../shared/core/refusal.ts';
import { route } from '../../../shared/core/treatments.ts';

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
  ])('%s %s is %s (%s)', (method, path, endpoint, kind) => {
    const found = route(method, path);
    if (isRefusal(found)) throw new Error(found.message);
    expect(found.treatment).toMatchObject({ endpoint, kind });
    expect(found.path).toBe(path.replace(/^\/v1/, ''));
  });

  it.each([
    ['GET', '/v1/chat/completions', 'use POST'],
    ['DELETE', '/v1/models/gpt-4o', 'use GET'],
    ['POST', '/v1/images/generations', 'does not meter'],
    ['POST', '/v1/organization/admin_api_keys', 'administration'],
    ['POST', '/v1/realtime/client_secrets', 'around the limits'],
    ['POST', '/v1/chatkit/sessions', 'around the limits'],
    ['GET', '/v1/responses/resp_1', 'stored objects'],
    ['DELETE', '/v1/files/file-1', 'stored objects'],
    ['GET', '/', 'no path'],
    ['GET', '/v1', 'does not meter'],
    ['POST', '/v1//chat/completions', 'no path'],
    ['POST', '//evil.example/v1/chat/completions', 'no path'],
    ['POST', '/v1/chat/completions/', 'no path'],
    ['POST', '/v1/chat/%63ompletions', 'no path'],
    ['POST', '/v1/models/../chat/completions', 'no path'],
    ['GET', '/v1/models/..', 'no path'],
    ['POST', '/v1/v1/chat/completions', 'does not meter'],
    ['POST', '/v1/chat/completions@evil.example', 'does not meter'],
    ['POST', '/V1/chat/completions', 'does not meter'],
  ])('%s %s is refused and says why', (method, path, reason) => {
    const refusal = route(method, path);
    if (!isRefusal(refusal)) throw new Error('it has a treatment');
    expect(refusal).toMatchObject({ status: 404, code: 'path_refused' });
    expect(refusal.message).toContain(reason);
  });
});
