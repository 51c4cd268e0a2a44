import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formBody } from '../../../shared/core/form-body.ts';
import type { FormPart } from '../../../shared/core/multipart.ts';

const SHAPE = { files: ['file', 'image'], integers: ['n'], numbers: ['temperature'], booleans: ['stream'] };
const field = (name: string, text: string): FormPart => ({ name, bytes: Buffer.from(text) });
const file = (name: string, filename = 'Clip.MP3'): FormPart => ({
  name,
  filename,
  contentType: 'Audio/MPEG',
  bytes: Buffer.from('sound'),
});
const facts = {
  bytes: 5,
  sha256: createHash('sha256').update('sound').digest('hex'),
  content_type: 'audio/mpeg',
  extension: 'mp3',
};

describe('a form as JSON', () => {
  it('has its members, lists and objects', () => {
    const parts = [
      field('model', 'gpt-4o-transcribe'),
      field('n', '2'),
      field('temperature', '0.25'),
      field('stream', 'true'),
      field('include[]', 'logprobs'),
      field('include[]', 'more'),
      field('chunking_strategy[type]', 'server_vad'),
      field('chunking_strategy[threshold]', '0.5'),
    ];
    expect(formBody(parts, SHAPE)).toEqual({
      kind: 'json',
      json: {
        model: 'gpt-4o-transcribe',
        n: 2,
        temperature: 0.25,
        stream: true,
        include: ['logprobs', 'more'],
        chunking_strategy: { type: 'server_vad', threshold: '0.5' },
      },
    });
  });

  it('has facts in the place of a file, and what else is known of it', () => {
    const form = formBody([file('file'), file('image[]', 'a'), file('image[]')], SHAPE, ({ filename }) =>
      filename === 'a' ? { seconds: 2 } : {},
    );
    expect(form).toEqual({
      kind: 'json',
      json: { file: facts, image: [{ ...facts, extension: '', seconds: 2 }, facts] },
    });
  });

  it.each(['0.6000000000000001', '1e-7', '1E-07', '-0.30000000000000004', '1'])(
    'has a decimal as languages print it: %s',
    (text) => {
      expect(formBody([field('temperature', text)], SHAPE)).toMatchObject({
        json: { temperature: Number(text) },
      });
    },
  );

  it.each<[string, FormPart[]]>([
    ['a member twice', [field('model', 'a'), field('model', 'b')]],
    ['a member and a list of one name', [field('model', 'a'), field('model[]', 'b')]],
    ['a list and a member of one name', [field('model[]', 'a'), field('model', 'b')]],
    ['a list and an object of one name', [field('model[]', 'a'), field('model[b]', 'b')]],
    ['a member of an object twice', [field('a[b]', 'a'), field('a[b]', 'b')]],
    ['a file twice', [file('image'), file('image')]],
    ['a file where a field belongs', [file('model')]],
    ['a field where a file belongs', [field('file', 'sound')]],
    ['a number in words', [field('n', 'two')]],
    ['a number with a sign', [field('n', '+2')]],
    ['a number with a leading zero', [field('n', '02')]],
    ['a number with a fraction', [field('n', '2.0')]],
    ['a number in white space', [field('n', ' 2')]],
    ['no number', [field('n', '')]],
    ['a decimal in white space', [field('temperature', ' 1')]],
    ['no decimal', [field('temperature', 'NaN')]],
    ['another spelling of true', [field('stream', 'True')]],
    ['one for true', [field('stream', '1')]],
    ['no UTF-8', [{ name: 'prompt', bytes: new Uint8Array([0xff]) }]],
  ])('%s is refused', (_what, parts) => {
    expect(formBody(parts, SHAPE)).toMatchObject({
      status: 400,
      code: 'invalid_multipart',
      param: parts.at(-1)?.name,
    });
  });
});
