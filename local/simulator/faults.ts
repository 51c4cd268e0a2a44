/** With what a request is turned down inside an answer of status 200. */
export interface Refusal {
  readonly code: string;
  /** What errors say beside their code; a response tells its code alone. */
  readonly type: string;
  readonly message: string;
  /** How many events of output come before it. */
  readonly after: number;
}

/** What is to go wrong, each once, in the order in which it was asked for. For tests: OpenAI does it unasked. */
export interface Faults {
  /** Turns the next request down inside its answer, which costs nothing. */
  refuse(refusal: Partial<Refusal> & Pick<Refusal, 'code'>): void;
  /** Cuts the connection of the next answer after so many of its events, or in the middle of its JSON. */
  cut(after: number): void;
  /** Lets batches that have ended name no files, until it does no more. */
  hideFiles(hidden: boolean): void;
}

/** The same, as the endpoints use it up. */
export interface PendingFaults extends Faults {
  takeRefusal(): Refusal | undefined;
  takeCut(): number | undefined;
  hidesFiles(): boolean;
}

/** Nothing goes wrong until it is asked for. */
export function createFaults(): PendingFaults {
  const refusals: Refusal[] = [];
  const cuts: number[] = [];
  let hidden = false;
  return {
    refuse({ code, type = 'invalid_request_error', message = 'The request was turned down.', after = 0 }) {
      refusals.push({ code, type, message, after });
    },
    cut: (after) => void cuts.push(after),
    hideFiles(more) {
      hidden = more;
    },
    takeRefusal: () => refusals.shift(),
    takeCut: () => cuts.shift(),
    hidesFiles: () => hidden,
  };
}
