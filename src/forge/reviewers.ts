/** People who could not be asked for a review: the pull request says so. */
import { inertMarkdown } from '../text/inert-markdown.ts';

export interface NotAsked {
  /** A login, or an e-mail address. */
  readonly who: string;
  readonly why: string;
}

/** The body with a line about those who were not asked. */
export function bodyWith(body: string, notAsked: readonly NotAsked[]): string {
  if (notAsked.length === 0) return body;
  const names = notAsked.map(({ who, why }) => `${inertMarkdown(who)} (${inertMarkdown(why)})`);
  return `${body}\n\nNot asked for a review: ${names.join(', ')}\n`;
}
