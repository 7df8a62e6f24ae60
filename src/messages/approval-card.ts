/** The answer to a typed `approve`: what it would do, with a button for each part. It is the dialog of the button. */
import { capitalize, count } from '../text/words.ts';
import { applyWords } from './apply-words.ts';
import type { Block, Button, Card } from './card.ts';
import { describeChanges } from './changes.ts';
import { AFTERWARDS, approveButton } from './drift-buttons.ts';
import { ignoredChangeBlocks } from './ignored-changes.ts';
import { STATE_ONLY_HERE } from './own-state.ts';
import { context, line, strong, text } from './spans.ts';
import type { DriftView, PartView } from './view.ts';

/** The longest list of changes of one part, in characters. */
const CHANGES = 600;

/** Asks whether to approve these parts of the view's run. They are not empty. */
export function approvalCard(view: DriftView, parts: readonly PartView[]): Card {
  const findings = parts.flatMap((part) => part.findings);
  const what =
    parts.length === 1
      ? applyWords(findings.map((item) => item.finding))
      : `${count(parts.length, 'part')}, one by one`;
  return {
    headline: `${view.stack}: approve run #${view.runId} (${what})?`,
    tone: 'waits',
    blocks: [
      ...parts.map((part): Block => {
        const of = part.findings.map((item) => item.finding);
        // The words of its button, where there are several.
        const which = parts.length === 1 ? [] : [strong(`${capitalize(applyWords(of))}. `)];
        return line(...which, text(describeChanges(of, CHANGES)));
      }),
      ...ignoredChangeBlocks(findings),
      ...(view.stateOnlyHere ? [context(text(STATE_ONLY_HERE))] : []),
      context(text(AFTERWARDS)),
      { type: 'buttons', buttons: parts.map((part) => withoutDialog(approveButton(view, part))) },
    ],
  };
}

function withoutDialog({ confirm: _, ...button }: Button): Button {
  return button;
}
