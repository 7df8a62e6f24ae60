/** Gallery: dialogs, that is forms that ask for input, and the full diff in pages. */

import { codifyForm } from '../../../src/messages/codify-button.ts';
import { acceptEmptyForm } from '../../../src/messages/empty-state-card.ts';
import { acceptForm, snoozeForm } from '../../../src/messages/forms.ts';
import { fullDiff } from '../../../src/messages/full-diff.ts';
import type { DriftView } from '../../../src/messages/view.ts';
import { byHand, COMMIT, driftView, finding, HOUR, item, NOW } from '../views.ts';
import { HEALED, HOTFIX, TAGS, WAITS } from './drift-open.ts';
import type { Exhibit } from './exhibit.ts';

/** A view of a thousand findings, too many for one message. */
export function thousandFindings(): DriftView {
  return driftView({
    findings: Array.from({ length: 1000 }, (_, i) =>
      item(
        finding(`module.fleet["eu-${i % 4}"].aws_instance.web[${i}]`, {
          attributes: [byHand('tags.Owner', `team-${i}`, null), byHand('monitoring', true, false)],
        }),
        { type: 'waits' },
        { policy: 'fleet', commit: COMMIT, rule: 'pending', text: 'more than ten at once' },
      ),
    ),
  });
}

const TWO = driftView({
  findings: [item(TAGS, { type: 'waits' }), WAITS],
});
const thousand = fullDiff(thousandFindings());

function form(
  name: string,
  says: string,
  make: typeof acceptForm,
  view: DriftView,
  extra: Pick<Exhibit, 'asks'> = {},
): Exhibit {
  return {
    name,
    says,
    maker: make.name,
    where: 'dialog',
    shown: { kind: 'form', form: make(view) },
    ...extra,
  };
}

function page(name: string, says: string, pages: typeof thousand, at: number): Exhibit {
  return { name, says, maker: fullDiff.name, where: 'dialog', shown: { kind: 'pages', pages, page: at } };
}

export const dialogs: readonly Exhibit[] = [
  form('form-snooze', '*Snooze…*: for how long, what and why.', snoozeForm, TWO, { asks: 'Snooze…' }),
  form(
    'form-accept',
    '*Accept drift…*: what is kept as it is, until when, and why.',
    acceptForm,
    driftView({ findings: [WAITS] }),
    { asks: 'Accept drift…' },
  ),
  {
    ...{ name: 'form-accept-empty', says: '*Accept the empty state…*: why that is right.' },
    ...{ maker: acceptEmptyForm.name, where: 'dialog' },
    shown: {
      kind: 'form',
      form: acceptEmptyForm({
        stack: 'prod-app',
        runId: 42,
        seen: { resources: 41, run: 40, at: NOW - HOUR },
      }),
    },
  },
  form('form-accept-two', '*Accept drift…* of several: nothing is chosen beforehand.', acceptForm, TWO),
  form('form-codify', '*Put into the code…* of several: one of them is chosen.', codifyForm, TWO, {
    asks: 'Put into the code…',
  }),
  form('form-accept-many', '*Accept drift…* where there is more than fits.', acceptForm, thousandFindings()),
  page(
    'diff',
    '*Full diff* of a small run.',
    fullDiff(
      driftView({
        findings: [HEALED, item(HOTFIX, { type: 'waits' })],
        unaffected: [
          finding('aws_autoscaling_group.web', {
            actionable: false,
            ignored: 'autoscaler',
            attributes: [byHand('desired_capacity', 2, 5)],
          }),
        ],
      }),
    ),
    0,
  ),
  {
    ...page('diff-first', '*Full diff* of a thousand resources: the first page.', thousand, 0),
    unpictured: true,
  },
  {
    ...page('diff-middle', 'A page in the middle.', thousand, Math.floor(thousand.pages.length / 2)),
    unpictured: true,
  },
  { ...page('diff-last', 'The last page.', thousand, thousand.pages.length - 1), unpictured: true },
];
