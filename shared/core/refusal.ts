/** Marks a refusal. A symbol, since no JSON from outside can have it. */
export const REFUSAL: unique symbol = Symbol('refusal');

/** An expected "no", in the terms of OpenAI's error body. It is a value: nothing was forwarded and nothing is charged. */
export interface Refusal {
  readonly kind: typeof REFUSAL;
  readonly status: 400 | 401 | 403 | 404 | 413 | 429 | 500 | 502 | 503 | 504;
  readonly type: string;
  readonly code: string;
  /** Says what is wrong and what to do about it. */
  readonly message: string;
  /** The field of the request that is at fault. */
  readonly param?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The entry in the ledger that tells of it, where there is one. */
  readonly callId?: string;
  /** The model that has no price, where that is why: it is counted, and an admin may want to set one. */
  readonly unpricedModel?: string;
}

export function isRefusal(value: object): value is Refusal {
  return 'kind' in value && value.kind === REFUSAL;
}

/** A request that must be changed before it can be served: 400, or another status that says so more exactly. */
export function invalidRequest(
  code: string,
  message: string,
  more: { readonly param?: string; readonly status?: 400 | 404 | 413 } = {},
): Refusal {
  return {
    kind: REFUSAL,
    status: more.status ?? 400,
    type: 'invalid_request_error',
    code,
    message,
    ...(more.param === undefined ? {} : { param: more.param }),
  };
}
