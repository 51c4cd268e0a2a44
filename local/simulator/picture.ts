import { crc32, deflateSync } from 'node:zlib';
import { digest } from './random.ts';

const EDGE = 16;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A small square of one colour, another for each seed, as a PNG in base64. */
export function picture(seed: string): string {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(EDGE, 0);
  head.writeUInt32BE(EDGE, 4);
  // Eight bits for each of red, green and blue.
  head.set([8, 2, 0, 0, 0], 8);
  const colour = Buffer.from(digest(seed).slice(0, 6), 'hex');
  const row = Buffer.concat([Buffer.of(0), ...Array.from({ length: EDGE }, () => colour)]);
  const rows = deflateSync(Buffer.concat(Array.from({ length: EDGE }, () => row)));
  const chunks = [chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...chunks]).toString('base64');
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(typed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}
