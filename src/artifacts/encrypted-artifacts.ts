/** Encrypts artifacts before they are stored. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Artifacts } from '../ports/artifacts.ts';

const CIPHER = 'aes-256-gcm';
/** What an encrypted artifact begins with. */
const MARK = Buffer.from('m0:encrypted:1\n');
const KEY_ID_BYTES = 8;
/** Length of nonce and tag as NIST SP 800-38D recommends them for GCM. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = MARK.length + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES;

/**
 * Artifacts that are stored in `stored`, encrypted with AES-256-GCM and bound to their names: an artifact that was
 * changed, or moved to another name, is refused. The first key encrypts, all decrypt; without keys they are stored as
 * they are. What was stored without a key is read as it is, since plan files are bound by the checksum in their names.
 */
export function encryptedArtifacts(stored: Artifacts, keys: readonly Buffer[]): Artifacts {
  const [first] = keys;
  return {
    ...stored,
    put: (name, bytes) =>
      stored.put(name, first === undefined ? bytes : encrypt(first, name, Buffer.from(bytes))),
    async get(name) {
      const bytes = await stored.get(name);
      if (bytes === undefined) return undefined;
      const all = Buffer.from(bytes);
      return all.subarray(0, MARK.length).equals(MARK) ? decrypt(keys, name, all) : bytes;
    },
  };
}

function encrypt(key: Buffer, name: string, bytes: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(name));
  const encrypted = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([MARK, idOf(key), nonce, cipher.getAuthTag(), encrypted]);
}

function decrypt(keys: readonly Buffer[], name: string, bytes: Buffer): Buffer {
  const doing = `reading the artifact ${name}`;
  const nonceAt = MARK.length + KEY_ID_BYTES;
  const tagAt = nonceAt + NONCE_BYTES;
  const id = bytes.subarray(MARK.length, nonceAt);
  const key = keys.find((each) => idOf(each).equals(id));
  if (bytes.length < HEADER_BYTES || key === undefined) {
    throw new Error(`${doing}: it was encrypted with a key that is not in M0_ARTIFACT_KEY: plan again`);
  }
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(nonceAt, tagAt)).setAAD(Buffer.from(name));
    decipher.setAuthTag(bytes.subarray(tagAt, HEADER_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new Error(`${doing}: it was changed after m0 had stored it: plan again`, { cause });
  }
}

/** Says which key encrypted an artifact, and nothing about the key itself. */
function idOf(key: Buffer): Buffer {
  return createHash('sha256').update('m0 artifact key\n').update(key).digest().subarray(0, KEY_ID_BYTES);
}
