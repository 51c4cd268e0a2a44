import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttackStage, startAttackStage } from './support/stage.ts';

/* A form is written so that Farebox and OpenAI might read different fields in it, or not the same files. */

let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage();
});
afterAll(() => stage.close());

const FILE = 'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF';
const MODEL = 'Content-Disposition: form-data; name="model"\r\n\r\nwhisper-1';
const part = (...parts: readonly string[]) =>
  `${parts.map((each) => `--B\r\n${each}\r\n`).join('')}--B--\r\n`;
const FORM = 'multipart/form-data; boundary=B';

const TRICKS: readonly (readonly [string, string, string])[] = [
  ['nothing', FORM, ''],
  ['no boundary', 'multipart/form-data', part(FILE, MODEL)],
  ['an empty boundary', 'multipart/form-data; boundary=', part(FILE, MODEL)],
  ['another boundary', 'multipart/form-data; boundary=C', part(FILE, MODEL)],
  ['JSON', 'application/json', '{"model":"whisper-1","file":"a"}'],
  ['a form of a URL', 'application/x-www-form-urlencoded', 'model=whisper-1'],
  ['no type', '', part(FILE, MODEL)],
  ['no end', FORM, part(FILE, MODEL).replace('--B--\r\n', '')],
  ['no model', FORM, part(FILE)],
  ['no file', FORM, part(MODEL)],
  ['the model twice', FORM, part(FILE, MODEL, MODEL.replace('whisper-1', 'gpt-4o-transcribe'))],
  ['a model that is a file', FORM, part(FILE, MODEL.replace('"model"', '"model"; filename="m"'))],
  ['a file that is a text', FORM, part(FILE.replace('; filename="a.wav"', ''), MODEL)],
  ['a name twice in a part', FORM, part(FILE, MODEL.replace('name="model"', 'name="user"; name="model"'))],
  ['a part without a name', FORM, part(FILE, MODEL, 'Content-Disposition: form-data\r\n\r\nx')],
  ['a part without a head', FORM, part(FILE, MODEL, '\r\nx')],
  ['a part of another disposition', FORM, part(FILE, MODEL.replace('form-data', 'attachment'))],
  ['a field nobody knows', FORM, part(FILE, MODEL, 'Content-Disposition: form-data; name="evil"\r\n\r\n1')],
  ['a field in capitals', FORM, part(FILE, MODEL.replace('"model"', '"MODEL"'))],
  ['a model nobody has priced', FORM, part(FILE, MODEL.replace('whisper-1', 'whisper-9'))],
  ['a model of texts', FORM, part(FILE, MODEL.replace('whisper-1', '__proto__'))],
  ['lines that end otherwise', FORM, part(FILE, MODEL).replaceAll('\r\n', '\n')],
];

describe('A form that could be read in two ways, or not at all, is refused, and nobody else sees it:', () => {
  it.each(TRICKS)('%s', async (_, type, body) => {
    stage.forwarded();
    const headers = { ...(type === '' ? {} : { 'content-type': type }) };
    const answer = await stage.attacker.send('/audio/transcriptions', {
      method: 'POST',
      headers,
      body: Buffer.from(body),
    });
    expect(answer.status, await answer.text()).toBe(400);
    expect(stage.forwarded()).toEqual([]);
  });
});
