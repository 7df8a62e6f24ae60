/** Downloads releases and verifies their checksums. */
import { createHash } from 'node:crypto';

/** The downloaded file is not the published one; it must not be obtained in another way. */
class WrongChecksum extends Error {}

/** True where nothing else may be tried after this download error. */
export function isFinal(error: unknown): boolean {
  return error instanceof WrongChecksum;
}

const DOWNLOAD_MS = 300_000;

/**
 * The bytes at `url`. Their SHA-256 must match the one in the file at `sums`, which holds a single digest, or
 * one line per file. This detects damaged and partial downloads, but not a release that was replaced together
 * with its digest. Rejects where either file cannot be fetched or the checksum is wrong (see `isFinal`).
 */
export async function downloadRelease(url: string, sums: string, fetcher: typeof fetch): Promise<Buffer> {
  const name = url.slice(url.lastIndexOf('/') + 1);
  const lines = (await (await get(sums, fetcher)).text()).trim().split('\n');
  const line = lines.length === 1 ? lines[0] : lines.find((each) => each.trim().endsWith(` ${name}`));
  const published = line?.trim().split(/\s+/)[0];
  const bytes = Buffer.from(await (await get(url, fetcher)).arrayBuffer());
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== published) {
    throw new WrongChecksum(
      `${url}: SHA-256 is ${actual}, published is ${published ?? 'none'}: not installed`,
    );
  }
  return bytes;
}

async function get(url: string, fetcher: typeof fetch): Promise<Response> {
  const response = await fetcher(url, { signal: AbortSignal.timeout(DOWNLOAD_MS) });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return response;
}
