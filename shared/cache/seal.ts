import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';

/*
 * A sealed value: version (1 byte) · IV (12 bytes) · ciphertext · tag (16 bytes).
 * Its plaintext: form (1 byte: plain or Brotli) · content.
 */
const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + IV_BYTES;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const FORM_PLAIN = 0;
const FORM_BROTLI = 1;

/** Below this, compressing saves less than it costs. */
const COMPRESS_FROM_BYTES = 512;
const MIN_SECRET_BYTES = 16;

/**
 * Brotli at its fastest: on streams and embeddings it was both smaller and about twice as fast as gzip at its
 * fastest (2 MB of SSE: 1.2 ms to 5.7 %, gzip 2.1 ms to 6.0 %), and the higher levels cost 4 to 8 times as much for
 * a tenth less.
 */
const BROTLI_QUALITY = 1;

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/** Makes bytes that only this stage can read or forge, each bound to the key that it is stored under. */
export interface Seal {
  seal(key: string, content: Uint8Array): Promise<Uint8Array>;
  /** The content; `undefined` for anything that this stage did not seal, whole and under this key. Never throws. */
  open(key: string, sealed: Uint8Array): Promise<Uint8Array | undefined>;
}

export interface SealOptions {
  /** The stage's cache secret, at least 16 bytes of UTF-8. */
  readonly secret: string;
  readonly stage: string;
  /** Content that unpacks to more than this is not opened. */
  readonly maxContentBytes: number;
}

/**
 * Seals with AES-256-GCM under a key derived from the stage's secret by HKDF-SHA256; the IV is random, the version
 * and the storage key are associated data. Content is compressed first.
 *
 * @throws RangeError when the secret is too short to protect anything
 */
export function createSeal({ secret, stage, maxContentBytes }: SealOptions): Seal {
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw new RangeError(`the cache secret must have at least ${MIN_SECRET_BYTES} bytes`);
  }
  const cipherKey = Buffer.from(hkdfSync('sha256', secret, '', `farebox answer cache: ${stage}`, KEY_BYTES));
  return {
    seal: async (key, content) => encrypt(cipherKey, key, await pack(content)),
    async open(key, sealed) {
      const packed = decrypt(cipherKey, key, sealed);
      return packed === undefined ? undefined : unpack(packed, maxContentBytes);
    },
  };
}

function encrypt(cipherKey: Buffer, key: string, packed: readonly Uint8Array[]): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, cipherKey, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(key));
  const ciphertext = packed.map((part) => cipher.update(part));
  return Buffer.concat([Uint8Array.of(VERSION), iv, ...ciphertext, cipher.final(), cipher.getAuthTag()]);
}

function decrypt(cipherKey: Buffer, key: string, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < HEADER_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined;
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, cipherKey, sealed.subarray(1, HEADER_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associatedData(key));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plain = decipher.update(sealed.subarray(HEADER_BYTES, tagAt));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function associatedData(key: string): Buffer {
  return Buffer.from(`${VERSION}:${key}`);
}

async function pack(content: Uint8Array): Promise<readonly Uint8Array[]> {
  if (content.length >= COMPRESS_FROM_BYTES) {
    const compressed = await compress(content, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    });
    if (compressed.length < content.length) return [Uint8Array.of(FORM_BROTLI), compressed];
  }
  return [Uint8Array.of(FORM_PLAIN), content];
}

/** The limit also stops content that was sealed under a more generous one. */
async function unpack(packed: Buffer, maxContentBytes: number): Promise<Uint8Array | undefined> {
  const content = packed.subarray(1);
  if (packed[0] === FORM_PLAIN) return content.length > maxContentBytes ? undefined : content;
  if (packed[0] !== FORM_BROTLI) return undefined;
  try {
    return await decompress(content, { maxOutputLength: maxContentBytes });
  } catch {
    return undefined;
  }
}
