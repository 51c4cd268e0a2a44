import type { IamCaller } from '../core/identity.ts';

/** What an app makes of a request: the answer, and the end of all work on it, bookkeeping included. */
export interface Exchange {
  readonly response: Response;
  readonly done: Promise<void>;
}

/** An app in web-standard terms; `caller` is who signed the request, as the platform verified it. */
export type App = (request: Request, caller: IamCaller | undefined) => Promise<Exchange>;
