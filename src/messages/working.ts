/** How long a tool has been working, in words. */
import { TELL_WORKING_AFTER_MS, type Working } from '../model/working.ts';
import { minutesText } from '../text/words.ts';

/**
 * `planning for 12 min (limit 15 min)`; null while it is not worth telling, or if nothing is done. `now` is in ms
 * since epoch.
 */
export function workingWords(working: Working | null | undefined, now: number): string | null {
  if (working === null || working === undefined) return null;
  const { doing, since, limitMs } = working;
  const took = now - since;
  if (took < TELL_WORKING_AFTER_MS) return null;
  const limit = minutesText(limitMs);
  return took <= limitMs
    ? `${doing} for ${minutesText(took)} (limit ${limit})`
    : `${doing} for ${minutesText(took)}: past its limit of ${limit}, it is being stopped`;
}
