import { cancelBatch, createBatch, getBatch, listBatches } from './batches.ts';
import { chatCompletions } from './chat.ts';
import { completions } from './completions.ts';
import {
  addItems,
  createConversation,
  deleteConversation,
  deleteItem,
  getConversation,
  getItem,
  listItems,
  updateConversation,
} from './conversations.ts';
import { decisions } from './decisions.ts';
import { embeddings } from './embeddings.ts';
import { createFile, deleteFile, fileContent, getFile, listFiles } from './files.ts';
import { imageEdits, imageGenerations } from './images.ts';
import { getModel, listModels } from './listed-models.ts';
import { moderations } from './moderations.ts';
import { organizationCosts, organizationUsage } from './organization.ts';
import { refusable } from './refusable.ts';
import {
  cancelResponse,
  compactResponse,
  countInputTokens,
  createResponse,
  deleteResponse,
  getResponse,
  listInputItems,
} from './responses.ts';
import type { Endpoint } from './simulation.ts';
import { audioSpeech } from './speech.ts';
import { deleteChat, getChat, listChats, listMessages, updateChat } from './stored-chats.ts';
import { audioTranscriptions, audioTranslations } from './transcripts.ts';
import { addPart, cancelUpload, completeUpload, createUpload } from './uploads.ts';

interface Route {
  readonly method: string;
  /** The variable parts, if there are any, are its groups. */
  readonly path: RegExp;
  readonly endpoint: Endpoint;
}

const ROUTES: readonly Route[] = [
  { method: 'POST', path: /^\/v1\/chat\/completions$/, endpoint: refusable(chatCompletions, 'chunk') },
  { method: 'POST', path: /^\/v1\/responses$/, endpoint: createResponse },
  { method: 'POST', path: /^\/v1\/responses\/input_tokens$/, endpoint: countInputTokens },
  { method: 'POST', path: /^\/v1\/responses\/compact$/, endpoint: refusable(compactResponse, 'chunk') },
  { method: 'POST', path: /^\/v1\/decisions$/, endpoint: refusable(decisions, 'chunk') },
  { method: 'POST', path: /^\/v1\/audio\/speech$/, endpoint: refusable(audioSpeech, 'event') },
  {
    method: 'POST',
    path: /^\/v1\/audio\/transcriptions$/,
    endpoint: refusable(audioTranscriptions, 'event'),
  },
  { method: 'POST', path: /^\/v1\/audio\/translations$/, endpoint: refusable(audioTranslations, 'event') },
  { method: 'POST', path: /^\/v1\/images\/generations$/, endpoint: refusable(imageGenerations, 'event') },
  { method: 'POST', path: /^\/v1\/images\/edits$/, endpoint: refusable(imageEdits, 'event') },
  { method: 'GET', path: /^\/v1\/responses\/([^/]+)$/, endpoint: getResponse },
  { method: 'POST', path: /^\/v1\/responses\/([^/]+)\/cancel$/, endpoint: cancelResponse },
  { method: 'DELETE', path: /^\/v1\/responses\/([^/]+)$/, endpoint: deleteResponse },
  { method: 'POST', path: /^\/v1\/files$/, endpoint: createFile },
  { method: 'GET', path: /^\/v1\/files$/, endpoint: listFiles },
  { method: 'GET', path: /^\/v1\/files\/([^/]+)$/, endpoint: getFile },
  { method: 'GET', path: /^\/v1\/files\/([^/]+)\/content$/, endpoint: fileContent },
  { method: 'DELETE', path: /^\/v1\/files\/([^/]+)$/, endpoint: deleteFile },
  { method: 'POST', path: /^\/v1\/batches$/, endpoint: createBatch },
  { method: 'GET', path: /^\/v1\/batches$/, endpoint: listBatches },
  { method: 'GET', path: /^\/v1\/batches\/([^/]+)$/, endpoint: getBatch },
  { method: 'POST', path: /^\/v1\/batches\/([^/]+)\/cancel$/, endpoint: cancelBatch },
  { method: 'GET', path: /^\/v1\/responses\/([^/]+)\/input_items$/, endpoint: listInputItems },
  { method: 'GET', path: /^\/v1\/chat\/completions$/, endpoint: listChats },
  { method: 'GET', path: /^\/v1\/chat\/completions\/([^/]+)$/, endpoint: getChat },
  { method: 'POST', path: /^\/v1\/chat\/completions\/([^/]+)$/, endpoint: updateChat },
  { method: 'DELETE', path: /^\/v1\/chat\/completions\/([^/]+)$/, endpoint: deleteChat },
  { method: 'GET', path: /^\/v1\/chat\/completions\/([^/]+)\/messages$/, endpoint: listMessages },
  { method: 'POST', path: /^\/v1\/conversations$/, endpoint: createConversation },
  { method: 'GET', path: /^\/v1\/conversations\/([^/]+)$/, endpoint: getConversation },
  { method: 'POST', path: /^\/v1\/conversations\/([^/]+)$/, endpoint: updateConversation },
  { method: 'DELETE', path: /^\/v1\/conversations\/([^/]+)$/, endpoint: deleteConversation },
  { method: 'GET', path: /^\/v1\/conversations\/([^/]+)\/items$/, endpoint: listItems },
  { method: 'POST', path: /^\/v1\/conversations\/([^/]+)\/items$/, endpoint: addItems },
  { method: 'GET', path: /^\/v1\/conversations\/([^/]+)\/items\/([^/]+)$/, endpoint: getItem },
  { method: 'DELETE', path: /^\/v1\/conversations\/([^/]+)\/items\/([^/]+)$/, endpoint: deleteItem },
  { method: 'POST', path: /^\/v1\/uploads$/, endpoint: createUpload },
  { method: 'POST', path: /^\/v1\/uploads\/([^/]+)\/parts$/, endpoint: addPart },
  { method: 'POST', path: /^\/v1\/uploads\/([^/]+)\/complete$/, endpoint: completeUpload },
  { method: 'POST', path: /^\/v1\/uploads\/([^/]+)\/cancel$/, endpoint: cancelUpload },
  { method: 'POST', path: /^\/v1\/completions$/, endpoint: refusable(completions, 'chunk') },
  { method: 'POST', path: /^\/v1\/embeddings$/, endpoint: refusable(embeddings, 'chunk') },
  { method: 'POST', path: /^\/v1\/moderations$/, endpoint: moderations },
  { method: 'GET', path: /^\/v1\/models$/, endpoint: listModels },
  { method: 'GET', path: /^\/v1\/models\/([^/]+)$/, endpoint: getModel },
  { method: 'GET', path: /^\/v1\/organization\/costs$/, endpoint: organizationCosts },
  { method: 'GET', path: /^\/v1\/organization\/usage\/([^/]+)$/, endpoint: organizationUsage },
];

/** The endpoint of a method and path, and what stands in the path's variable parts, decoded. */
export function findEndpoint(
  method: string,
  path: string,
): { endpoint: Endpoint; id: string; part: string } | undefined {
  for (const route of ROUTES) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match !== null)
      return { endpoint: route.endpoint, id: decoded(match[1] ?? ''), part: decoded(match[2] ?? '') };
  }
  return undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
