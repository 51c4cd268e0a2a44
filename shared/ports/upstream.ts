export interface UpstreamRequest {
  readonly method: string;
  /** Path and query below the API's base, such as `/chat/completions`. */
  readonly path: string;
  readonly headers: Headers;
  readonly body?: Uint8Array;
  /** Aborts the request and the answer. */
  readonly signal: AbortSignal;
}

/** Why no answer came. `sent`: whether OpenAI may have seen, and billed, the request. */
export interface UpstreamFailure {
  readonly kind: 'unreachable' | 'timeout';
  readonly sent: boolean;
  readonly detail: string;
}

/** The OpenAI API of one stage; it adds the stage's own key. The body arrives decoded, chunk by chunk, with backpressure. */
export interface Upstream {
  send(request: UpstreamRequest): Promise<Response | UpstreamFailure>;
}
