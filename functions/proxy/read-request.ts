import { audioFacts } from '../../shared/core/audio-duration.ts';
import { type FormShape, formBody } from '../../shared/core/form-body.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { parseJsonBody } from '../../shared/core/json-body.ts';
import { type FormPart, isMultipart, readMultipart } from '../../shared/core/multipart.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import type { Sound } from '../../shared/ports/sound.ts';

/** A request as the rules of its endpoint read it. */
export interface ReadRequest {
  readonly kind: 'json';
  readonly json: JsonObject;
  /** The size of what is text in it, in bytes. */
  readonly textBytes: number;
  /** The body as it came, where it must go on as it is: a form, with its files. */
  readonly raw?: Uint8Array;
}

/** How an endpoint takes a form: not at all, as well as JSON, or as nothing else. */
export interface FormRules {
  readonly form?: FormShape;
  readonly formOnly?: boolean;
}

/** Reads the body of a metered request, in the form that its content-type names and its endpoint takes. */
export async function readRequest(
  body: Uint8Array,
  contentType: string,
  { form, formOnly }: FormRules,
  sound: Sound,
): Promise<ReadRequest | Refusal> {
  if (form !== undefined && isMultipart(contentType)) return readForm(body, contentType, form, sound);
  if (formOnly === true) return NOT_A_FORM;
  const parsed = parseJsonBody(body);
  return isRefusal(parsed) ? parsed : { ...parsed, textBytes: body.byteLength };
}

async function readForm(
  raw: Uint8Array,
  contentType: string,
  shape: FormShape,
  sound: Sound,
): Promise<ReadRequest | Refusal> {
  const form = readMultipart(raw, contentType);
  if (isRefusal(form)) return form;
  const heard = await hear(form.parts, shape, sound);
  const read = formBody(form.parts, shape, (part) => heard.get(part) ?? {});
  if (isRefusal(read)) return read;
  return { ...read, textBytes: Buffer.byteLength(JSON.stringify(read.json)), raw };
}

/** How long each of the audio files plays. */
async function hear(
  parts: readonly FormPart[],
  { audio = [] }: FormShape,
  sound: Sound,
): Promise<ReadonlyMap<FormPart, JsonObject>> {
  const files = parts.filter(({ name, filename }) => filename !== undefined && audio.includes(name));
  const facts = await Promise.all(
    files.map(async (part) => [part, audioFacts(part.bytes, await sound.seconds(part.bytes))] as const),
  );
  return new Map(facts);
}

const NOT_A_FORM = invalidRequest(
  'invalid_multipart',
  'This endpoint takes multipart/form-data only: send the file and its options as the parts of a form.',
);
