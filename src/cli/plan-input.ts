/** Reads the bytes of a plan from a file or from standard input, compressed or not. */
import { gunzipSync } from 'node:zlib';
import { errorText } from '../base/error-text.ts';
import { PlanError } from '../drift/read-plan.ts';

/** The argument that stands for standard input. */
export const STANDARD_INPUT = '-';

/**
 * The most bytes that a compressed plan may have when inflated: as many as V8 holds in one string. A small file may
 * inflate to a thousand times its size.
 */
const MAX_INFLATED = 2 ** 29 - 24;

/** The name of an input in messages. */
export function inputName(typed: string): string {
  return typed === STANDARD_INPUT ? 'standard input' : typed;
}

/**
 * The bytes as they are, or inflated if they are gzip. `where` names the input in errors; `most` is the limit in
 * bytes for the inflated size.
 *
 * @throws PlanError if the gzip is damaged, cut short or inflates to more than the limit.
 */
export function inflate(bytes: Uint8Array, where: string, most = MAX_INFLATED): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: most });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      const limit = most >= 2 ** 20 ? `${Math.round(most / 2 ** 20)} MiB` : `${most} bytes`;
      throw new PlanError(`${where}: inflates to more than ${limit}; give the plan without compression`);
    }
    if (code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR') {
      throw new PlanError(
        `${where}: is gzip that is damaged or cut short (${errorText(error)}); write it again`,
      );
    }
    throw error;
  }
}
