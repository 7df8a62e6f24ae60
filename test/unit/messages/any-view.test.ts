import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../src/commands/parse.ts';
import type { Card } from '../../../src/messages/card.ts';
import { driftCard } from '../../../src/messages/drift-card.ts';
import { failureCard } from '../../../src/messages/failure-card.ts';
import { acceptForm, snoozeForm } from '../../../src/messages/forms.ts';
import { fullDiff } from '../../../src/messages/full-diff.ts';
import { whyCard } from '../../../src/messages/why-card.ts';
import { seeded } from '../../support/random.ts';
import { buttonsOf, failureView, NOW, randomView, ZONE } from '../../support/views.ts';

const MOMENT = { now: NOW, zone: ZONE };
const CONTEXT = { ...MOMENT, answers: null };

describe('any view', () => {
  function holds(card: Card): void {
    expect(card.headline.length).toBeGreaterThan(0);
    expect(card.headline.length).toBeLessThanOrEqual(150);
    expect(card.headline).not.toMatch(/\n/);
    for (const button of buttonsOf(card)) {
      expect(parseCommand(button.command, CONTEXT), button.command).toMatchObject({ ok: true });
      expect(button.label.length).toBeLessThanOrEqual(75);
      if (button.confirm === undefined) continue;
      expect(button.confirm.title.length).toBeLessThanOrEqual(100);
      expect(button.confirm.body.length).toBeLessThanOrEqual(300);
      expect(button.confirm.confirm.length).toBeLessThanOrEqual(30);
    }
  }

  it('makes valid cards', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seeded(seed);
      const view = randomView(random);
      holds(driftCard(view));
      holds(driftCard(view, { why: 'You are on call (primary)' }));
      holds(whyCard(view));
      for (const form of [snoozeForm(view), acceptForm(view)]) {
        expect(parseCommand(form.command, CONTEXT).ok).toBe(true);
      }
      for (const page of fullDiff(view).pages) holds(page);
      holds(
        failureCard(
          failureView({
            stack: view.stack,
            failure: view.failure ?? { phase: 'deciding', message: view.outcome ?? '' },
            times: random.int(5),
          }),
        ),
      );
    }
  });

  it('has an approve button only if somebody may approve', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const view = randomView(seeded(seed));
      const approves = buttonsOf(driftCard(view)).some((b) => b.command.startsWith('approve'));
      const may =
        view.state === 'awaiting_approval' &&
        view.alert === 'open' &&
        (view.pauses ?? []).length === 0 &&
        view.approvers.groups.length + view.approvers.onCall.length > 0 &&
        view.findings.some((f) => ['waits', 'heals', 'unknown'].includes(f.status.type));
      expect(approves, `seed ${seed}`).toBe(may);
    }
  });
});
