/** How long a recording plays. */
export interface Recording {
  /** The most that a decoder plays of it, in seconds: where its parts disagree, the longest. */
  readonly seconds: number;
  /** Every byte of it is accounted for and its parts agree: it plays that long, no matter who reads it. */
  readonly isExact: boolean;
}
