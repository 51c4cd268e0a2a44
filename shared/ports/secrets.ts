/** What a stage must keep to itself. */
export interface StageSecrets {
  readonly openaiApiKey: string;
  readonly openaiOrganization?: string;
  readonly openaiProject?: string;
  /** The secret that the cache's sealing key is derived from. */
  readonly cacheSecret: string;
}

export interface Secrets {
  /** The stage's secrets, fresh within minutes of a rotation. Throws when they cannot be had. */
  read(): Promise<StageSecrets>;
}
