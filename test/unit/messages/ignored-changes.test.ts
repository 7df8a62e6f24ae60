import { describe, expect, it } from 'vitest';
import type { Finding, IgnoredAttribute } from '../../../src/drift/finding.ts';
import type { Block } from '../../../src/messages/card.ts';
import { driftCard } from '../../../src/messages/drift-card.ts';
import { fullDiff } from '../../../src/messages/full-diff.ts';
import { buttonsOf, byHand, cardText, driftView, finding, item } from '../../support/views.ts';

const SIZE: IgnoredAttribute = { path: 'size', reason: 'autoscaler', actual: 40, desired: 5 };
const tags = byHand('tags.Owner', 'platform', 'nobody');
const scaled = byHand('size', 5, 40);

function mixed(address: string, over: Partial<Finding>): Finding {
  return finding(address, { attributes: [scaled, tags], ...over });
}
const reverts = mixed('aws_group.web', { revertsIgnored: [SIZE] });
const leaves = mixed('aws_group.web', {
  attributes: [{ ...scaled, desired: 40 }, tags],
  leavesIgnored: [SIZE],
});

function viewOf(...findings: readonly Finding[]) {
  return driftView({ findings: findings.map((of) => item(of, { type: 'waits' })), confirm: false });
}
const LINE = 'Approving also changes size 40 → 5, which m0.yaml ignores (autoscaler), on aws_group.web';

describe('what an approval changes although m0.yaml ignores it', () => {
  it('stands right before the buttons', () => {
    const { blocks } = driftCard(viewOf(reverts));
    const types = blocks.map((block: Block) => block.type);
    expect(types.slice(-2)).toEqual(['line', 'buttons']);
    expect(cardText(driftCard(viewOf(reverts)))).toContain(LINE);
  });

  it('is in the confirmation, which is then always asked for', () => {
    const [approve] = buttonsOf(driftCard(viewOf(reverts)));
    expect(approve?.confirm?.body).toMatch(
      /^Also changes size 40 → 5, which m0\.yaml ignores \(autoscaler\)\. Changes \(now → after\): tags\.Owner /,
    );
    const many = Array.from({ length: 30 }, (_, i) =>
      mixed(`aws_group.${'n'.repeat(60)}${i}`, {
        revertsIgnored: [{ ...SIZE, reason: 'r'.repeat(300), actual: 'x'.repeat(400) }],
      }),
    );
    const body = buttonsOf(driftCard(viewOf(...many)))[0]?.confirm?.body ?? '';
    expect(body).toMatch(/^Also changes size x+… → 5, .* and 29 more that it ignores\. Changes 30/);
    expect(body.length).toBeLessThanOrEqual(300);
  });

  it('is counted where there is much of it', () => {
    const many = Array.from({ length: 9 }, (_, i) => mixed(`aws_group.n${i}`, { revertsIgnored: [SIZE] }));
    const text = cardText(driftCard(viewOf(...many)));
    expect(text.match(/Approving also changes/g)).toHaveLength(4);
    expect(text).toContain('and ignored attributes of 5 more: see the full diff');
  });

  it('is told beside the row, also where nobody can approve', () => {
    const denied = driftView({ findings: [item(reverts, { type: 'denied' })], state: 'denied' });
    expect(cardText(driftCard(denied))).not.toContain('Approving');
    expect(cardText(driftCard(denied))).toContain(
      'ignored: autoscaler · but an apply of the rest changes it',
    );
  });
});

describe('what an apply leaves because m0.yaml ignores it', () => {
  it('is told beside the row', () => {
    const card = driftCard(viewOf(leaves));
    expect(cardText(card)).toContain('ignored: autoscaler · an apply leaves it');
    expect(cardText(card)).not.toContain('Approving also changes');
    expect(buttonsOf(card)[0]).not.toHaveProperty('confirm');
    expect(buttonsOf(card)[0]?.label).toBe('Approve: put the tag back');
  });

  it('is told without a row where only the code has another value', () => {
    const inCode = mixed('aws_group.web', { attributes: [tags], leavesIgnored: [SIZE] });
    expect(fullDiff(viewOf(inCode)).text).toContain(
      'size: 40, the code says 5 · ignored: autoscaler · an apply leaves it',
    );
  });

  it('is in no list of changes', () => {
    const view = { ...viewOf(leaves), confirm: true };
    const body = buttonsOf(driftCard(view))[0]?.confirm?.body ?? '';
    expect(body).toContain('tags.Owner');
    expect(body).not.toContain('size');
    const secret = {
      ...leaves,
      attributes: [
        { ...scaled, sensitive: true, actual: { sensitive: true } as const, leftInPlace: true as const },
        tags,
      ],
    };
    const other = buttonsOf(driftCard({ ...viewOf(secret), confirm: true }))[0]?.confirm?.body ?? '';
    expect(other).not.toContain('size');
  });
});
