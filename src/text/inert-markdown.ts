/** Text of clouds, repositories and persons in the Markdown of pull requests, on GitHub and GitLab. */
import { cutMiddle, visible } from './inert.ts';

/** Invisible: what comes after it is not read together with what comes before it. */
const BREAK = '\u200b';

/**
 * Where both hosts would make a mention, a reference or a link, whatever Markdown says: they look for these in the
 * text as it is shown, so a backslash does not help. `@dana`, `#12`, `!12`, `GH-12`, `ABC-12`, `https://…`, `www.…`.
 */
function withoutReferences(text: string): string {
  return text
    .replace(/[@#!$~%&^](?=[\p{L}\p{N}_"'{-])/gu, (sigil) => `${sigil}${BREAK}`)
    .replace(/:(?=[^\s])/g, `:${BREAK}`)
    .replace(/\b(www)(?=\.)/gi, `$1${BREAK}`)
    .replace(/(?<=\b[A-Za-z][A-Za-z0-9_]*)-(?=\d)/g, `${BREAK}-`);
}

/**
 * The text on one line as Markdown that shows exactly this text: nothing in it mentions, refers, links, formats, is
 * HTML, ends a table cell or is a command to the host.
 */
export function inertMarkdown(text: string): string {
  const marked = withoutReferences(visible(text).trim());
  return marked
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/(?<!&)#|[\\`*_{}[\]()+.!|~^$=/:@%-]/g, '\\$&')
    .replaceAll(BREAK, '&#8203;');
}

/** The text on one line as a span of code, in which nothing is read. Not for cells of tables. */
export function inertCode(text: string): string {
  const shown = visible(text);
  const fence = '`'.repeat(longestRun(shown) + 1);
  return `${fence} ${shown} ${fence}`;
}

/** The text, with its lines, as a block of code. `language`: for its colours, `diff` or `hcl`. */
export function inertCodeBlock(text: string, language: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.split('\t').map(visible).join('\t'));
  const body = lines.join('\n').replace(/\n+$/, '');
  const fence = '`'.repeat(Math.max(3, longestRun(body) + 1));
  return `${fence}${language.replace(/[^a-z]/g, '')}\n${body}\n${fence}`;
}

/** The text as the title of a pull request, which is no Markdown: at most `max` characters, and nobody is mentioned. */
export function inertTitle(text: string, max = 240): string {
  return withoutReferences(cutMiddle(visible(text).trim(), max));
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
