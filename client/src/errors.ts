/**
 * What went wrong: `credentials` (there are none that can be used), `unreachable` (nobody answered), `refused` (the
 * stage or AWS answered with a no) or `configuration` (something has to be set first).
 */
export type Cause = 'credentials' | 'unreachable' | 'refused' | 'configuration';

/** An error of Farebox's clients; its message says what to do. */
export class FareboxError extends Error {
  override readonly name = 'FareboxError';
  readonly kind: Cause;
  /** As in OpenAI's errors, such as `unknown_project`. */
  readonly code: string;

  constructor(kind: Cause, code: string, message: string) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** The message of whatever was thrown, with that of its cause where `fetch` hides it there. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const inner = cause.message || ('code' in cause ? String(cause.code) : cause.name);
  return `${error.message}: ${inner}`;
}
