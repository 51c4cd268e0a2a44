import { bothOutlines } from './both-outlines.ts';
import { CREATED, type CreatedObject, createdObjects, isKept } from './created-objects.ts';
import type { MeteredEndpoint } from './endpoint.ts';
import { readsOf, servedIn } from './failure.ts';
import { isObject, type JsonObject } from './json.ts';
import { type Outline, OutlineReader } from './json-outline.ts';
import type { Outcome, Tally } from './ledger.ts';
import { tallySum } from './ledger-rules.ts';
import type { Picodollars } from './money.ts';
import type { PriceTable } from './price.ts';
import { type Asked, priceTold, settled } from './told-outcome.ts';
import type { Served } from './usage.ts';

const LF = 0x0a;
const CREATED_IN_LINE = { ...CREATED, object: true, store: true } as const;

/** Adds up what the requests of a batch cost, from the lines of its files. */
export class BatchOutput {
  readonly #rules: MeteredEndpoint;
  readonly #asked: Asked;
  readonly #prices: PriceTable;
  readonly #outline: { readonly [member: string]: Outline };
  readonly #flags = new Set<string>();
  #reader: OutlineReader | undefined;
  #cost: Picodollars = 0n;
  #tally: Tally = {};
  #answers = 0;
  /** Whether all that was told has a price. */
  #isKnown = true;
  #servedModel: string | undefined;
  #made: CreatedObject[] = [];

  constructor(rules: MeteredEndpoint, asked: Asked, prices: PriceTable) {
    this.#rules = rules;
    this.#asked = asked;
    this.#prices = prices;
    this.#outline = { response: { status_code: true, body: bothOutlines(readsOf(rules), CREATED_IN_LINE) } };
  }

  /** What the lines say that was made and is kept, since this was last asked. */
  takeMade(): readonly CreatedObject[] {
    const made = this.#made;
    this.#made = [];
    return made;
  }

  /** Takes a piece of a file. */
  push(chunk: Uint8Array): void {
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      this.#read(chunk.subarray(from, at));
      this.endLine();
      from = at + 1;
    }
    this.#read(chunk.subarray(from));
  }

  /** Ends a line: at its line feed, or at the end of a file. */
  endLine(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader !== undefined) this.#add(reader.value());
  }

  /** How many answers have come. */
  get answers(): number {
    return this.#answers;
  }

  /**
   * What all lines cost together, at batch rates. Where a line does not say what it used, or fewer requests were
   * answered here than OpenAI says it completed, the full hold is booked, or what is known, if that is more.
   *
   * @param completed how many requests were answered, as the batch says; `undefined` where it does not
   * @param now milliseconds since the epoch
   */
  outcome(completed: number | undefined, now: number): Outcome {
    const { held } = this.#asked;
    if (this.#answers < (completed ?? 1)) this.#flags.add('no_usage');
    const isKnown = this.#isKnown && !this.#flags.has('no_usage');
    const cost = isKnown || this.#cost > held ? this.#cost : held;
    if (cost > held) this.#flags.add('over_hold');
    const told = { cost, tally: { ...this.#tally, calls: 1 }, flags: [...this.#flags] };
    const model = this.#servedModel === undefined ? {} : { servedModel: this.#servedModel };
    return settled({ ...told, ...model, serviceTier: 'batch' }, now);
  }

  #read(bytes: Uint8Array): void {
    if (this.#reader === undefined && bytes.every((byte) => byte <= 0x20)) return;
    this.#reader ??= new OutlineReader(this.#outline);
    this.#reader.push(bytes);
  }

  /** An error that says a usage is billed for it; an answer may be an error in the place of one. */
  #servedIn(body: JsonObject, isAnswer: boolean): Served | undefined {
    return isAnswer ? servedIn(this.#rules, body, {}) : this.#rules.served(body, {});
  }

  /** A line that cannot be read may be an answer. OpenAI charges nothing for errors, nor for requests that it did not come to. */
  #add(line: JsonObject | undefined): void {
    if (line === undefined) {
      this.#flags.add('no_usage');
      return;
    }
    const response = line['response'];
    if (response === null || response === undefined) return;
    const body = isObject(response) ? response['body'] : undefined;
    if (isObject(body)) this.#made.push(...madeInLine(body));
    const isAnswer = !isObject(response) || !isError(response['status_code']);
    const served = isObject(body) ? this.#servedIn(body, isAnswer) : undefined;
    if (isAnswer) this.#answers += 1;
    if (served === undefined) {
      if (isAnswer) this.#flags.add('no_usage');
      return;
    }
    const told = priceTold(this.#asked, { ...served, serviceTier: 'batch' }, this.#prices);
    this.#isKnown &&= told.bounded;
    this.#cost += told.cost;
    this.#tally = tallySum(this.#tally, told.tally);
    this.#servedModel = told.servedModel ?? this.#servedModel;
    for (const flag of told.flags) this.#flags.add(flag);
  }
}

/** The answers of a batch name their kind. That a chat was stored, or not, none of them says. */
function madeInLine(body: JsonObject): readonly CreatedObject[] {
  if (body['object'] === 'response') return createdObjects('response', body, isKept('response', body), false);
  return createdObjects('chat_completion', body, false);
}

function isError(status: unknown): boolean {
  return typeof status === 'number' && status >= 300;
}
