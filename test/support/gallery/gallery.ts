/** The gallery: a sample of every message and dialog of m0, for golden files and the pictures in docs/cards. */
import { hostile, longValue, thousand } from '../sample-cards.ts';
import { alerts } from './alerts.ts';
import { answers } from './answers.ts';
import { dialogs } from './dialogs.ts';
import { driftDecided } from './drift-decided.ts';
import { driftOpen } from './drift-open.ts';
import { driftParts } from './drift-parts.ts';
import { driftReadable } from './drift-readable.ts';
import { driftWorst } from './drift-worst.ts';
import type { Exhibit } from './exhibit.ts';
import { intoCode } from './into-code.ts';
import { pauses } from './pauses.ts';
import { watching } from './watching.ts';

const byHand = (
  name: string,
  says: string,
  card: typeof hostile,
  extra: Pick<Exhibit, 'unpictured'> = {},
): Exhibit => ({
  ...extra,
  name,
  says,
  maker: null,
  where: 'channel',
  shown: { kind: 'card', card },
});

/** All exhibits, under the headings of docs/cards. */
export const gallery: Readonly<Record<string, readonly Exhibit[]>> = {
  'Drift that is open': [...driftWorst, ...driftOpen, ...driftParts],
  'Long values, and changes that many share': driftReadable,
  'Drift that is decided': driftDecided,
  'Into the code': intoCode,
  'Emergency stop and brake': pauses,
  'What m0 tells by itself': alerts,
  'Which stacks are watched': watching,
  'Answers to commands': answers,
  Dialogs: dialogs,
  'What a card has to withstand': [
    byHand('hostile', 'Everything that a value could try on a chat: nothing of it works.', hostile),
    byHand('long-value', 'Values of five thousand characters, one of which differs by a word.', longValue, {
      unpictured: true,
    }),
    byHand('thousand', 'A thousand resources in one message.', thousand, { unpictured: true }),
  ],
};

export const exhibits: readonly Exhibit[] = Object.values(gallery).flat();

/** The exhibits that one platform has. */
export function exhibitsOf(platform: 'slack' | 'teams'): readonly Exhibit[] {
  return exhibits.filter((one) => one.only === undefined || one.only === platform);
}
