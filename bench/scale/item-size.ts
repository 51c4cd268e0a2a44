import type { AttributeValue } from '@aws-sdk/client-dynamodb';

const KB = 1024;
const COLLECTION_BYTES = 3;
const READ_UNIT_BYTES = 4 * KB;

type Item = Readonly<Record<string, AttributeValue>>;

/**
 * The bytes of an item as DynamoDB counts them.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.M !== undefined) return COLLECTION_BYTES + Object.keys(value.M).length + itemBytes(value.M);
  if (value.L !== undefined)
    return value.L.reduce((sum, part) => sum + 1 + valueBytes(part), COLLECTION_BYTES);
  return 1;
}

/** About one byte for two significant digits, and one more; a sign takes another. */
function numberBytes(text: string): number {
  const digits = text.replace('-', '').replace(/^0+|0+$/g, '').length;
  return Math.ceil(digits / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

/** Write units of one write: one for each KB of the larger of the item before and after it. */
export function writeUnits(before: number, after: number): number {
  return Math.max(1, Math.ceil(Math.max(before, after) / KB));
}

/** Read units of a consistent read of an item; one that is not there costs one too. */
export function readUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES));
}
