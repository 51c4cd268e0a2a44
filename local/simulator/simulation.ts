import type { JsonObject } from '../../shared/core/json.ts';
import type { Account, Served } from './account.ts';
import type { PendingFaults } from './faults.ts';
import type { Catalogue } from './models.ts';
import type { PromptCache } from './prompt-cache.ts';
import type { Reply } from './reply.ts';
import type { ResponseStore } from './response-store.ts';
import type { StoredBatch, StoredFile } from './stored-jobs.ts';
import type { StoredChat, StoredConversation, StoredUpload } from './stored-things.ts';

/** What the simulated account remembers between requests. */
export interface Simulation {
  readonly models: Catalogue;
  readonly prompts: PromptCache;
  readonly responses: ResponseStore;
  /** What the organization owes for all that was answered. */
  readonly account: Account;
  /** Adds what an answer is billed for to the account, on the request's project. */
  bill(served: Served): void;
  /** A new id such as `chatcmpl-…`, never the same one twice. */
  newId(prefix: string): string;
  /** Seconds since the epoch. */
  now(): number;
  /** Milliseconds since the epoch. */
  nowMs(): number;
  readonly files: Map<string, StoredFile>;
  readonly batches: Map<string, StoredBatch>;
  readonly uploads: Map<string, StoredUpload>;
  readonly conversations: Map<string, StoredConversation>;
  readonly chats: Map<string, StoredChat>;
  /** Sound of earlier answers by its id: how many tokens it is. */
  readonly sounds: Map<string, number>;
  /** How long a background response and a batch take, in milliseconds. */
  readonly jobMs: number;
  /** What is to go wrong. */
  readonly faults: PendingFaults;
}

/** A file of a form. */
export interface UploadedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A request as an endpoint sees it. */
export interface EndpointRequest {
  /** The JSON body, or the fields of a form, as texts; empty where the method has none. */
  readonly body: JsonObject;
  /** The files of a form, by their names there, less `[]`. */
  readonly files: ReadonlyMap<string, readonly UploadedFile[]>;
  /** What stood in the path's variable part. */
  readonly id: string;
  /** What stood in its second one. */
  readonly part: string;
  readonly query: URLSearchParams;
}

/** One endpoint: a function of the request and of what the account remembers. */
export type Endpoint = (request: EndpointRequest, simulation: Simulation) => Reply;
