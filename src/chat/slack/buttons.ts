/** Buttons of a card as Slack blocks. */
import type { types } from '@slack/bolt';
import type { Button, ButtonConfirm } from '../../messages/card.ts';
import { spokenLabel } from '../../messages/spoken-label.ts';
import { visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import { LIMITS } from './limits.ts';

/** Buttons per row on a desktop. Folding removes whole rows. */
const ROW = 5;

/** Action ids of a card's buttons: `m0:` and a number that is unique in the message. */
export const COMMAND_ACTION = /^m0:\d+$/;

/** Plain text of at most `max` characters. Never empty, because Slack refuses empty text. */
export function plainText(text: string, max: number): types.PlainTextElement {
  const shown = clip(visible(text), max);
  return { type: 'plain_text', text: shown === '' ? '–' : shown, emoji: false };
}

function confirmDialog(confirm: ButtonConfirm, style: Button['style']): types.ConfirmationDialog {
  return {
    title: plainText(confirm.title, LIMITS.confirmTitle),
    text: plainText(confirm.body, LIMITS.confirmText),
    confirm: plainText(confirm.confirm, LIMITS.confirmLabel),
    deny: plainText('Cancel', LIMITS.confirmLabel),
    ...(style ? { style } : {}),
  };
}

/**
 * Rows of buttons. `first` is the number of the first button in its message. A button whose command is too
 * long for Slack is left out: a cut command would be another command.
 */
export function buttonRows(buttons: readonly Button[], first: number): types.ActionsBlock[] {
  const elements = buttons
    .filter((b) => b.command !== '' && b.command.length <= LIMITS.buttonValue)
    .map((button, i): types.Button => {
      const spoken = spokenLabel(button, LIMITS.spokenLabel);
      return {
        type: 'button',
        action_id: `m0:${first + i}`,
        text: plainText(button.label, LIMITS.buttonLabel),
        ...(spoken === null ? {} : { accessibility_label: spoken }),
        value: button.command,
        ...(button.style ? { style: button.style } : {}),
        ...(button.confirm ? { confirm: confirmDialog(button.confirm, button.style) } : {}),
      };
    });
  const rows: types.ActionsBlock[] = [];
  for (let i = 0; i < elements.length; i += ROW) {
    rows.push({ type: 'actions', elements: elements.slice(i, i + ROW) });
  }
  return rows;
}
