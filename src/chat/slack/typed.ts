/** Slack's markup in typed messages: mentions, channels and links. Each becomes its readable part. */
const MARK = /<([^<>|]*)(?:\|([^<>]*))?>/g;

/**
 * The command in a message from Slack: without the mention of m0 (`botUserId`), links as their text, entities
 * unescaped. Mentions of others stay as `@U…`.
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
