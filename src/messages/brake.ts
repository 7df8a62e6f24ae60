/** The history of a finding that does not stay as it was put back: what m0 did, and when it was there again. */
import type { Finding } from '../drift/finding.ts';
import type { Brake } from '../model/brake.ts';
import { sameDay, whenText } from '../text/when.ts';
import { count } from '../text/words.ts';
import { type DiffRow, noteRow } from './card.ts';
import type { Moment } from './spans.ts';
import type { FindingView } from './view.ts';

type Again = Extract<Brake, { readonly why: 'again' }>;

const MINUTE_MS = 60_000;
/** The most heals told with their times. */
const SHOWN = 4;

/** What the other side does each time. */
function againWords({ deletedByHand, attributes }: Finding): string {
  if (deletedByHand === true) return 'deleted again';
  const kinds = new Set(attributes.map((attribute) => attribute.kind));
  const [kind] = kinds;
  return kinds.size === 1 && kind !== undefined ? `${kind} again` : 'changed again';
}

/** A bound of a duration in words: `10 minutes`, `3 hours`. Rounded up, so that it holds. */
function boundText(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / MINUTE_MS));
  return minutes <= 90 ? count(minutes, 'minute') : count(Math.ceil(minutes / 60), 'hour');
}

/** ` within 10 minutes each`; empty if not all of them were seen again. */
function withinWords({ heals }: Again): string {
  const waits = heals.flatMap(({ at, seenAgainAt }) => (seenAgainAt === null ? [] : [seenAgainAt - at]));
  if (waits.length < heals.length) return '';
  return ` within ${boundText(Math.max(...waits))}${heals.length === 1 ? '' : ' each'}`;
}

/** `put back 2 times today` */
function putBackWords({ heals }: Again, { now, zone }: Moment): string {
  const today = heals.every(({ at }) => sameDay(at, now, zone));
  return `put back ${count(heals.length, 'time')} ${today ? 'today' : 'in 24 hours'}`;
}

function againBrake({ brake }: FindingView): Again | null {
  return brake?.why === 'again' ? brake : null;
}

/** `put back 2 times today and removed again`, for the headline; null if the finding does not come back. */
export function fightWords(item: FindingView, moment: Moment): string | null {
  const brake = againBrake(item);
  return brake && `${putBackWords(brake, moment)} and ${againWords(item.finding)}`;
}

/** Both sides' history as rows of the finding. Empty if the finding does not come back. */
export function fightRows(item: FindingView, moment: Moment): readonly DiffRow[] {
  const brake = againBrake(item);
  if (brake === null) return [];
  const again = againWords(item.finding);
  const at = (ms: number): string => whenText(ms, moment.now, moment.zone);
  const shown = brake.heals.slice(-SHOWN);
  const steps = shown.map(
    (heal) =>
      `run #${heal.run} put it back ${at(heal.at)}${heal.seenAgainAt === null ? '' : `, found ${again} ${at(heal.seenAgainAt)}`}`,
  );
  return [
    noteRow('', `${putBackWords(brake, moment)}, ${again}${withinWords(brake)}: something else manages it`),
    // Rows are plain text, which no chat shows on the reader's own clock.
    noteRow('', `times in ${moment.zone}:`),
    ...steps.map((step) => noteRow('', step)),
  ];
}
