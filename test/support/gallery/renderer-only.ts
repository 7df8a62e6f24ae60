/** Gallery: cards with content that src/messages never produces but that a renderer must still handle. */
import { driftMixed, healed, snoozeForm, threePages, waiting } from '../sample-cards.ts';
import type { Exhibit } from './exhibit.ts';

const plain = { says: '', maker: null, where: 'channel' } as const;

/** Hand-written cards for the renderers. */
export const rendererOnly: readonly Exhibit[] = [
  ...Object.entries({ 'drift-mixed': driftMixed, waiting, healed }).map(
    ([name, card]): Exhibit => ({ ...plain, name, shown: { kind: 'card', card } }),
  ),
  { ...plain, name: 'form', shown: { kind: 'form', form: snoozeForm } },
  { ...plain, name: 'pages', shown: { kind: 'pages', pages: threePages, page: 1 } },
];
