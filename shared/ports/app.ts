import type { IamCaller } from '../core/identity.ts';

/** What an app makes of a request: the answer, and the end of all work on it, bookkeeping included. */
export interface Exchange {
  readonly response: Response;
  readonly done: Promise<void>;
}

/** A request that the web standards have no words for: its method, its path or its host is malformed. */
export const MALFORMED = Symbol('malformed');

/** An app in web-standard terms; `caller` is who signed the request, as the platform verified it. */
export type App = (request: Request | typeof MALFORMED, caller: IamCaller | undefined) => Promise<Exchange>;
