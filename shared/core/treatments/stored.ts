import { checkAddedItems, checkConversation, checkMetadata } from '../endpoints/conversations.ts';
import type { ObjectUse } from './row.ts';
import { batch, type Content, free, type Row, refused, rented } from './row.ts';

const MULTIPART: readonly Content[] = ['multipart/form-data'];
const BYTES: readonly Content[] = ['application/octet-stream'];

const RESPONSE = { needs: 'response' } as const satisfies ObjectUse;
const CHAT = { needs: 'chat_completion' } as const satisfies ObjectUse;
const CONVERSATION = { needs: 'conversation' } as const satisfies ObjectUse;
const FILE = { needs: 'file' } as const satisfies ObjectUse;
const UPLOAD = { needs: 'upload' } as const satisfies ObjectUse;
const CONTAINER = { needs: 'container' } as const satisfies ObjectUse;
const VECTOR_STORE = { needs: 'vector_store' } as const satisfies ObjectUse;

const STORAGE =
  'its storage is billed by the day for as long as it lasts, which nothing bounds; an admin can make a vector store in ' +
  "OpenAI's dashboard and give it to a project";

/** What OpenAI keeps for callers: each project sees its own. */
export const STORED: readonly Row[] = [
  free('GET /responses/{response_id}', 'responses.retrieve', {
    gives: ['application/json', 'text/event-stream'],
    objects: { ...RESPONSE, shows: 'response' },
  }),
  free('DELETE /responses/{response_id}', 'responses.delete', { objects: { ...RESPONSE, deletes: true } }),
  free('POST /responses/{response_id}/cancel', 'responses.cancel', {
    objects: { ...RESPONSE, shows: 'response' },
  }),
  free('GET /responses/{response_id}/input_items', 'responses.input_items', {
    objects: { ...RESPONSE, shows: 'item' },
  }),

  free('GET /chat/completions', 'chat.completions.list', { objects: { lists: 'chat_completion' } }),
  free('GET /chat/completions/{completion_id}', 'chat.completions.retrieve', { objects: CHAT }),
  free('POST /chat/completions/{completion_id}', 'chat.completions.update', {
    check: checkMetadata,
    objects: CHAT,
  }),
  free('DELETE /chat/completions/{completion_id}', 'chat.completions.delete', {
    objects: { ...CHAT, deletes: true },
  }),
  free('GET /chat/completions/{completion_id}/messages', 'chat.completions.messages', { objects: CHAT }),

  free('POST /conversations', 'conversations.create', {
    check: checkConversation,
    objects: { creates: 'conversation' },
  }),
  free('GET /conversations/{conversation_id}', 'conversations.retrieve', { objects: CONVERSATION }),
  free('POST /conversations/{conversation_id}', 'conversations.update', {
    check: checkMetadata,
    objects: CONVERSATION,
  }),
  free('DELETE /conversations/{conversation_id}', 'conversations.delete', {
    objects: { ...CONVERSATION, deletes: true },
  }),
  free('GET /conversations/{conversation_id}/items', 'conversations.items.list', {
    objects: { ...CONVERSATION, shows: 'item' },
  }),
  free('POST /conversations/{conversation_id}/items', 'conversations.items.create', {
    check: checkAddedItems,
    objects: { ...CONVERSATION, creates: 'item' },
  }),
  free('GET /conversations/{conversation_id}/items/{item_id}', 'conversations.items.retrieve', {
    objects: CONVERSATION,
  }),
  free('DELETE /conversations/{conversation_id}/items/{item_id}', 'conversations.items.delete', {
    objects: CONVERSATION,
  }),

  free('POST /files', 'files.create', { takes: MULTIPART, objects: { creates: 'file' } }),
  free('GET /files', 'files.list', { objects: { lists: 'file' } }),
  free('GET /files/{file_id}', 'files.retrieve', { objects: FILE }),
  free('DELETE /files/{file_id}', 'files.delete', { objects: { ...FILE, deletes: true } }),
  free('GET /files/{file_id}/content', 'files.content', { gives: BYTES, objects: FILE }),
  free('POST /uploads', 'uploads.create', { objects: { creates: 'upload' } }),
  free('POST /uploads/{upload_id}/parts', 'uploads.parts', {
    takes: MULTIPART,
    objects: { ...UPLOAD, creates: 'upload_part' },
  }),
  free('POST /uploads/{upload_id}/complete', 'uploads.complete', { objects: { ...UPLOAD, creates: 'file' } }),
  free('POST /uploads/{upload_id}/cancel', 'uploads.cancel', { objects: { ...UPLOAD, deletes: true } }),

  batch(
    'POST /batches',
    'batches.create',
    {
      worstCase:
        'the requests of its input file (chats, completions, responses, embeddings, images; moderations are free), each as a call of its own, at batch rates',
      usage: 'the lines of its output file, when it has ended',
      cache: 'no',
    },
    { objects: { creates: 'batch' } },
  ),
  free('GET /batches', 'batches.list', { objects: { lists: 'batch' } }),
  free('GET /batches/{batch_id}', 'batches.retrieve', { objects: { needs: 'batch' } }),
  free('POST /batches/{batch_id}/cancel', 'batches.cancel', { objects: { needs: 'batch' } }),

  free('GET /containers', 'containers.list', { objects: { lists: 'container' } }),
  rented('POST /containers', 'containers.create', { objects: { creates: 'container' } }),
  rented('GET /containers/{container_id}', 'containers.retrieve', { objects: CONTAINER }),
  free('DELETE /containers/{container_id}', 'containers.delete', {
    objects: { ...CONTAINER, deletes: true },
  }),
  rented('GET /containers/{container_id}/files', 'containers.files.list', { objects: CONTAINER }),
  rented('POST /containers/{container_id}/files', 'containers.files.create', {
    takes: ['application/json', ...MULTIPART],
    objects: CONTAINER,
  }),
  rented('GET /containers/{container_id}/files/{file_id}', 'containers.files.retrieve', {
    objects: CONTAINER,
  }),
  rented('DELETE /containers/{container_id}/files/{file_id}', 'containers.files.delete', {
    objects: CONTAINER,
  }),
  rented('GET /containers/{container_id}/files/{file_id}/content', 'containers.files.content', {
    gives: BYTES,
    objects: CONTAINER,
  }),

  free('GET /vector_stores', 'vector_stores.list', { objects: { lists: 'vector_store' } }),
  free('GET /vector_stores/{vector_store_id}', 'vector_stores.retrieve', { objects: VECTOR_STORE }),
  free('GET /vector_stores/{vector_store_id}/files', 'vector_stores.files.list', { objects: VECTOR_STORE }),
  free('GET /vector_stores/{vector_store_id}/files/{file_id}', 'vector_stores.files.retrieve', {
    objects: VECTOR_STORE,
  }),
  free('GET /vector_stores/{vector_store_id}/files/{file_id}/content', 'vector_stores.files.content', {
    objects: VECTOR_STORE,
  }),
  ...refused(STORAGE, [
    'POST /vector_stores',
    'POST /vector_stores/{vector_store_id}',
    'DELETE /vector_stores/{vector_store_id}',
    'POST /vector_stores/{vector_store_id}/files',
    'POST /vector_stores/{vector_store_id}/files/{file_id}',
    'DELETE /vector_stores/{vector_store_id}/files/{file_id}',
    'POST /vector_stores/{vector_store_id}/file_batches',
    'GET /vector_stores/{vector_store_id}/file_batches/{batch_id}',
    'POST /vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel',
    'GET /vector_stores/{vector_store_id}/file_batches/{batch_id}/files',
  ]),
  ...refused('OpenAI does not say what a search costs outside of a response; use the file_search tool', [
    'POST /vector_stores/{vector_store_id}/search',
  ]),
];
