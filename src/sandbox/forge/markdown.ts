/** The Markdown of pull requests as HTML: what m0 writes, and nothing that could run. */
import { html } from 'hono/html';

type Html = ReturnType<typeof html>;
type Piece = string | Html;

const FENCE = /^ {0,3}(`{3,})([a-z]*)\s*$/;
const INLINE =
  /\\([!-/:-@[-`{-~])|&#(\d{1,6});|(`+)([\s\S]*?[^`])\3(?!`)|\*\*((?:\\.|[^*])+)\*\*|\[((?:\\.|[^\]\\])*)\]\(<?(https?:\/\/[^\s)>]+)>?\)|<(https?:\/\/[^\s<>]+)>/g;

/** One line, or several as one paragraph. */
function inline(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, escaped, entity, , code, bold, label, linked, bare] = match;
    const url = linked ?? bare;
    pieces.push(text.slice(from, match.index));
    from = match.index + whole.length;
    if (escaped !== undefined) pieces.push(escaped);
    else if (entity !== undefined) pieces.push(String.fromCodePoint(Number(entity)));
    else if (code !== undefined) pieces.push(html`<code>${code.replace(/^ (.*) $/s, '$1')}</code>`);
    else if (bold !== undefined) pieces.push(html`<strong>${inline(bold)}</strong>`);
    else if (url !== undefined)
      pieces.push(html`<a href="${url}" rel="noreferrer">${inline(label ?? url)}</a>`);
  }
  pieces.push(text.slice(from));
  return pieces;
}

function codeBlock(language: string, lines: readonly string[]): Html {
  const kind = (line: string): string =>
    language !== 'diff' ? '' : line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : '';
  return html`<pre class="block">${lines.map((line) => html`<span class="${kind(line)}">${line}\n</span>`)}</pre>`;
}

function cells(line: string): readonly string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

function table(lines: readonly string[]): Html {
  const [head = '', , ...rows] = lines;
  return html`<div class="scroll"><table class="text"><thead><tr>${cells(head).map((cell) => html`<th>${inline(cell)}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${cells(row).map((cell) => html`<td>${inline(cell)}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** Headings, paragraphs, lists, tables, code, folded parts, bold text and links. Everything else is text. */
export function markdownView(text: string): Html {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const blocks: Html[] = [];
  let at = 0;
  const take = (fits: (line: string) => boolean): readonly string[] => {
    const from = at;
    while (at < lines.length && fits(lines[at] ?? '')) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const [, fence, language = ''] = FENCE.exec(line) ?? [];
    const [, marks, heading] = /^(#{1,4}) +(.*)$/.exec(line) ?? [];
    const [, summary] = /^(?:<details>)?\s*<summary>(.*)<\/summary>$/.exec(line) ?? [];
    if (fence !== undefined) {
      at += 1;
      blocks.push(
        codeBlock(
          language,
          take((each) => each.trim() !== fence),
        ),
      );
      at += 1;
    } else if (summary !== undefined) {
      at += 1;
      const inside = take((each) => each.trim() !== '</details>');
      blocks.push(
        html`<details><summary>${inline(summary)}</summary>${markdownView(inside.join('\n'))}</details>`,
      );
      at += 1;
    } else if (marks !== undefined) {
      at += 1;
      blocks.push(html`<h2>${inline(heading ?? '')}</h2>`);
    } else if (/^(-{3,}|\*{3,})$/.test(line)) {
      at += 1;
      blocks.push(html`<hr>`);
    } else if (/^[-*] /.test(line)) {
      const items = take((each) => /^[-*] |^ {2,}\S/.test(each));
      blocks.push(
        html`<ul>${items.map((item) => html`<li>${inline(item.replace(/^\s*(?:[-*] )?/, ''))}</li>`)}</ul>`,
      );
    } else if (line.startsWith('|') && /^\|[\s:|-]+\|$/.test(lines[at + 1]?.trim() ?? '')) {
      blocks.push(table(take((each) => each.startsWith('|'))));
    } else if (line.trim() === '' || line.trim() === '<details>') at += 1;
    else {
      const first = at;
      at += 1;
      take(
        (each) => each.trim() !== '' && !FENCE.test(each) && !/^(?:[-*] |#{1,4} |\||<details>)/.test(each),
      );
      blocks.push(html`<p>${inline(lines.slice(first, at).join('\n'))}</p>`);
    }
  }
  return html`${blocks}`;
}
