/** What can be told of audio files by reading them. */
export interface Sound {
  /**
   * How long a file plays, in seconds, as its own frames tell; `undefined` where it is of no known format, or damaged.
   * Never rejects. Who wrote the file also wrote what is read here: it is no bound of what another reader would hear.
   */
  seconds(file: Uint8Array): Promise<number | undefined>;
}
