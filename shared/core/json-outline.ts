import { isObject, type JsonObject } from './json.ts';

/** Which members of a JSON object are kept: whole (`true`), or in part. It looks into every element of a list. */
export type Outline = true | { readonly [member: string]: Outline };

/** A list or an object whose members are looked at one by one. */
interface Container {
  readonly isList: boolean;
  readonly outline: { readonly [member: string]: Outline };
  hasMembers: boolean;
  expectsName: boolean;
}

/** What becomes of the bytes of one value: they are kept, or not. */
interface Passing {
  readonly keep: boolean;
  /** Brackets open in it. */
  depth: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);
const LIST = 0x5b;
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);

const NOT_KEPT = Buffer.from('null');
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads of a JSON object, while it streams by, only the members of an outline, so that an answer of any size takes the
 * memory of what is kept. A part that is no object or list where the outline looks inside is kept as `null`, so that
 * lists keep their lengths. Whether what is not kept is well formed is not looked at.
 */
export class OutlineReader {
  readonly #containers: Container[] = [];
  readonly #root: { readonly [member: string]: Outline };
  readonly #maxBytes: number;
  #kept = new Uint8Array(1024);
  #keptBytes = 0;
  /** How much of it is there with the last member of the object itself that has come whole. */
  #wholeBytes = 0;
  #passing: Passing | undefined;
  /** A string being read; as the name of a member, from this place in what is kept. */
  #inString = false;
  #nameFrom: number | undefined;
  #escaped = false;
  #inScalar = false;
  #next: Outline | undefined;
  #state: 'before' | 'inside' | 'after' | 'failed' = 'before';

  /** @param maxBytes where more than this would be kept, nothing is: there is no `value` */
  constructor(root: { readonly [member: string]: Outline }, maxBytes = DEFAULT_MAX_BYTES) {
    this.#root = root;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (this.#inString) this.#inText(byte);
      else this.#between(byte);
      if (this.#state === 'failed') return;
    }
  }

  /** What was kept; `undefined` while the object is not complete, and when it is none. */
  value(): JsonObject | undefined {
    return this.#state === 'after' ? parsedObject(this.#text(0)) : undefined;
  }

  /** The members that have come whole by now; `undefined` of what is no object. */
  members(): JsonObject | undefined {
    if (this.#state !== 'inside') return this.value();
    return parsedObject(`${this.#text(0, this.#wholeBytes)}}`);
  }

  /** Whether its last bracket has not come yet. */
  isOpen(): boolean {
    return this.#state === 'before' || this.#state === 'inside';
  }

  #inText(byte: number): void {
    if (this.#nameFrom !== undefined || this.#passing?.keep) this.#keep(byte);
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#endText();
  }

  #endText(): void {
    this.#inString = false;
    if (this.#nameFrom !== undefined) this.#endName(this.#nameFrom);
    else if (this.#passing?.depth === 0) this.#endValue();
  }

  /** A value that was kept, or not, as a whole has ended. */
  #endValue(): void {
    this.#passing = undefined;
    if (this.#containers.length === 1) this.#wholeBytes = this.#keptBytes;
  }

  #between(byte: number): void {
    if (this.#inScalar && (byte === COMMA || CLOSING.has(byte) || SPACE.has(byte))) {
      this.#inScalar = false;
      if (this.#passing?.depth === 0) this.#endValue();
    }
    if (this.#state !== 'inside') this.#outside(byte);
    else if (this.#passing === undefined) this.#walk(byte);
    else this.#pass(byte, this.#passing);
  }

  #outside(byte: number): void {
    // A byte order mark may come first: three bytes that nothing else begins with.
    if (SPACE.has(byte) || (this.#state === 'before' && byte >= 0x80)) return;
    if (this.#state === 'after' || byte !== 0x7b) this.#state = 'failed';
    else this.#enter(byte, this.#root);
  }

  /** A byte of a value that is kept, or not kept, as a whole. */
  #pass(byte: number, passing: Passing): void {
    if (passing.keep) this.#keep(byte);
    if (byte === QUOTE) this.#inString = true;
    else if (OPENING.has(byte)) passing.depth += 1;
    else if (CLOSING.has(byte)) {
      passing.depth -= 1;
      if (passing.depth === 0) this.#endValue();
    }
  }

  /** A byte between the members of a container that is looked into. */
  #walk(byte: number): void {
    const container = this.#containers.at(-1);
    if (container === undefined || SPACE.has(byte) || byte === COLON) return;
    if (byte === COMMA) container.expectsName = !container.isList;
    else if (CLOSING.has(byte)) this.#leave(byte);
    else if (container.expectsName) this.#beginName(byte, container);
    else this.#beginValue(byte, container);
  }

  #beginName(byte: number, container: Container): void {
    if (byte !== QUOTE) {
      this.#state = 'failed';
      return;
    }
    container.expectsName = false;
    this.#inString = true;
    this.#nameFrom = this.#keptBytes;
    if (container.hasMembers) this.#keep(COMMA);
    this.#keep(byte);
  }

  /** A name is kept until it turns out that its value is not. */
  #endName(from: number): void {
    this.#nameFrom = undefined;
    const container = this.#containers.at(-1);
    const text = this.#text(from).replace(/^,/, '');
    const name = parsedName(text);
    if (container === undefined || name === undefined) {
      this.#state = 'failed';
      return;
    }
    this.#next = Object.hasOwn(container.outline, name) ? container.outline[name] : undefined;
    if (this.#next === undefined) {
      this.#keptBytes = from;
      return;
    }
    container.hasMembers = true;
    this.#keep(COLON);
  }

  #beginValue(byte: number, container: Container): void {
    const outline = container.isList ? container.outline : this.#next;
    this.#next = undefined;
    if (container.isList) {
      if (container.hasMembers) this.#keep(COMMA);
      container.hasMembers = true;
    }
    const looksInside = outline !== undefined && outline !== true;
    if (looksInside && OPENING.has(byte)) {
      this.#enter(byte, outline);
      return;
    }
    if (looksInside) for (const each of NOT_KEPT) this.#keep(each);
    const passing = { keep: outline === true, depth: 0 };
    this.#passing = passing;
    this.#inScalar = byte !== QUOTE && !OPENING.has(byte);
    this.#pass(byte, passing);
  }

  #enter(byte: number, outline: { readonly [member: string]: Outline }): void {
    this.#state = 'inside';
    const isList = byte === LIST;
    this.#keep(byte);
    this.#containers.push({ isList, outline, hasMembers: false, expectsName: !isList });
    if (this.#containers.length === 1) this.#wholeBytes = this.#keptBytes;
  }

  #leave(byte: number): void {
    this.#keep(byte);
    this.#containers.pop();
    if (this.#containers.length === 0) this.#state = 'after';
    if (this.#containers.length === 1) this.#wholeBytes = this.#keptBytes;
  }

  #keep(byte: number): void {
    if (this.#keptBytes === this.#maxBytes) {
      this.#state = 'failed';
      return;
    }
    if (this.#keptBytes === this.#kept.length) {
      const larger = new Uint8Array(this.#kept.length * 2);
      larger.set(this.#kept);
      this.#kept = larger;
    }
    this.#kept[this.#keptBytes] = byte;
    this.#keptBytes += 1;
  }

  #text(from: number, to = this.#keptBytes): string {
    return new TextDecoder().decode(this.#kept.subarray(from, to));
  }
}

function parsedObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function parsedName(text: string): string | undefined {
  try {
    const name: unknown = JSON.parse(text);
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
