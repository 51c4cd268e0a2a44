/** An element of EBML (RFC 8794), as far as there are bytes of it. */
export interface EbmlElement {
  readonly id: number;
  /** Where its content begins. */
  readonly at: number;
  readonly content: Buffer;
}

/** Where the content of an element begins and ends; one of unknown size ends where all ends. */
export interface EbmlHead {
  readonly id: number;
  readonly at: number;
  readonly end: number;
}

/** Reads the head of the element that begins here; `undefined` if none can. */
export function ebmlHead(bytes: Buffer, start: number): EbmlHead | undefined {
  const idBytes = vintBytes(bytes[start]);
  if (idBytes === 0 || idBytes > 4) return undefined;
  const sizeAt = start + idBytes;
  const sizeBytes = vintBytes(bytes[sizeAt]);
  const at = sizeAt + sizeBytes;
  if (sizeBytes === 0 || at > bytes.length) return undefined;
  const size = vint(bytes, sizeAt, sizeBytes);
  const end = size === undefined ? bytes.length : Math.min(bytes.length, at + size);
  return { id: bytes.readUIntBE(start, idBytes), at, end };
}

/** The elements that follow each other between two places, up to the first that cannot be one. */
export function* elementsIn(bytes: Buffer, start = 0, end = bytes.length): Generator<EbmlElement> {
  for (let head = ebmlHead(bytes, start); head !== undefined && head.at <= end; ) {
    yield { id: head.id, at: head.at, content: bytes.subarray(head.at, Math.min(head.end, end)) };
    head = head.end < end ? ebmlHead(bytes, head.end) : undefined;
  }
}

/**
 * A number whose first byte says by its leading zeros how many bytes it has.
 *
 * @returns `undefined` if all of its bits are set, which stands for a size that is not known
 */
export function vint(bytes: Buffer, at: number, length: number): number | undefined {
  let value = (bytes[at] ?? 0) & (0xff >> length);
  let isUnknown = value === 0xff >> length;
  for (let index = 1; index < length; index++) {
    const byte = bytes[at + index] ?? 0;
    value = value * 256 + byte;
    isUnknown &&= byte === 0xff;
  }
  return isUnknown ? undefined : value;
}

/** How many bytes such a number has; 0 if this byte begins none. */
export function vintBytes(first: number | undefined): number {
  return first === undefined || first === 0 ? 0 : Math.clz32(first) - 23;
}

/** 0 for an element that is absent. */
export function unsignedOf(element: EbmlElement | undefined): number {
  let value = 0;
  for (const byte of element?.content.subarray(0, 8) ?? []) value = value * 256 + byte;
  return value;
}

export function floatOf(element: EbmlElement | undefined): number | undefined {
  if (element?.content.length === 4) return element.content.readFloatBE();
  return element?.content.length === 8 ? element.content.readDoubleBE() : undefined;
}

export function textOf(element: EbmlElement | undefined): string {
  return (element?.content.toString('latin1') ?? '').replace(/\0+$/, '');
}
