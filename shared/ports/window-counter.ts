/** What was taken of a window, by this and by all. */
export interface Taken {
  readonly taken: number;
  readonly total: number;
}

/** Counts what all functions of a stage take together, in windows of time. Throws `Unavailable`. */
export interface WindowCounter {
  /**
   * Takes so many, or what is left of them; in all, never more than `most` are taken in a window. An answer that was lost
   * may have taken them all the same.
   *
   * @param name of what is counted, such as a project
   * @param endsAt when the window ends, milliseconds since the epoch: it names the window
   * @param wanted 1 to `most`
   */
  take(name: string, endsAt: number, wanted: number, most: number): Promise<Taken>;
}
