import { cancelBatch, createBatch, getBatch, listBatches } from './batches.ts';
import { chatCompletions } from './chat.ts';
import { completions } from './completions.ts';
import { decisions } from './decisions.ts';
import { embeddings } from './embeddings.ts';
import { createFile, deleteFile, fileContent, getFile, listFiles } from './files.ts';
import { imageEdits, imageGenerations } from './images.ts';
import { getModel, listModels } from './listed-models.ts';
import { moderations } from './moderations.ts';
import { organizationCosts, organizationUsage } from './organization.ts';
import {
  cancelResponse,
  compactResponse,
  countInputTokens,
  createResponse,
  deleteResponse,
  getResponse,
} from './responses.ts';
import type { Endpoint } from './simulation.ts';
import { audioSpeech } from './speech.ts';
import { audioTranscriptions, audioTranslations } from './transcripts.ts';

interface Route {
  readonly method: string;
  /** The variable part, if there is one, is the first group. */
  readonly path: RegExp;
  readonly endpoint: Endpoint;
}

const ROUTES: readonly Route[] = [
  { method: 'POST', path: /^\/v1\/chat\/completions$/, endpoint: chatCompletions },
  { method: 'POST', path: /^\/v1\/responses$/, endpoint: createResponse },
  { method: 'POST', path: /^\/v1\/responses\/input_tokens$/, endpoint: countInputTokens },
  { method: 'POST', path: /^\/v1\/responses\/compact$/, endpoint: compactResponse },
  { method: 'POST', path: /^\/v1\/decisions$/, endpoint: decisions },
  { method: 'POST', path: /^\/v1\/audio\/speech$/, endpoint: audioSpeech },
  { method: 'POST', path: /^\/v1\/audio\/transcriptions$/, endpoint: audioTranscriptions },
  { method: 'POST', path: /^\/v1\/audio\/translations$/, endpoint: audioTranslations },
  { method: 'POST', path: /^\/v1\/images\/generations$/, endpoint: imageGenerations },
  { method: 'POST', path: /^\/v1\/images\/edits$/, endpoint: imageEdits },
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
  { method: 'POST', path: /^\/v1\/completions$/, endpoint: completions },
  { method: 'POST', path: /^\/v1\/embeddings$/, endpoint: embeddings },
  { method: 'POST', path: /^\/v1\/moderations$/, endpoint: moderations },
  { method: 'GET', path: /^\/v1\/models$/, endpoint: listModels },
  { method: 'GET', path: /^\/v1\/models\/([^/]+)$/, endpoint: getModel },
  { method: 'GET', path: /^\/v1\/organization\/costs$/, endpoint: organizationCosts },
  { method: 'GET', path: /^\/v1\/organization\/usage\/([^/]+)$/, endpoint: organizationUsage },
];

/** The endpoint of a method and path, and what stands in the path's variable part, decoded. */
export function findEndpoint(method: string, path: string): { endpoint: Endpoint; id: string } | undefined {
  for (const route of ROUTES) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match !== null) return { endpoint: route.endpoint, id: decoded(match[1] ?? '') };
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
