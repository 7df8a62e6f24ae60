/** What a card of Teams says to people who hear it. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../src/chat/teams/limits.ts';
import { renderCard } from '../../../../src/chat/teams/render.ts';
import { expectInertCard } from '../../../support/inert-teams.ts';
import { driftMixed, hostile, thousand } from '../../../support/sample-cards.ts';
import { expectTellsAll, ordinaryCards, sampleCards } from '../../../support/spoken.ts';

const LINKS = ['https://'];
const render = (card: typeof driftMixed) => renderCard(card, () => null);
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const spelled = (text: string): string => text.replaceAll('<', '‹').replaceAll('://', ': //');

describe('the spoken words of a card', () => {
  it.each(sampleCards)('%s are bounded and inert', (_, card) => {
    const { speak = '', fallbackText = '' } = render(card);
    expect(Buffer.byteLength(speak)).toBeLessThanOrEqual(LIMITS.spoken);
    expect(Buffer.byteLength(fallbackText)).toBeLessThanOrEqual(LIMITS.fallback);
    expect(bytes(render(card))).toBeLessThanOrEqual(LIMITS.spokenCard);
    expectInertCard(render(card), { links: LINKS });
    if (card !== hostile) expect(fallbackText.startsWith(spelled(card.headline))).toBe(true);
  });

  it.each(ordinaryCards)('%s tell each change, and each button', (_, card) => {
    expectTellsAll(render(card).speak ?? '', card, spelled);
  });

  it('are sentences, in the order of the card', () => {
    expect(render(driftMixed).speak?.split('\n').slice(0, 5)).toEqual([
      'prod-network drifted by hand: 1 heals itself, 1 waits for you.',
      'prod, HIGH, 2 resources, first seen 14:02, run #42, infra@9f8e7d6.',
      'aws_s3_bucket.logs: changed in the cloud, heals itself.',
      'tags.Owner removed: platform.',
      'tags.CostCenter removed: 42.',
    ]);
  });

  it('push nothing out that people see, and count what they leave out', () => {
    const rows = Array.from({ length: 5 }, (_, i) => ({
      ...{ kind: 'change' as const, label: `tags.Number${i}` },
      ...{ before: 'platform', after: 'network' },
    }));
    const full = {
      ...thousand,
      blocks: thousand.blocks.map((block) => (block.type === 'finding' ? { ...block, rows } : block)),
    };
    const { speak = '', fallbackText = '', ...seen } = render(full);
    expect(bytes(seen)).toBeGreaterThan(LIMITS.spokenCard - LIMITS.fallback - LIMITS.spoken);
    expect(bytes(render(full))).toBeLessThanOrEqual(LIMITS.spokenCard);
    for (const words of [speak, fallbackText])
      expect(words).toMatch(/and 49\d\d more of the changes, left out here: type @m0 show #42/);
  });
});
