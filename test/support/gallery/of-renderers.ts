import { driftMixed, healed, snoozeForm, threePages, waiting } from '../cards.ts';
import type { Exhibit } from './exhibit.ts';

const plain = { says: '', maker: null, where: 'channel' } as const;

/** What no card of src/messages has, and a renderer must know all the same. */
export const ofRenderers: readonly Exhibit[] = [
  ...Object.entries({ 'drift-mixed': driftMixed, waiting, healed }).map(
    ([name, card]): Exhibit => ({ ...plain, name, shown: { kind: 'card', card } }),
  ),
  { ...plain, name: 'form', shown: { kind: 'form', form: snoozeForm } },
  { ...plain, name: 'pages', shown: { kind: 'pages', pages: threePages, page: 1 } },
];
