/** Makes text from outside harmless: Slack parses nothing in it. */
import { visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';

/** Visible text with `&`, `<` and `>` escaped, for the few places where Slack parses mrkdwn. */
export function escapeMrkdwn(text: string): string {
  return visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * Words that notify a channel where `link_names` is set, which m0 never does. Broken all the same: Slack parses the text of
 * an update in another way than that of a post.
 */
const EVERYBODY = /@(?=(?:here|channel|everyone)\b)/gi;

/** One line of the text of a message: escaped, and with URLs broken so that no client turns them into links. */
export function inertLine(text: string): string {
  return escapeMrkdwn(visible(text).replaceAll('://', ': //').replace(EVERYBODY, '@ '));
}

/**
 * The text of a message of one line: at most `max` characters before escaping. Never empty, because Slack refuses empty
 * text.
 */
export function notification(text: string, max: number): string {
  // Cut before escaping, so that no entity is cut in the middle.
  const shown = inertLine(clip(visible(text), max));
  return shown.trim() === '' ? 'm0' : shown;
}
