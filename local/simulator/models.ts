import { apiError, type JsonReply } from './reply.ts';

/** `other`: listed, but served by none of the simulated endpoints. */
export type ModelKind = 'chat' | 'completion' | 'embedding' | 'image' | 'speech' | 'transcript' | 'other';

/** What the simulator needs to know of a model in order to answer as it would. */
export interface SimulatedModel {
  readonly id: string;
  /** The `model` of its answers: the dated snapshot that an undated name stands for. */
  readonly snapshot: string;
  readonly kind: ModelKind;
  readonly contextWindow: number;
  /** The most tokens that it can put out; 0 for embeddings. */
  readonly maxOutputTokens: number;
  /** The service tiers that it can be served at beside `default`. */
  readonly tiers: readonly string[];
  /** Whether a prompt's beginning can be found in the prompt cache. */
  readonly cachesPrompts: boolean;
  /** Whether it reports, and OpenAI bills, tokens written to the prompt cache. */
  readonly cacheWrites: boolean;
}

/** All models of the simulated account, by id. */
export type Catalogue = ReadonlyMap<string, SimulatedModel>;

/** Reasons before it answers: the o series, and GPT from 5 on but for its chat-tuned ones. */
const REASONING = /^(o\d|gpt-(?:[5-9]|\d\d)(?!.*chat))/;

/** Whether it spends tokens on reasoning. */
export function isReasoning(model: SimulatedModel): boolean {
  return REASONING.test(model.id);
}

/** Takes in sound and, where it is asked to, answers with it. */
export function isAudio(model: SimulatedModel): boolean {
  return model.id.includes('audio');
}

/** Searches the web before each answer, which is billed beside its tokens. */
export function isSearching(model: SimulatedModel): boolean {
  return model.id.includes('-search-');
}

/** What endpoints a model belongs to, judged by its id as OpenAI names them. */
export function kindOf(id: string): ModelKind {
  if (id.includes('embedding')) return 'embedding';
  if (/dall-e|realtime|moderation|sora|live/.test(id)) return 'other';
  if (id.includes('image')) return 'image';
  if (id.includes('tts')) return 'speech';
  if (/whisper|transcribe/.test(id)) return 'transcript';
  return /instruct|^(babbage|davinci)-/.test(id) ? 'completion' : 'chat';
}

/**
 * Finds the model of a request.
 *
 * @returns the model, or OpenAI's error for one that is unknown or belongs to another endpoint
 */
export function findModel(
  models: Catalogue,
  id: unknown,
  kinds: readonly ModelKind[],
  path: string,
): SimulatedModel | JsonReply {
  if (id === undefined || id === null || id === '')
    return apiError(400, 'you must provide a model parameter');
  if (typeof id !== 'string') {
    const message = "Invalid type for 'model': expected a string.";
    return apiError(400, message, { param: 'model', code: 'invalid_type' });
  }
  const model = models.get(id);
  if (model === undefined) {
    const message = `The model \`${id}\` does not exist or you do not have access to it.`;
    return apiError(404, message, { code: 'model_not_found' });
  }
  if (!kinds.includes(model.kind)) {
    const message = `The model \`${id}\` is not supported in the ${path} endpoint.`;
    return apiError(404, message, { param: 'model' });
  }
  return model;
}

export type ServedTier = 'default' | 'flex' | 'priority' | 'fast' | 'ultrafast';

/** The tier that a request is served at, as OpenAI reports it. */
export function servedTier(model: SimulatedModel, asked: unknown): ServedTier {
  if (asked === 'fast' || asked === 'priority') {
    // GPT-6 reports `fast`, the models before it `priority`, whichever of the two names was asked for.
    const fast = model.id.startsWith('gpt-6') ? 'fast' : 'priority';
    return model.tiers.includes('priority') ? fast : 'default';
  }
  return (asked === 'flex' || asked === 'ultrafast') && model.tiers.includes(asked) ? asked : 'default';
}
