/** Slack's own marks in what people type: mentions, channels, links; each as its readable part. */
const MARK = /<([^<>|]*)(?:\|([^<>]*))?>/g;

/**
 * The command in a message as Slack sends it: without the mention of m0 (`botUserId`), links as their text,
 * escapes undone. Mentions of others stay as `@U…`.
 */
export function typedCommand(text: string, botUserId: string): string {
  return text
    .replace(MARK, (_all, target: string, label: string | undefined) => {
      if (target === `@${botUserId}`) return ' ';
      if (label !== undefined && label !== '') return target.startsWith('#') ? `#${label}` : label;
      return target.startsWith('mailto:') ? target.slice('mailto:'.length) : target;
    })
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();
}
