import type { Person } from '../../local/principals.ts';
import { bundledPrices } from '../../prices/load.ts';
import { chatCompletions } from '../../shared/core/endpoints/chat-completions.ts';
import { responses } from '../../shared/core/endpoints/responses.ts';
import { isObject } from '../../shared/core/json.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import type { Random } from './random.ts';

/** One request of the load: what it asks, what the upstream will charge for it, and what may be held for it. */
export interface Question {
  /** Its number, which travels in the request's metadata, so that the upstream can tell which one it has. */
  readonly number: number;
  readonly path: '/v1/chat/completions' | '/v1/responses';
  readonly person: Person;
  readonly model: Model;
  readonly stream: boolean;
  readonly body: string;
  /** What OpenAI charges for it, by its published prices. */
  readonly cost: Picodollars;
  /** The worst case. No two questions on one model have the same, so that an entry tells its question. */
  readonly worst: Picodollars;
}

export type Model = keyof typeof PRICES;

/** Picodollars a token, as OpenAI publishes them: the proof does not take the product's own table on trust. */
const PRICES = {
  'gpt-4o': { input: 2_500_000n, cached: 1_250_000n, output: 10_000_000n },
  'gpt-4o-mini': { input: 150_000n, cached: 75_000n, output: 600_000n },
  'gpt-4.1': { input: 2_000_000n, cached: 500_000n, output: 8_000_000n },
  'gpt-4.1-mini': { input: 400_000n, cached: 100_000n, output: 1_600_000n },
  'gpt-4': { input: 30_000_000n, cached: 30_000_000n, output: 60_000_000n },
} as const;

/** How many tokens a question may use, and how long the upstream takes for it. */
export interface Shape {
  readonly models: readonly [Model, ...Model[]];
  readonly people: readonly [Person, ...Person[]];
  /** The range of the output's maximum, in tokens. */
  readonly maximum: readonly [number, number];
  /** The range of the upstream's whole latency, in milliseconds. */
  readonly latencyMs: readonly [number, number];
}

const TEXT = 'Tell me, in your own words, what the quiet pangolin recited in blue.';
const table = bundledPrices();

/** Makes the questions of a load, each with a worst case of its own. */
export function questioner(random: Random): (shape: Shape) => Question {
  const taken = new Set<string>();
  let count = 0;
  return (shape) => {
    count += 1;
    const isChat = random.chance(0.7);
    const model = random.pick(shape.models);
    const person = random.pick(shape.people);
    const stream = random.chance(0.5);
    const latency = random.whole(...shape.latencyMs);
    let maximum = random.whole(...shape.maximum);
    const prompt = random.whole(20, 200);
    const cached = model !== 'gpt-4' && random.chance(0.3) ? random.whole(1, prompt) : 0;
    // Some answers use all that they may.
    const completion = random.chance(0.2) ? maximum : random.whole(1, maximum);
    const metadata = { question: String(count), usage: `${prompt}/${cached}/${completion}/${latency}` };
    for (;;) {
      const asked = isChat
        ? { messages: [{ role: 'user', content: TEXT }], max_completion_tokens: maximum }
        : { input: TEXT, max_output_tokens: maximum };
      const body = JSON.stringify({ model, stream, metadata, ...asked });
      const worst = worstOf(isChat, model, body);
      const name = questionName(model, worst);
      if (!taken.has(name)) {
        taken.add(name);
        const path = isChat ? '/v1/chat/completions' : '/v1/responses';
        const cost = costOf(model, { prompt, cached, completion });
        return { number: count, path, person, model, stream, body, cost, worst };
      }
      maximum += 1;
    }
  };
}

/** The text by which an entry and its question find each other. */
export function questionName(model: string, held: Picodollars): string {
  return `${model} ${held}`;
}

/** What the upstream reads back out of a question. */
export interface Asked {
  readonly number: number;
  readonly model: Model;
  readonly stream: boolean;
  readonly prompt: number;
  readonly cached: number;
  readonly completion: number;
  readonly latencyMs: number;
}

/** Reads a question as it reached the upstream. */
export function askedIn(body: string): Asked {
  const { model, stream, metadata } = JSON.parse(body) as {
    model: Model;
    stream: boolean;
    metadata: { question: string; usage: string };
  };
  const [prompt = 0, cached = 0, completion = 0, latencyMs = 0] = metadata.usage.split('/').map(Number);
  return { number: Number(metadata.question), model, stream, prompt, cached, completion, latencyMs };
}

/** What OpenAI charges for an answer. */
export function costOf(
  model: Model,
  usage: { readonly prompt: number; readonly cached: number; readonly completion: number },
): Picodollars {
  const price = PRICES[model];
  return (
    BigInt(usage.prompt - usage.cached) * price.input +
    BigInt(usage.cached) * price.cached +
    BigInt(usage.completion) * price.output
  );
}

function worstOf(isChat: boolean, model: Model, text: string): Picodollars {
  const body: unknown = JSON.parse(text);
  const priced = table.find(model, Date.now());
  if (!isObject(body) || priced.kind !== 'priced') throw new Error(`no worst case of ${model}`);
  const rules = isChat ? chatCompletions : responses;
  const worst = rules.worstCase(body, priced.price, {
    bodyBytes: Buffer.byteLength(text),
    autoTier: 'priority',
  });
  return worst.fixed + worst.perOutputToken * BigInt(worst.maxOutputTokens);
}
