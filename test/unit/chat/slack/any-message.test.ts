/** Whatever a cloud, a repository or a person wrote: Slack takes the message, and nothing in it is live. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../../src/chat/slack/limits.ts';
import { renderCard } from '../../../../src/chat/slack/render.ts';
import { formView, pagesView, resultView } from '../../../../src/chat/slack/views.ts';
import type { Card } from '../../../../src/messages/card.ts';
import { driftCard } from '../../../../src/messages/drift-card.ts';
import { fleetCard } from '../../../../src/messages/fleet-card.ts';
import { fullDiff } from '../../../../src/messages/full-diff.ts';
import { whyCard } from '../../../../src/messages/why-card.ts';
import { PLAIN_PARSING } from '../../../../src/sandbox/workspace/text.ts';
import { refuseMessage } from '../../../../src/sandbox/workspace/validation/message.ts';
import { refuseView } from '../../../../src/sandbox/workspace/validation/view.ts';
import { anyCard, anyForm, anyPages, OWN_LINKS } from '../../../support/any-message.ts';
import { thousandFindings } from '../../../support/gallery/dialogs.ts';
import { makers } from '../../../support/gallery/makers.ts';
import { expectInert, expectInertText } from '../../../support/inert-slack.ts';
import { HOSTILE_TEXTS } from '../../../support/sample-cards.ts';
import { NOW, ZONE } from '../../../support/views.ts';

const slackId = (person: string): string | null => (person === 'dana' ? 'U0DANA' : null);
const memory = { command: 'show #42', channel: 'C0OPS', thread: null, card: null };
const RUNS = { numRuns: 60 };

function holds(card: Card): void {
  const { text, blocks } = renderCard(card, slackId);
  expect(refuseMessage(text, blocks, PLAIN_PARSING, false)).toBeNull();
  expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(LIMITS.messageBudget);
  expect(text.length).toBeLessThanOrEqual(LIMITS.fallbackText);
  expectInert(blocks, OWN_LINKS);
  expectInertText(text);
  // The same as an answer in a dialog.
  expect(refuseView(resultView(card, memory, slackId), 'modal', false)).toBeNull();
}

test('there is one of every kind', () => {
  expect(Object.keys({ ...anyCard, ...anyForm, ...anyPages }).sort()).toEqual([...makers()].sort());
});

describe('any card', () => {
  test.each(Object.entries(anyCard))('%s', (_name, cards) => {
    fc.assert(fc.property(cards, holds), RUNS);
  });
});

describe('any form', () => {
  test.each(Object.entries(anyForm))('%s', (_name, forms) => {
    fc.assert(
      fc.property(forms, (form) => {
        const view = formView(form, memory, slackId);
        expect(refuseView(view, 'modal', false)).toBeNull();
        expectInert(view.blocks);
      }),
      RUNS,
    );
  });
});

describe('any page', () => {
  test.each(Object.entries(anyPages))('%s', (_name, all) => {
    fc.assert(
      fc.property(all, (pages) => {
        for (const [at] of pages.pages.entries()) {
          const { blocks, ...view } = pagesView(pages, at, memory, slackId);
          expect(refuseView({ ...view, blocks }, 'modal', false)).toBeNull();
          // A home tab takes what a modal takes.
          expect(refuseView({ type: 'home', blocks }, 'home', false)).toBeNull();
          expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(LIMITS.viewBudget + 1_000);
          expectInert(blocks);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('far too much', () => {
  test('a thousand findings, as a message, as reasons and in pages', () => {
    const view = thousandFindings();
    holds(driftCard(view));
    holds(whyCard(view));
    const pages = fullDiff(view);
    for (const [at] of pages.pages.entries()) {
      const { blocks } = pagesView(pages, at, memory, slackId);
      expect(refuseView({ type: 'home', blocks }, 'home', false)).toBeNull();
    }
  });

  test('four hundred stacks of a fleet, each with a name that tries something', () => {
    const statuses = ['waits', 'trouble', 'denied', 'healed'] as const;
    holds(
      fleetCard({
        alertKind: 'drift',
        stacks: Array.from({ length: 400 }, (_, i) => ({
          stack: `${HOSTILE_TEXTS[i % HOSTILE_TEXTS.length]}${i}`,
          environment: `<!here>${i % 7}`,
          runId: i,
          status: statuses[i % statuses.length] ?? 'waits',
          open: 3,
          what: (HOSTILE_TEXTS[i % HOSTILE_TEXTS.length] ?? '').repeat(50),
          since: NOW - i * 60_000,
          approvedBy: [{ person: null, name: HOSTILE_TEXTS[i % HOSTILE_TEXTS.length] ?? '' }],
          card: null,
        })),
        common: '<!channel> removed on 118 resources',
        since: NOW,
        over: false,
        why: 'You are on call (<@U0DANA>)',
        now: NOW,
        zone: ZONE,
      }),
    );
  });
});
