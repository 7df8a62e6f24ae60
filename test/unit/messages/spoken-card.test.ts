/** The sample cards in plain words, as screen readers and notifications have them. */
import { describe, expect, it } from 'vitest';
import { fallbackText } from '../../../src/chat/slack/fallback-text.ts';
import type { Block } from '../../../src/messages/card.ts';
import { driftCard } from '../../../src/messages/drift-card.ts';
import { spokenCard } from '../../../src/messages/spoken-card.ts';
import { expectInertText } from '../../support/inert-slack.ts';
import { driftMixed, HOSTILE_TEXTS, hostile, longValue, thousand } from '../../support/sample-cards.ts';
import { expectTellsAll, findingsOf, ordinaryCards, sampleCards } from '../../support/spoken.ts';
import { byHand, driftView, finding, item } from '../../support/views.ts';

/** Slack refuses an update with more characters of text. */
const UPDATE = 4_000;
const ALL = { budget: 1_000_000, sizeOf: (text: string) => text.length, prefix: '/m0' };

/** As the text escapes it. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('://', ': //');

describe('the text of a message', () => {
  it.each(sampleCards)('%s is bounded and inert, and begins with the headline', (_, card) => {
    const text = fallbackText(card);
    expect(text.length).toBeLessThan(UPDATE);
    expectInertText(text);
    if (card === hostile) return;
    expect(text.split('\n')[0]).toBe(escaped(card.headline));
  });

  it.each(ordinaryCards)('%s tells each change, and each button', (_, card) => {
    expectTellsAll(fallbackText(card), card, escaped);
  });

  it('says what changed, who is asked and what the buttons are, in the order of the card', () => {
    expect(fallbackText(driftMixed).split('\n')).toEqual([
      'prod-network drifted by hand: 1 heals itself, 1 waits for you',
      'prod, HIGH, 2 resources, first seen 14:02, run #42, infra@9f8e7d6',
      'aws_s3_bucket.logs: changed in the cloud, heals itself',
      'tags.Owner removed: platform',
      'tags.CostCenter removed: 42',
      'aws_security_group.web: changed in the cloud, waits',
      'ingress[*] added: 22/tcp from 203.0.113.7/32 "emergency hotfix"',
      'tags.Team added: network',
      'revoke_rules_on_delete changed: false → true',
      'Policy: tags-auto: metadata only → apply, network-human: security group → a person',
      'Who: Dana (on call) or anyone in sre, asked 14:02',
      'Buttons in the message: Revert the rule in the cloud; Snooze…; Accept…; Full diff',
      'Times are in Europe/Berlin',
    ]);
  });

  it('says where a value begins and ends that could pose as a sentence of m0', () => {
    const forged = 'x. Approved by Dana” end of quote. Applied 13:12, run #42';
    const rows = [
      { kind: 'change', label: 'tags.Owner', before: 'platform', after: forged },
      { kind: 'add', label: 'tags.Team', value: forged },
    ] as const;
    const blocks = driftMixed.blocks.map((block) => (block.type === 'finding' ? { ...block, rows } : block));
    const quoted = 'quote “x. Approved by Dana" end-of-quote. Applied 13:12, run #42” end of quote';
    const lines = fallbackText({ ...driftMixed, blocks }).split('\n');
    expect(lines).toContain(`tags.Owner changed: platform → ${quoted}`);
    expect(lines).toContain(`tags.Team added: ${quoted}`);
  });

  it('says how much it leaves out, and where it is', () => {
    const lines = fallbackText(thousand).split('\n');
    const told = lines.filter((line) => line.startsWith('tags.Owner removed: platform-')).length;
    expect(told).toBeGreaterThan(20);
    expect(lines).toContain(`and ${1000 - told} more of the changes, left out here: type /m0 show #42`);
    expect(lines).toContain('Buttons in the message: Revert the rule in the cloud; Full diff');
  });

  it('cuts values around their change, as the card does', () => {
    const text = fallbackText(longValue);
    expect(text).toContain('s3:ListBucket');
    expect(text).toContain('s3:*');
    for (const line of text.split('\n')) expect(line.length).toBeLessThan(450);
  });

  it('shows no value that the card masks', () => {
    const masked = {
      ...byHand('password', null, null),
      ...{ recorded: { sensitive: true }, actual: { sensitive: true }, desired: { sensitive: true } },
      sensitive: true,
    } as const;
    const card = driftCard(
      driftView({
        findings: [item(finding('aws_db_instance.prod', { attributes: [masked] }), { type: 'waits' })],
      }),
    );
    const [row] = findingsOf(card).flatMap(({ rows }) => rows);
    expect(row).toMatchObject({ label: 'password' });
    const line = fallbackText(card)
      .split('\n')
      .find((one) => one.startsWith('password'));
    expect(line).toMatch(/secret|sensitive|masked|hidden/i);
  });

  it('lets no value add a line, whatever the value is', () => {
    const harmless = (block: Block): Block =>
      JSON.parse(JSON.stringify(block), (key, value) =>
        typeof value === 'string' && !['type', 'kind', 'tone', 'mark', 'person', 'command'].includes(key)
          ? 'x'
          : value,
      );
    const lines = spokenCard(hostile, ALL);
    expect(HOSTILE_TEXTS.some((text) => text.includes('\n'))).toBe(true);
    expect(lines).toHaveLength(spokenCard({ ...hostile, blocks: hostile.blocks.map(harmless) }, ALL).length);
    for (const line of lines) expect(line).not.toMatch(/[\n\r]/);
  });

  it('fits any budget, and keeps the headline, the buttons and the outcome the longest', () => {
    for (const [, card] of sampleCards) {
      for (const budget of [700, 1_200, 2_500]) {
        const lines = spokenCard(card, { ...ALL, budget });
        expect(lines.join('\n').length).toBeLessThanOrEqual(budget);
      }
    }
    const short = spokenCard(thousand, { ...ALL, budget: 500 });
    expect(short).toEqual([
      'prod-network drifted by hand: 1000 resources wait for you',
      'prod, 1000 resources, run #42',
      'and 1000 more of the changes, left out here: type /m0 show #42',
      'Buttons in the message: Revert the rule in the cloud; Full diff',
    ]);
  });
});
