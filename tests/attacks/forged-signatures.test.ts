import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REGION } from '../../local/principals.ts';
import { functionUrl } from '../support/targets.ts';
import { PEOPLE, type Target } from '../support/world.ts';
import { type AttackStage, startAttackStage } from './support/stage.ts';

/* A request is signed for something else than it is sent as, by somebody else, or not at all. */

let stage: AttackStage;
let target: Target;
beforeAll(async () => {
  stage = await startAttackStage();
  target = await functionUrl(stage.world);
});
afterAll(async () => {
  await target.close();
  await stage.close();
});

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}
interface By {
  readonly service?: string;
  readonly region?: string;
  readonly secret?: string;
  readonly id?: string;
  readonly at?: number;
}

async function signed({
  service = 'lambda',
  region = REGION,
  secret,
  id,
  at = Date.now(),
}: By): Promise<Sent> {
  const { accessKeyId, secretAccessKey } = PEOPLE.alice;
  const { hostname, port, host } = new URL(target.baseURL);
  const credentials = { accessKeyId: id ?? accessKeyId, secretAccessKey: secret ?? secretAccessKey };
  const request = await new SignatureV4({ service, region, sha256: Sha256, credentials }).sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: '/v1/moderations',
      query: {},
      headers: { host, 'content-type': 'application/json', 'openai-proxy-project': stage.attacker.project },
      body: '{"input":"a"}',
    },
    { signingDate: new Date(at) },
  );
  return { method: 'POST', path: '/v1/moderations', headers: { ...request.headers }, body: '{"input":"a"}' };
}

const auth = (sent: Sent, from: RegExp, to: string): Sent => ({
  ...sent,
  headers: { ...sent.headers, authorization: (sent.headers['authorization'] ?? '').replace(from, to) },
});
const without = (sent: Sent, name: string): Sent => ({
  ...sent,
  headers: Object.fromEntries(Object.entries(sent.headers).filter(([key]) => key !== name)),
});
const same = (sent: Sent) => sent;
const HOUR = 3_600_000;

const TRICKS: readonly (readonly [string, By, (sent: Sent) => Sent])[] = [
  ['not at all', {}, (sent) => without(sent, 'authorization')],
  ['with a bearer token', {}, (sent) => auth(sent, /^.*$/, 'Bearer sk-evil')],
  ['with a password', {}, (sent) => auth(sent, /^.*$/, 'Basic YTpi')],
  ['with nothing', {}, (sent) => auth(sent, /^.*$/, '')],
  ['for another body', {}, (sent) => ({ ...sent, body: '{"input":"b"}' })],
  ['for a body, and sent with none', {}, (sent) => ({ ...sent, body: '' })],
  ['for another path', {}, (sent) => ({ ...sent, path: '/v1/chat/completions' })],
  ['for no query', {}, (sent) => ({ ...sent, path: `${sent.path}?a=b` })],
  ['for another method', {}, (sent) => ({ ...sent, method: 'PUT' })],
  [
    'for another project',
    {},
    (sent) => ({ ...sent, headers: { ...sent.headers, 'openai-proxy-project': 'other' } }),
  ],
  [
    'for another type',
    {},
    (sent) => ({ ...sent, headers: { ...sent.headers, 'content-type': 'text/plain' } }),
  ],
  ['with a signature that was changed', {}, (sent) => auth(sent, /Signature=./, 'Signature=g')],
  ['with half of a signature', {}, (sent) => auth(sent, /(Signature=.{32}).*/, '$1')],
  ['with no signature in it', {}, (sent) => auth(sent, /, Signature=.*/, '')],
  ['over no headers', {}, (sent) => auth(sent, /SignedHeaders=[^,]*/, 'SignedHeaders=')],
  ['over the host alone', {}, (sent) => auth(sent, /SignedHeaders=[^,]*/, 'SignedHeaders=host')],
  [
    'by somebody else’s key id',
    {},
    (sent) => auth(sent, /Credential=[^/]*/, `Credential=${PEOPLE.developer.accessKeyId}`),
  ],
  ['for another day', {}, (sent) => auth(sent, /\/\d{8}\//, '/20200101/')],
  ['by a key that nobody has', { id: 'AKIAEVILEVILEVILEVIL' }, same],
  ['with a secret that is wrong', { secret: 'wrong' }, same],
  ['for another service', { service: 's3' }, same],
  ['for another region', { region: 'eu-north-7' }, same],
  ['an hour ago', { at: Date.now() - HOUR }, same],
  ['in an hour', { at: Date.now() + HOUR }, same],
  ['without its date', {}, (sent) => without(sent, 'x-amz-date')],
];

describe('A request is not served that was signed', () => {
  it.each(TRICKS)('%s', async (_, by, change) => {
    stage.forwarded();
    const { method, path, headers, body } = change(await signed(by));
    const answer = await fetch(`${target.baseURL}${path}`, { method, headers, body });
    expect(answer.status, await answer.text()).toBe(403);
    expect(stage.forwarded()).toEqual([]);
  });

  it('unless it was signed as it is sent', async () => {
    const { method, path, headers, body } = await signed({});
    stage.forwarded();
    await (await fetch(`${target.baseURL}${path}`, { method, headers, body })).text();
    expect(stage.forwarded()).toHaveLength(1);
  });
});
