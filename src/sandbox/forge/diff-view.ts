/** A unified diff as HTML: a box for each file, with numbers of lines and colours. */
import { html } from 'hono/html';

type Html = ReturnType<typeof html>;

interface Line {
  readonly kind: 'added' | 'removed' | 'same' | 'place';
  readonly text: string;
  readonly before: number | null;
  readonly after: number | null;
}

interface FileDiff {
  readonly name: string;
  readonly lines: readonly Line[];
}

/** The files of what `git diff` wrote. */
export function parseDiff(text: string): readonly FileDiff[] {
  const files: { name: string; lines: Line[] }[] = [];
  let [before, after, inHunk] = [0, 0, false];
  for (const line of text.split('\n')) {
    const file = files.at(-1);
    if (line.startsWith('diff --git ')) {
      files.push({ name: / b\/(.*)$/.exec(line)?.[1] ?? line, lines: [] });
      inHunk = false;
    } else if (file === undefined) continue;
    else if (line.startsWith('@@ ')) {
      const [, from = '0', to = '0', place = ''] =
        /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)/.exec(line) ?? [];
      [before, after, inHunk] = [Number(from), Number(to), true];
      file.lines.push({ kind: 'place', text: place.trim(), before: null, after: null });
    } else if (!inHunk) {
      if (line.startsWith('Binary files'))
        file.lines.push({ kind: 'place', text: line, before: null, after: null });
    } else if (line.startsWith('+')) {
      file.lines.push({ kind: 'added', text: line.slice(1), before: null, after });
      after += 1;
    } else if (line.startsWith('-')) {
      file.lines.push({ kind: 'removed', text: line.slice(1), before, after: null });
      before += 1;
    } else if (line.startsWith(' ')) {
      file.lines.push({ kind: 'same', text: line.slice(1), before, after });
      before += 1;
      after += 1;
    }
  }
  return files;
}

const SIGNS = { added: '+', removed: '−', same: ' ', place: '' } as const;

function lineView({ kind, text, before, after }: Line): Html {
  return html`<tr class="${kind}"><td class="no">${before ?? ''}</td><td class="no">${after ?? ''}</td><td class="sign">${SIGNS[kind]}</td><td class="code">${text}</td></tr>`;
}

function fileView({ name, lines }: FileDiff): Html {
  const count = (kind: Line['kind']): number => lines.filter((line) => line.kind === kind).length;
  return html`<section class="file"><h3><span>${name}</span><b class="plus">+${count('added')}</b> <b class="minus">−${count('removed')}</b></h3><div class="scroll"><table class="diff"><tbody>${lines.map(lineView)}</tbody></table></div></section>`;
}

/** `text`: what `git diff` wrote. */
export function diffView(text: string): Html {
  const files = parseDiff(text);
  return files.length === 0 ? html`<p class="quiet">No file differs.</p>` : html`${files.map(fileView)}`;
}
