import { createHash } from 'node:crypto';

/** A release that came but is not what was published: no other way to get it is tried then. */
class WrongChecksum extends Error {}

/** Whether an error of a download means that nothing else may be tried either. */
export function isFinal(error: unknown): boolean {
  return error instanceof WrongChecksum;
}

const DOWNLOAD_MS = 300_000;

/**
 * The file at `url`, whose SHA-256 has to be the one that the file at `sums` names: a digest alone, or one in
 * front of each file's name. That finds a damaged or half a download, not a release that was exchanged together
 * with its digest. Rejects when either is out of reach, or the checksum wrong (see `isFinal`).
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
