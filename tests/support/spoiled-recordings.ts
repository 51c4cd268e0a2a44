import fc from 'fast-check';

/** One way to spoil a recording, or to join it with another; places are shares of its bytes. */
export type Spoil =
  | { readonly how: 'join'; readonly other: string }
  | { readonly how: 'cut'; readonly from: number; readonly to: number }
  | { readonly how: 'repeat'; readonly from: number; readonly to: number }
  | { readonly how: 'insert'; readonly at: number; readonly what: Inserted; readonly bytes: number }
  | { readonly how: 'lie'; readonly field: string; readonly at: number; readonly value: number }
  | { readonly how: 'poke'; readonly at: number; readonly value: number };

const INSERTED = ['zeros', 'noise', 'id3', 'apev2', 'voided'] as const;
type Inserted = (typeof INSERTED)[number];

/** Where lies are told: the names, or first bytes, of what the heads of containers say. */
const FIELDS = [
  'fmt ',
  'data',
  'fact',
  'mvhd',
  'mdhd',
  'tkhd',
  'elst',
  'stts',
  'stsz',
  'stsc',
  'stco',
  'esds',
  'mp4a',
  'trex',
  'tfhd',
  'trun',
  'OggS',
  'OpusHead',
  'vorbis',
  'fLaC',
  'Info',
  'Xing',
  '\x2a\xd7\xb1',
  '\x44\x89',
  '\xb5\x88',
  '\x1f\x43\xb6\x75',
  '\xe7',
  '\xa3',
  '\xff\xf1',
  '\xff\xf3',
] as const;

const share = fc.nat(1_000).map((thousandths) => thousandths / 1_000);
/** Small numbers, the largest, and what lies between. */
const value = fc.oneof(
  fc.constantFrom(0, 1, 2, 0xff, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff),
  fc.nat(0xffff),
  fc.nat(0xffffffff),
);

/** @param others what a recording can be joined with, by name */
export function spoils(others: readonly string[]): fc.Arbitrary<readonly Spoil[]> {
  const one: fc.Arbitrary<Spoil> = fc.oneof(
    fc.record({ how: fc.constant('join' as const), other: fc.constantFrom(...others) }),
    fc.record({ how: fc.constant('cut' as const), from: share, to: share }),
    fc.record({ how: fc.constant('repeat' as const), from: share, to: share }),
    fc.record({
      how: fc.constant('insert' as const),
      at: fc.oneof(fc.constantFrom(0, 1), share),
      what: fc.constantFrom(...INSERTED),
      bytes: fc.nat(60_000),
    }),
    fc.record({
      how: fc.constant('lie' as const),
      field: fc.constantFrom(...FIELDS),
      at: fc.nat(48),
      value,
    }),
    fc.record({ how: fc.constant('lie' as const), field: fc.constantFrom(...FIELDS), at: fc.nat(48), value }),
    fc.record({ how: fc.constant('poke' as const), at: share, value: fc.nat(255) }),
  );
  return fc.array(one, { minLength: 1, maxLength: 4 });
}

/** @param others as `spoils` was told, with their bytes */
export function spoiled(
  recording: Buffer,
  done: readonly Spoil[],
  others: ReadonlyMap<string, Buffer>,
): Buffer {
  return done.reduce<Buffer>((bytes, spoil) => apply(bytes, spoil, others), Buffer.from(recording));
}

function apply(bytes: Buffer, spoil: Spoil, others: ReadonlyMap<string, Buffer>): Buffer {
  const place = (part: number) => Math.floor(part * bytes.length);
  switch (spoil.how) {
    case 'join':
      return Buffer.concat([bytes, others.get(spoil.other) ?? Buffer.alloc(0)]);
    case 'cut':
      return Buffer.concat([
        bytes.subarray(0, place(Math.min(spoil.from, spoil.to))),
        bytes.subarray(place(Math.max(spoil.from, spoil.to))),
      ]);
    case 'repeat':
      return Buffer.concat([bytes, bytes.subarray(place(spoil.from), place(spoil.to))]);
    case 'insert': {
      const at = place(spoil.at);
      return Buffer.concat([bytes.subarray(0, at), inserted(spoil), bytes.subarray(at)]);
    }
    case 'lie':
      return lied(Buffer.from(bytes), spoil.field, spoil.at, spoil.value);
    case 'poke': {
      const poked = Buffer.from(bytes);
      if (poked.length > 0) poked[Math.min(poked.length - 1, place(spoil.at))] = spoil.value;
      return poked;
    }
  }
}

function inserted({ what, bytes }: Extract<Spoil, { how: 'insert' }>): Buffer {
  const noise = Buffer.from(Array.from({ length: bytes }, (_, at) => (at * 2_654_435_761) >>> 24));
  switch (what) {
    case 'zeros':
      return Buffer.alloc(bytes);
    case 'noise':
      return noise;
    case 'id3': {
      const size = [bytes >> 21, (bytes >> 14) & 127, (bytes >> 7) & 127, bytes & 127];
      return Buffer.concat([Buffer.from('ID3\x04\0\0', 'latin1'), Buffer.from(size), noise]);
    }
    case 'apev2':
      return Buffer.concat([noise, Buffer.from('APETAGEX'), Buffer.alloc(24)]);
    case 'voided':
      return Buffer.concat([Buffer.from([0xec, 0x08, 0, 0, 0]), noise]);
  }
}

/** Writes a number somewhere behind each place where a field stands. */
function lied(bytes: Buffer, field: string, offset: number, number: number): Buffer {
  const name = Buffer.from(field, 'latin1');
  let told = 0;
  for (let at = bytes.indexOf(name); at !== -1 && told < 50; at = bytes.indexOf(name, at + name.length)) {
    const target = at + name.length + offset;
    if (target + 4 <= bytes.length) bytes.writeUInt32LE(number >>> 0, target);
    told += 1;
  }
  return bytes;
}
