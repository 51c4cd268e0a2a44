import type { JsonObject } from '../../shared/core/json.ts';
import { page } from './listing.ts';
import { apiError, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import type { StoredFile } from './stored-jobs.ts';

/** What a file can be for. */
export const PURPOSES = new Set(['assistants', 'batch', 'evals', 'fine-tune', 'user_data', 'vision']);

/** `POST /files` */
export function createFile({ body, files }: EndpointRequest, simulation: Simulation): Reply {
  const [file] = files.get('file') ?? [];
  if (file === undefined) return apiError(400, 'You must provide a file.', { param: 'file' });
  const purpose = String(body['purpose'] ?? '');
  if (!PURPOSES.has(purpose)) return apiError(400, `'${purpose}' is not a purpose.`, { param: 'purpose' });
  return ok(wireFile(keepFile({ bytes: file.bytes, filename: file.name, purpose }, simulation)));
}

/** Keeps a file under a new id. */
export function keepFile(
  file: Pick<StoredFile, 'bytes' | 'filename' | 'purpose'>,
  { files, newId, now }: Simulation,
): StoredFile {
  const stored = { ...file, id: newId('file-'), createdAt: now() };
  files.set(stored.id, stored);
  return stored;
}

/** `GET /files` */
export function listFiles({ query }: EndpointRequest, { files }: Simulation): Reply {
  const purpose = query.get('purpose');
  const found = [...files.values()].filter((file) => purpose === null || file.purpose === purpose);
  return ok(page(found.map(wireFile), query));
}

/** `GET /files/{id}` */
export function getFile({ id }: EndpointRequest, { files }: Simulation): Reply {
  const file = files.get(id);
  return file === undefined ? noSuchFile(id) : ok(wireFile(file));
}

/** `GET /files/{id}/content` */
export function fileContent({ id }: EndpointRequest, { files }: Simulation): Reply {
  const file = files.get(id);
  return file === undefined
    ? noSuchFile(id)
    : { kind: 'bytes', contentType: 'application/octet-stream', bytes: file.bytes };
}

/** `DELETE /files/{id}` */
export function deleteFile({ id }: EndpointRequest, { files }: Simulation): Reply {
  return files.delete(id) ? ok({ id, object: 'file', deleted: true }) : noSuchFile(id);
}

/** A file as OpenAI shows it. */
export function wireFile({
  id,
  bytes,
  filename,
  purpose,
  createdAt,
}: StoredFile): JsonObject & { readonly id: string } {
  return {
    id,
    object: 'file',
    bytes: bytes.byteLength,
    created_at: createdAt,
    expires_at: null,
    filename,
    purpose,
    status: 'processed',
    status_details: null,
  };
}

function noSuchFile(id: string): JsonReply {
  return apiError(404, `No such File object: ${id}`, { param: 'id' });
}
