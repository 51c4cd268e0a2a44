import type { ContainerSize } from './containers.ts';
import type { FormShape } from './form-body.ts';
import type { JsonObject } from './json.ts';
import type { Outline } from './json-outline.ts';
import type { Deferred } from './ledger.ts';
import type { Picodollars } from './money.ts';
import type { Price, PriceTable, Tier } from './price.ts';
import type { Refusal } from './refusal.ts';
import type { Served } from './usage.ts';

/** The most that a request can cost: `fixed + perOutputToken * maxOutputTokens`. */
export interface WorstCase {
  /** All but the output: input at its upper bound and hosted tools, at the dearest rates that could apply. */
  readonly fixed: Picodollars;
  /** One more token of the maximum, in all choices together, at the dearest rate. */
  readonly perOutputToken: Picodollars;
  readonly maxOutputTokens: number;
  /** The maximum must not be lowered: the caller named it itself, or OpenAI takes none with such a request. */
  readonly explicit: boolean;
  /** Left to itself OpenAI could put out more: the maximum must be sent, by `withOutputCap`, even where it is not lowered. */
  readonly sendMaximum?: true;
  /** What a caller can change so that less is held for all but the output, beside sending less; absent: nothing. */
  readonly levers?: readonly string[];
  /** What a caller can do where a limit does not afford it, if that is something of its own. */
  readonly advice?: string;
}

export interface EstimateContext {
  /** The size of the request's body in UTF-8 bytes; of a form, of all in it but its files. */
  readonly bodyBytes: number;
  /** The prices of its `otherModels`, by their names. */
  readonly prices?: ReadonlyMap<string, Price>;
  /** The dearest tier that `service_tier: "auto"`, or none, may be served at in this stage's OpenAI project. */
  readonly autoTier: Tier;
  /** The one tier that it is billed at, whatever it names: requests of a batch. Absent: as `service_tier` says. */
  readonly servedTier?: Tier;
  /** The largest container in what the request leans on: earlier responses, conversations, and those that it names. */
  readonly containerSize?: ContainerSize;
}

/** Reads a stream of one answer, event by event. */
export interface StreamMeter {
  /**
   * @param data the parsed `data` of an event
   * @returns `strip` for the usage chunk that only Farebox asked for, which the caller must not see
   */
  see(data: JsonObject): 'pass' | 'strip';
  /** What was served, as far as the events told; absent while they did not. */
  served(): Served | undefined;
  /** What OpenAI goes on working on, and is asked for later, should the stream end before that; absent: nothing. */
  deferred?(): Deferred | undefined;
  /** What OpenAI keeps of it, and may be asked for later, should the stream break off before its end; absent: nothing. */
  kept?(): Deferred | undefined;
  /** Whether that was the last word on it: usage that comes with output may be followed by more of both. */
  isFinal(): boolean;
  /**
   * Whether the model has begun: with its output, or with what precedes it. Of an answer that consists of several, each
   * with a usage of its own: with the next of them.
   */
  hasBegun(): boolean;
  /** The `service_tier` that serves it, as soon as an event tells; absent where the endpoint's events tell none. */
  serviceTier?(): string | undefined;
  /**
   * How many bytes of output were seen: the base of an estimate when a stream ends without its usage. `undefined`
   * where they bound no tokens, as with audio.
   */
  seenOutputBytes(): number | undefined;
  /** The data of the events with which OpenAI itself would end a stream that failed now; absent: one `error` event. */
  failing?(error: StreamError): readonly JsonObject[];
}

/** Why a stream ends before its end. */
export interface StreamError {
  readonly code: string;
  readonly message: string;
}

/** An answer that is neither JSON nor events, and so carries no usage: a text, or sound. */
export interface PlainAnswer {
  /** `text` is short enough to be taken whole; `binary` passes as it comes. */
  readonly form: 'text' | 'binary';
  /** What was served, as far as the request alone tells; `undefined` where it does not. */
  readonly served: Served | undefined;
}

/** What the caller gets in place of JSON that was asked for because it tells the usage. */
export interface Rendered {
  readonly contentType: string;
  readonly text: string;
}

/** What the caller gets in place of the events that OpenAI was asked for, as these alone carry the usage. */
export interface Unwrapping {
  readonly contentType: string;
  /** What an event carries for the caller, in base64; `undefined` where it carries nothing. */
  contentOf(data: JsonObject): string | undefined;
}

/** Reads a stream for whether it is a good answer. */
export interface EventJudge {
  /** @param data the parsed `data` of an event */
  see(data: JsonObject): void;
  /** Asked when the stream has ended in good order. */
  isGood(): boolean;
}

/**
 * Tells a good answer, which the same request may be given again, from one that a retry must not meet: without output,
 * cut, filtered or refused. In a form that it has no rule for, an answer is not good.
 */
export interface AnswerJudge {
  /** @param body of the request */
  json?(answer: JsonObject, body: JsonObject): boolean;
  events?(body: JsonObject): EventJudge;
  /** An answer that is neither: a text, or sound. */
  bytes?(answer: Uint8Array, body: JsonObject): boolean;
}

/** What Farebox knows about one metered endpoint: pure, and the only place that knows that endpoint's fields. */
export interface MeteredEndpoint {
  /**
   * Members that bill nothing and change no answer: they are passed on, and everything else is given the body without
   * them. Absent: none.
   */
  readonly harmless?: ReadonlySet<string>;
  /** Why this body cannot be bounded or metered; `undefined` when it can. */
  check(body: JsonObject): Refusal | undefined;
  /** Why the price of its model cannot bill what this body asks for; absent: it asks for nothing of the kind. */
  unpriced?(body: JsonObject, price: Price): Refusal | undefined;
  worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase;
  /** The models beside `model` that it can be billed for, each at a price of its own. Absent: none. */
  otherModels?(body: JsonObject): readonly string[];
  /** The containers that its tools run in, by the sizes that they are made with; `undefined` of one that is there already. */
  containers?(body: JsonObject): readonly (ContainerSize | undefined)[];
  /** The models whose work for it is not billed, so that it is refused unless their prices are 0. Absent: none. */
  freeModels?(body: JsonObject): readonly string[];
  /**
   * The body with every model named that OpenAI would choose by itself. Absent: there are none. All else is given the
   * body that comes of it.
   */
  withDefaults?(body: JsonObject, prices: Pick<PriceTable, 'defaultImageModel'>, at: number): JsonObject;
  /** How a form reads as such a body; absent where the endpoint takes JSON only. Of a form, only texts are changed. */
  readonly form?: FormShape;
  /** It takes no JSON. */
  readonly formOnly?: true;
  /** The body with its output limited to so many tokens a choice. Only called where `explicit` is false. */
  withOutputCap(body: JsonObject, maxOutputTokens: number): JsonObject;
  /** The body as OpenAI must see it, so that the answer carries its usage. */
  forMetering(body: JsonObject, price: Price): JsonObject;
  /** All members of an answer that `served` looks at. */
  readonly reads: { readonly [member: string]: Outline };
  /**
   * Reads a whole JSON answer, or what `reads` names of it; `undefined` when it carries no usable usage.
   *
   * @param body the caller's body, before `forMetering`
   */
  served(answer: JsonObject, body: JsonObject): Served | undefined;
  /** What an answer that is neither JSON nor events comes to; absent where such an answer is none. */
  plain?(body: JsonObject, price: Price): PlainAnswer | undefined;
  /** How a good JSON answer is given to a caller who asked for another form; absent where it is given as it comes. */
  rendered?(body: JsonObject, answer: JsonObject): Rendered | undefined;
  /** How an answer in events is given to a caller who asked for none; absent where it is given as it comes. */
  unwrapping?(body: JsonObject): Unwrapping | undefined;
  /** Whether OpenAI will go on working on such a request after it has answered, for hours. Absent: never. */
  goesOn?(body: JsonObject): boolean;
  /** What OpenAI has only begun, and tells the cost of later, as an answer without usage says; absent: nothing. */
  deferred?(answer: JsonObject): Deferred | undefined;
  /**
   * What OpenAI keeps of an answer, and may be asked for later, where the answer broke off; absent: nothing.
   *
   * @param answer as far as it came
   */
  kept?(answer: JsonObject, body: JsonObject): Deferred | undefined;
  /** @param body the caller's body, before `forMetering` */
  streamMeter(body: JsonObject): StreamMeter;
  /** Whether the same request may be given the same answer again, if its model does not search the web by itself. */
  cacheable(body: JsonObject): boolean;
  /** The same request has the same answer by itself: nothing is drawn at random, and there is no temperature. */
  readonly unsampled?: true;
  /** Which of its answers may be kept for that; absent where no request is cacheable. */
  readonly good?: AnswerJudge;
}
