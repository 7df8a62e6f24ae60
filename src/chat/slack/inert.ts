/** Makes foreign text harmless: nothing in it is parsed. */
import { visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';

/** Visible, and with `&`, `<`, `>` escaped: for the few places where Slack parses mrkdwn. */
export function escapeMrkdwn(text: string): string {
  return visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * What a notification shows, of at most `max` characters before escaping: escaped, and with addresses broken
 * so that no client makes a link of them. Never empty, which Slack would refuse.
 */
export function notification(text: string, max: number): string {
  // Cut before escaping, so that no entity is cut in two.
  const shown = escapeMrkdwn(clip(visible(text), max).replaceAll('://', ': //'));
  return shown.trim() === '' ? 'm0' : shown;
}
