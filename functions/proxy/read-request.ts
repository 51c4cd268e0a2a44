import { type FormShape, formBody } from '../../shared/core/form-body.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { parseJsonBody } from '../../shared/core/json-body.ts';
import { type FormPart, isMultipart, readMultipart, writeMultipart } from '../../shared/core/multipart.ts';
import type { RawForm } from '../../shared/core/multipart-fields.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import { recordingFacts } from '../../shared/core/sound/measure.ts';

/** A request as the rules of its endpoint read it. */
export interface ReadRequest {
  readonly kind: 'json';
  readonly json: JsonObject;
  /** The size of what is text in it, in bytes. */
  readonly textBytes: number;
  /** A form, with its files, as it goes on. */
  readonly raw?: RawForm;
}

/** How an endpoint takes a form: not at all, as well as JSON, or as nothing else. */
export interface FormRules {
  readonly form?: FormShape;
  readonly formOnly?: boolean;
}

/** Reads the body of a metered request, in the form that its content-type names and its endpoint takes. */
export function readRequest(
  body: Uint8Array,
  contentType: string,
  { form, formOnly }: FormRules,
): ReadRequest | Refusal {
  if (form !== undefined && isMultipart(contentType)) return readForm(body, contentType, form);
  if (formOnly === true) return NOT_A_FORM;
  const parsed = parseJsonBody(body);
  return isRefusal(parsed) ? parsed : { ...parsed, textBytes: body.byteLength };
}

function readForm(raw: Uint8Array, contentType: string, shape: FormShape): ReadRequest | Refusal {
  const form = readMultipart(raw, contentType);
  if (isRefusal(form)) return form;
  const read = formBody(form.parts, shape, (part) => soundFacts(part, shape));
  if (isRefusal(read)) return read;
  const textBytes = Buffer.byteLength(JSON.stringify(read.json));
  if (form.isPlain) return { ...read, textBytes, raw: { bytes: raw, contentType } };
  // Another reader could take these bytes for something else than was metered.
  const written = {
    bytes: writeMultipart(form),
    contentType: `multipart/form-data; boundary=${form.boundary}`,
  };
  return { ...read, textBytes, raw: written };
}

function soundFacts({ name, bytes }: FormPart, { audio = [] }: FormShape): JsonObject {
  return audio.includes(name) ? recordingFacts(bytes) : {};
}

export const NOT_A_FORM = invalidRequest(
  'invalid_multipart',
  'This endpoint takes multipart/form-data only: send the file and its options as the parts of a form.',
);
