import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/* A sealed item: version (1 byte) · IV (12 bytes) · ciphertext · tag (16 bytes). */
const VERSION = 2;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + IV_BYTES;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const MIN_SECRET_BYTES = 16;

/** How many bytes a sealed item has more than its content. */
export const SEAL_BYTES = HEADER_BYTES + TAG_BYTES;

/** Makes bytes that only this stage can read or forge, each bound to the name that it is stored under. */
export interface Seal {
  /**
   * The name that stands for a request in the cache. Without the secret nobody can tell which request it stands for,
   * nor confirm a guess of one.
   *
   * @returns 43 characters of base64url: safe as a Memcached key
   */
  name(key: string): string;
  seal(name: string, content: Uint8Array): Uint8Array;
  /** The content; `undefined` for anything that this stage did not seal, whole and under this name. Never throws. */
  open(name: string, sealed: Uint8Array): Buffer | undefined;
}

export interface SealOptions {
  /** The stage's cache secret, at least 16 bytes of UTF-8. */
  readonly secret: string;
  readonly stage: string;
}

/**
 * Seals with AES-256-GCM, and names by HMAC-SHA256, each under a key of its own that HKDF-SHA256 derives from the
 * stage's secret; the IV is random, the version and the name are associated data.
 *
 * @throws RangeError when the secret is too short to protect anything
 */
export function createSeal({ secret, stage }: SealOptions): Seal {
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw new RangeError(`the cache secret must have at least ${MIN_SECRET_BYTES} bytes`);
  }
  const cipherKey = derived(secret, `farebox answer cache: ${stage}`);
  const nameKey = derived(secret, `farebox answer cache, names: ${stage}`);
  return {
    name: (key) => createHmac('sha256', nameKey).update(key).digest('base64url'),
    seal: (name, content) => encrypt(cipherKey, name, content),
    open: (name, sealed) => decrypt(cipherKey, name, sealed),
  };
}

function derived(secret: string, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', use, KEY_BYTES));
}

function encrypt(cipherKey: Buffer, name: string, content: Uint8Array): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, cipherKey, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(name));
  const ciphertext = cipher.update(content);
  return Buffer.concat([Uint8Array.of(VERSION), iv, ciphertext, cipher.final(), cipher.getAuthTag()]);
}

function decrypt(cipherKey: Buffer, name: string, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < SEAL_BYTES || sealed[0] !== VERSION) return undefined;
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, cipherKey, sealed.subarray(1, HEADER_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associatedData(name));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plain = decipher.update(sealed.subarray(HEADER_BYTES, tagAt));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function associatedData(name: string): Buffer {
  return Buffer.from(`${VERSION}:${name}`);
}
