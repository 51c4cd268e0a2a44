import { zipSync } from 'fflate';

const UNIX = 3;
/** A regular file that everybody may read, as Lambda demands, and its owner may write. */
const READABLE = 0o100644 << 16;

/**
 * Packs files into a zip that depends on their names and contents alone: its compression is not that of this
 * machine's zlib, whose bytes differ from processor to processor.
 */
export function zip(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  // The first instant that a zip can tell. It carries local time, so this is the same in every time zone.
  const mtime = new Date(1980, 0, 1);
  const names = Object.keys(files).sort();
  const entries = names.map((name) => [name, files[name] ?? new Uint8Array()] as const);
  return zipSync(Object.fromEntries(entries), { level: 9, mtime, os: UNIX, attrs: READABLE });
}
