import { batchedEndpoint, isFreeBatch, maximumIn } from './batch.ts';
import { BATCH_CHECKS, refuseBatch } from './batch-checks.ts';
import { isBlank, namesTwice } from './batch-line.ts';
import type { MeteredEndpoint } from './endpoint.ts';
import { moderatesForFree } from './endpoints/inline-moderation.ts';
import { splitHarmless } from './harmless-members.ts';
import { isObject, type JsonObject } from './json.ts';
import { parseJsonBody } from './json-body.ts';
import type { Picodollars } from './money.ts';
import { type ObjectReference, objectReferences, referenceKey } from './object-references.ts';
import { type Price, type PriceTable, wantsPrice, whyUnserved } from './price.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { firstRefusal, isGiven } from './request-checks.ts';

/** OpenAI takes no more requests in a batch ("Batch API" guide). */
export const MAX_REQUESTS = 50_000;
/** Blank lines are no requests, but each takes time: there is no use for more of them than of others. */
const MAX_LINES = 2 * MAX_REQUESTS;
/** Longer names than anybody needs; it bounds what is remembered of them. */
const MAX_CUSTOM_ID = 512;
/** More stored objects than these are not looked up for one batch. */
const MAX_REFERENCES = 1_000;

/** `,"max_completion_tokens":128000`, and some more. */
const MAXIMUM_BYTES = 40n;

const LINE_MEMBERS = new Set(['custom_id', 'method', 'url', 'body']);

export interface BatchContext {
  /** Such as `/v1/responses`. */
  readonly endpoint: string;
  readonly prices: PriceTable;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Output that nothing in its requests bounds: each is held at the most that the model can put out. */
export interface UnnamedOutput {
  readonly requests: number;
  /** Of all these requests together, at the most. */
  readonly cost: Picodollars;
  /** What one more token of each of them costs, all together. */
  readonly perOutputToken: Picodollars;
  /** About what the input costs that it takes to name a maximum in each of them. */
  readonly naming: Picodollars;
  /** What a request calls its maximum, such as `max_output_tokens`. */
  readonly maximum: string;
}

/** What all requests of a batch come to. */
export interface MeasuredBatch {
  readonly kind: 'measured';
  readonly model: string;
  readonly price: Price;
  /** The most that they can cost together, at batch rates. */
  readonly most: Picodollars;
  /** The part of it that is output of requests that name no maximum of their own; absent where all do. */
  readonly unnamed?: UnnamedOutput;
  /** What they name of what OpenAI keeps. */
  readonly references: readonly ObjectReference[];
}

/** All requests of a batch are free. */
export interface FreeBatch {
  readonly kind: 'free';
  /** The model that they name, and its family; absent: none of them names one. */
  readonly model?: string;
  readonly family?: string;
  readonly references: readonly ObjectReference[];
}

/**
 * Adds up the worst cases of a batch's requests, line by line. OpenAI runs them as they stand in the file, so that
 * nothing can be added that would bound them: each must bound itself, or is held at all that its model can put out.
 */
export class BatchInput {
  readonly #context: BatchContext;
  readonly #rules: MeteredEndpoint;
  readonly #ids = new Set<string>();
  readonly #references = new Map<string, ObjectReference>();
  #model: { readonly name: string; readonly price: Price } | undefined;
  #most = 0n;
  #unnamed = { requests: 0, cost: 0n, perOutputToken: 0n, naming: 0n };
  #line = 0;

  constructor(context: BatchContext) {
    const rules = batchedEndpoint(context.endpoint);
    if (rules === undefined) throw new Error(`${context.endpoint} has no batches`);
    this.#context = context;
    this.#rules = rules;
  }

  /** Takes the next line; tells why the batch is refused, if it is. */
  add(line: Uint8Array): Refusal | undefined {
    this.#line += 1;
    if (this.#line > MAX_LINES) return this.#refuse('Too many of its lines are blank.');
    if (isBlank(line)) return undefined;
    const parsed = parseJsonBody(line);
    if (isRefusal(parsed)) return this.#refuse(parsed.message);
    if (namesTwice(line)) return this.#refuse('No name may stand twice in an object.');
    const { json } = parsed;
    return (
      this.#checkEnvelope(json) ?? (isObject(json['body']) ? this.#addRequest(json['body'], line) : undefined)
    );
  }

  /** What the lines come to, when all of them were added. */
  end(): MeasuredBatch | FreeBatch | Refusal {
    if (isFreeBatch(this.#context.endpoint) && this.#ids.size > 0) return this.#free();
    if (this.#model === undefined) return refuseBatch('The input file has no requests.');
    const { name, price } = this.#model;
    return {
      kind: 'measured',
      model: name,
      price,
      most: this.#most,
      ...(this.#unnamed.requests > 0 && {
        unnamed: { ...this.#unnamed, maximum: maximumIn(this.#context.endpoint) },
      }),
      references: [...this.#references.values()],
    };
  }

  #free(): FreeBatch {
    const named = this.#model && { model: this.#model.name, family: this.#model.price.family };
    return { kind: 'free', ...named, references: [...this.#references.values()] };
  }

  #checkEnvelope(json: JsonObject): Refusal | undefined {
    const { custom_id: id, method, url, body } = json;
    if (typeof id !== 'string' || id === '' || id.length > MAX_CUSTOM_ID)
      return this.#refuse(`custom_id must be a string of 1 to ${MAX_CUSTOM_ID} characters.`);
    if (this.#ids.has(id)) return this.#refuse('Its custom_id was used before in this file.');
    this.#ids.add(id);
    if (this.#ids.size > MAX_REQUESTS) return this.#refuse(`A batch has up to ${MAX_REQUESTS} requests.`);
    const { endpoint } = this.#context;
    if (method !== 'POST' || url !== endpoint)
      return this.#refuse(
        `Each line must be a request of the batch's endpoint: "method": "POST", "url": "${endpoint}".`,
      );
    if (!isObject(body)) return this.#refuse('body must be an object.');
    return Object.keys(json).every((name) => LINE_MEMBERS.has(name))
      ? undefined
      : this.#refuse('A line has custom_id, method, url and body, and nothing else.');
  }

  #addRequest(written: JsonObject, line: Uint8Array): Refusal | undefined {
    const { prices, at } = this.#context;
    const { body: metered } = splitHarmless(written, this.#rules.harmless);
    const body = this.#rules.withDefaults?.(metered, prices, at) ?? metered;
    const unfit =
      this.#rules.check(body) ??
      moderatesForFree(this.#rules.freeModels?.(body) ?? [], prices, at) ??
      firstRefusal(body, BATCH_CHECKS) ??
      this.#checkOtherModels(body);
    if (unfit !== undefined) return this.#refuse(unfit.message, unfit.param);
    if (isFreeBatch(this.#context.endpoint) && !isGiven(body, 'model')) return this.#addReferences(body);
    const price = this.#priceOf(String(body['model']));
    if (isRefusal(price)) return price;
    const unbilled = this.#rules.unpriced?.(body, price) ?? this.#checkInjected(body, price);
    if (unbilled !== undefined) return this.#refuse(unbilled.message, unbilled.param);
    const worst = this.#rules.worstCase(body, price, {
      bodyBytes: line.byteLength,
      autoTier: 'batch',
      servedTier: 'batch',
    });
    if (worst.sendMaximum === true)
      return this.#refuse('It must name its max_output_tokens.', 'max_output_tokens');
    const output = worst.perOutputToken * BigInt(worst.maxOutputTokens);
    this.#most += worst.fixed + output;
    if (!worst.explicit && output > 0n) {
      const { requests, cost, perOutputToken, naming } = this.#unnamed;
      this.#unnamed = {
        requests: requests + 1,
        cost: cost + output,
        perOutputToken: perOutputToken + worst.perOutputToken,
        naming: naming + (worst.fixed * MAXIMUM_BYTES) / BigInt(line.byteLength),
      };
    }
    return this.#addReferences(body);
  }

  #addReferences(body: JsonObject): Refusal | undefined {
    const named = objectReferences(body);
    if (isRefusal(named)) return this.#refuse(named.message);
    for (const reference of named) this.#references.set(referenceKey(reference), reference);
    return this.#references.size > MAX_REFERENCES
      ? this.#refuse(`The requests of a batch name up to ${MAX_REFERENCES} files and other stored objects.`)
      : undefined;
  }

  /** A batch is held, and settled, at the price of one model. */
  #checkOtherModels(body: JsonObject): Refusal | undefined {
    const [other] = this.#rules.otherModels?.(body) ?? [];
    if (other === undefined) return undefined;
    return isGiven(body, 'svg')
      ? refuseBatch(
          'A request of a batch may not have an SVG written, which another model is billed for.',
          'svg',
        )
      : refuseBatch(
          'A request of a batch may not have images made, which another model is billed for.',
          'tools',
        );
  }

  /** What the proxy would add to such a request, so that it can be bounded, must be in the file already. */
  #checkInjected(body: JsonObject, price: Price): Refusal | undefined {
    const needed = this.#rules.forMetering(body, price);
    const missing = Object.keys(needed).find(
      (name) => name !== 'service_tier' && needed[name] !== body[name],
    );
    return missing === undefined ? undefined : refuseBatch(`It must name its ${missing}.`, missing);
  }

  #priceOf(model: string): Price | Refusal {
    if (this.#model !== undefined) {
      return this.#model.name === model
        ? this.#model.price
        : this.#refuse('All requests of a batch must be for the same model.', 'model');
    }
    const lookup = this.#context.prices.find(model, this.#context.at);
    if (lookup.kind === 'priced') {
      this.#model = { name: model, price: lookup.price };
      return lookup.price;
    }
    const shown = JSON.stringify(model.slice(0, 100));
    const refusal = this.#refuse(`Model ${shown} is not served: ${whyUnserved(lookup)}.`, 'model');
    return wantsPrice(lookup) ? { ...refusal, unpricedModel: model } : refusal;
  }

  #refuse(message: string, param?: string): Refusal {
    const place = `Line ${this.#line} of the input file: `;
    return refuseBatch(place + message, param === undefined ? undefined : `body.${param}`);
  }
}
