import { readMultipart, writeMultipart } from './multipart.ts';
import { isRefusal } from './refusal.ts';

/** A form as bytes, with the content type that they go on with. */
export interface RawForm {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/**
 * A form with other values of some fields, added where it has none of that name.
 *
 * @param form that `readMultipart` could read
 * @throws Error if it could not
 */
export function withFields(form: RawForm, fields: ReadonlyMap<string, string>): RawForm {
  if (fields.size === 0) return form;
  const read = readMultipart(form.bytes, form.contentType);
  if (isRefusal(read)) throw new Error('a form that was read cannot be read again');
  const others = read.parts.filter(({ name }) => !fields.has(name));
  const changed = [...fields].map(([name, value]) => ({ name, bytes: Buffer.from(value) }));
  return {
    bytes: writeMultipart({ ...read, parts: [...changed, ...others] }),
    contentType: `multipart/form-data; boundary=${read.boundary}`,
  };
}
