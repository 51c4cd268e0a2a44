/** What a request to OpenAI carries. */
export interface OpenAiCredentials {
  readonly openaiApiKey: string;
  readonly openaiOrganization?: string;
  readonly openaiProject?: string;
}

/** What a stage must keep to itself. */
export interface StageSecrets extends OpenAiCredentials {
  /** The secret that the cache's sealing key is derived from. */
  readonly cacheSecret: string;
}

export interface Secrets<T = StageSecrets> {
  /** The secrets, fresh within minutes of a rotation. Throws when they cannot be had. */
  read(): Promise<T>;
}
