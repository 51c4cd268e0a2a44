import type { MeteredEndpoint } from '../../shared/core/endpoint.ts';
import { failureInAnswer, readsOf, servedIn } from '../../shared/core/failure.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { textOf } from '../../shared/core/json-members.ts';
import { OutlineReader } from '../../shared/core/json-outline.ts';
import type { Served } from '../../shared/core/usage.ts';
import { type BodyEnd, type BodyReader, Keeper } from './metered-body.ts';

/**
 * A JSON answer that is too large to be taken whole: its bytes go on as they come, and of its members only those are
 * kept that tell what was served.
 */
export class JsonReader implements BodyReader {
  readonly #rules: MeteredEndpoint;
  readonly #body: JsonObject;
  readonly #outline: OutlineReader;
  readonly #keeper: Keeper;

  /**
   * @param body the caller's, as the rules read it
   * @param keepBytes the most bytes to keep for the cache
   */
  constructor(rules: MeteredEndpoint, body: JsonObject, keepBytes: number) {
    this.#rules = rules;
    this.#body = body;
    this.#outline = new OutlineReader(readsOf(rules));
    this.#keeper = new Keeper(keepBytes);
  }

  pass(chunk: Uint8Array): Uint8Array {
    this.#outline.push(chunk);
    this.#keeper.add(chunk);
    return chunk;
  }

  last(how: BodyEnd['how']): Uint8Array | 'cut' {
    return this.#isBroken(how) ? 'cut' : new Uint8Array();
  }

  end(how: BodyEnd['how']): BodyEnd {
    const answer = this.#outline.value();
    return {
      how: this.#isBroken(how) ? 'broken' : how,
      ...answerFacts(this.#rules, this.#body, answer, this.#outline.members()),
      seenOutputBytes: undefined,
      bytes: this.#keeper.bytes(),
    };
  }

  /** A connection that closes in good order ends an answer only where its last bracket was there. */
  #isBroken(how: BodyEnd['how']): boolean {
    return how === 'broken' || (how === 'complete' && this.#outline.isOpen());
  }
}

/**
 * What a JSON answer tells of its cost.
 *
 * @param answer where it is complete
 * @param members of it that have come
 */
export function answerFacts(
  rules: MeteredEndpoint,
  body: JsonObject,
  answer: JsonObject | undefined,
  members: JsonObject | undefined,
): Pick<BodyEnd, 'served' | 'deferred' | 'kept' | 'serviceTier' | 'failed'> {
  return {
    served: answer && servedIn(rules, answer, body),
    deferred: answer && rules.deferred?.(answer),
    kept: answer === undefined && members !== undefined ? rules.kept?.(members, body) : undefined,
    serviceTier: textOf(members?.['service_tier']),
    failed: answer !== undefined && failureInAnswer(answer) !== undefined,
  };
}

/** A body that says nothing of what it cost: it only passes. */
export class PlainReader implements BodyReader {
  readonly #served: Served | undefined;
  readonly #keeper: Keeper;

  /**
   * @param served what a complete answer costs, where the request tells
   * @param keepBytes the most bytes to keep for the cache
   */
  constructor(served?: Served, keepBytes = 0) {
    this.#served = served;
    this.#keeper = new Keeper(keepBytes);
  }

  pass(chunk: Uint8Array): Uint8Array {
    this.#keeper.add(chunk);
    return chunk;
  }

  last(how: BodyEnd['how']): Uint8Array | 'cut' {
    return how === 'broken' ? 'cut' : new Uint8Array();
  }

  end(how: BodyEnd['how']): BodyEnd {
    const served = how === 'broken' ? undefined : this.#served;
    return { how, served, seenOutputBytes: undefined, failed: false, bytes: this.#keeper.bytes() };
  }
}
