import { gunzipSync } from 'node:zlib';

const BLOCK = 512;
/** A bundle that unpacks to more is refused before it fills the memory. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Reads plain files out of a .tar.gz, by name as it stands in the archive. Throws where it is none. */
export function readTarGz(archive: Uint8Array): ReadonlyMap<string, Buffer> {
  const tar = gunzipSync(archive, { maxOutputLength: MOST_BYTES });
  const files = new Map<string, Buffer>();
  let at = 0;
  while (at + BLOCK <= tar.length) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const name = text(header.subarray(0, 100));
    const size = Number.parseInt(text(header.subarray(124, 136)), 8);
    if (!Number.isSafeInteger(size) || at + BLOCK + size > tar.length) {
      throw new Error(`reading a bundle: ${name} is cut off`);
    }
    const type = header[156];
    if (type === 0 || type === 0x30) files.set(name, tar.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString('utf8');
}
