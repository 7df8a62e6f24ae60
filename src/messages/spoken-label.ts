/** What a screen reader says for a button, where many cards have a button of that name. */
import { visible } from '../text/inert.ts';
import { clip } from '../text/words.ts';
import type { Button } from './card.ts';

/** Commands whose button names one resource after the run or the stack. */
const OF_ONE = /^(?:snooze|unsnooze|accept|unaccept|codify) \S+ (\S+)/;
const RUN = /^\w+ (#\d+)/;
const TARGET = /^(?:drift|status|digest|pause|resume|unsnooze|unaccept|report) (?:stack:|env:)?([^\s#*]+)/;

/**
 * The label and what it is about: `Full diff, run #42`. Null if the label alone says it, or if both do not fit `max`
 * characters: then a cut label would say less than the whole one.
 */
export function spokenLabel(
  { label, command }: Pick<Button, 'label' | 'command'>,
  max: number,
): string | null {
  const run = RUN.exec(command)?.[1];
  const target = TARGET.exec(command)?.[1];
  const resource = OF_ONE.exec(command)?.[1];
  const parts = [resource, run === undefined ? target : `run ${run}`].filter(
    (part) => part !== undefined && !label.includes(part),
  );
  if (parts.length === 0) return null;
  const shown = visible(label);
  const room = max - shown.length - ', '.length;
  // The name of a resource may be long. The run is not, and says which card it is.
  const about = [parts.join(', '), parts.at(-1) ?? ''].find((words) => visible(words).length <= room);
  return about === undefined ? null : clip(`${shown}, ${visible(about)}`, max);
}
