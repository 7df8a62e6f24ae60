/** Makes text from outside harmless: Slack parses nothing in it. */
import { visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';

/** Visible text with `&`, `<` and `>` escaped, for the few places where Slack parses mrkdwn. */
export function escapeMrkdwn(text: string): string {
  return visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * The text of a notification: at most `max` characters before escaping, escaped, and with URLs broken so that
 * no client turns them into links. Never empty, because Slack refuses empty text.
 */
export function notification(text: string, max: number): string {
  // Cut before escaping, so that no entity is cut in the middle.
  const shown = escapeMrkdwn(clip(visible(text), max).replaceAll('://', ': //'));
  return shown.trim() === '' ? 'm0' : shown;
}
