/** Reads the bundle archives that opa writes. */
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;
/** Larger bundles are refused, so that they cannot fill the memory. */
const MAX_BYTES = 256 * 1024 * 1024;

/** The regular files of a .tar.gz, by their names in the archive. Throws where the archive is damaged. */
export function readTarGz(archive: Uint8Array): ReadonlyMap<string, Buffer> {
  const tar = gunzipSync(archive, { maxOutputLength: MAX_BYTES });
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
