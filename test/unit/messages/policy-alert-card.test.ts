import { describe, expect, it } from 'vitest';
import type { Card } from '../../../src/messages/card.ts';
import { policyAlertCard } from '../../../src/messages/policy-alert-card.ts';
import type { PolicyAlertView } from '../../../src/messages/view.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const VIEW: PolicyAlertView = {
  policy: 'approvals',
  source: 'https://git.acme.dev/policies.git@main/approvals',
  error: 'commit e4f5a6b is refused: tags.rego:7: rego_parse_error: unexpected token',
  refused: 'e4f5a6b7'.repeat(5),
  inUse: 'a1b2c3d4'.repeat(5),
  seen: null,
  stacks: ['prod-network', 'prod-db'],
  since: NOW - 600_000,
  now: NOW,
  zone: 'UTC',
  resolvedAt: null,
  troubleId: 'e4f5a6b7'.repeat(5),
};

function told(card: Card): string {
  return JSON.stringify(card.blocks);
}

function commands(card: Card): readonly string[] {
  return card.blocks.flatMap((b) => (b.type === 'buttons' ? b.buttons.map((x) => x.command) : []));
}

describe('the card of a broken policy', () => {
  it('shows the consequence first, then the compiler’s line, and offers to continue', () => {
    const card = policyAlertCard(VIEW);
    expect(card.headline).toBe('Policy approvals is broken at e4f5a6b: nothing is applied by itself');
    expect(card.tone).toBe('bad');
    expect(told(card)).toContain('tags.rego:7: rego_parse_error');
    expect(told(card)).toContain('policies@main/approvals');
    expect(told(card)).not.toContain('https://');
    expect(told(card)).toContain('prod-network and prod-db');
    expect(commands(card)).toEqual(['seen approvals e4f5a6b7']);
  });

  it('names the person who has seen it, and has no button after that', () => {
    const card = policyAlertCard({ ...VIEW, seen: { by: { person: 'dana', name: 'Dana' }, at: NOW } });
    expect(card.headline).toBe('Policy approvals is broken at e4f5a6b: a1b2c3d decides again');
    expect(told(card)).toContain('Dana');
    expect(commands(card)).toEqual([]);
  });

  it('offers nothing if no commit was ever good', () => {
    const card = policyAlertCard({ ...VIEW, inUse: null });
    expect(commands(card)).toEqual([]);
    expect(told(card)).toContain('people decide until the policy is fixed');
  });

  it('covers a repository that can’t be reached, and a policy that works again', () => {
    expect(policyAlertCard({ ...VIEW, refused: null }).headline).toBe(
      'Policy approvals can’t be fetched: nothing is applied by itself',
    );
    const done = policyAlertCard({ ...VIEW, resolvedAt: NOW });
    expect([done.tone, done.headline]).toEqual(['good', 'Policy approvals is in order since 12:00']);
    expect(commands(done)).toEqual([]);
  });
});
