import { keepFile, PURPOSES, wireFile } from './files.ts';
import { apiError, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import type { StoredUpload } from './stored-things.ts';

/** OpenAI keeps an unfinished upload for an hour. */
const LIFETIME_SECONDS = 3_600;

/** `POST /uploads` */
export function createUpload({ body }: EndpointRequest, simulation: Simulation): Reply {
  const { filename, purpose, bytes } = body;
  if (typeof filename !== 'string' || typeof purpose !== 'string' || !PURPOSES.has(purpose))
    return apiError(400, 'filename and purpose must be given.', { param: 'purpose' });
  if (typeof bytes !== 'number') return apiError(400, 'bytes must be a number.', { param: 'bytes' });
  const upload: StoredUpload = {
    id: simulation.newId('upload_'),
    filename,
    purpose,
    bytes,
    createdAt: simulation.now(),
    parts: new Map(),
    status: 'pending',
  };
  simulation.uploads.set(upload.id, upload);
  return ok(wire(upload));
}

/** `POST /uploads/{id}/parts` */
export function addPart({ id, files }: EndpointRequest, simulation: Simulation): Reply {
  const upload = pending(id, simulation);
  if ('kind' in upload) return upload;
  const [data] = files.get('data') ?? [];
  if (data === undefined) return apiError(400, 'You must provide the part.', { param: 'data' });
  const part = simulation.newId('part_');
  upload.parts.set(part, data.bytes);
  return ok({ id: part, object: 'upload.part', created_at: simulation.now(), upload_id: id });
}

/** `POST /uploads/{id}/complete` */
export function completeUpload({ id, body }: EndpointRequest, simulation: Simulation): Reply {
  const upload = pending(id, simulation);
  if ('kind' in upload) return upload;
  const ids = Array.isArray(body['part_ids']) ? body['part_ids'] : [];
  const parts = ids.map((part) => upload.parts.get(String(part)));
  const whole = parts.filter((part) => part !== undefined);
  if (whole.length === 0 || whole.length < parts.length)
    return apiError(400, 'part_ids must name parts of this upload.', { param: 'part_ids' });
  const bytes = Buffer.concat(whole);
  if (bytes.length !== upload.bytes)
    return apiError(400, `Got ${bytes.length} bytes of ${upload.bytes}.`, { param: 'part_ids' });
  upload.status = 'completed';
  const { filename, purpose } = upload;
  return ok({ ...wire(upload), file: wireFile(keepFile({ bytes, filename, purpose }, simulation)) });
}

/** `POST /uploads/{id}/cancel` */
export function cancelUpload({ id }: EndpointRequest, simulation: Simulation): Reply {
  const upload = pending(id, simulation);
  if ('kind' in upload) return upload;
  upload.status = 'cancelled';
  return ok(wire(upload));
}

function pending(id: string, { uploads }: Simulation): StoredUpload | JsonReply {
  const upload = uploads.get(id);
  if (upload === undefined) return apiError(404, `No such Upload object: ${id}`);
  return upload.status === 'pending' ? upload : apiError(400, `Upload ${id} is ${upload.status}.`);
}

function wire({ parts: _, createdAt, ...upload }: StoredUpload) {
  return {
    ...upload,
    object: 'upload',
    created_at: createdAt,
    expires_at: createdAt + LIFETIME_SECONDS,
    file: null,
  };
}
