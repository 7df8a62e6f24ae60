/** Edits the text of a heredoc: a value inside a JSON document, or whole lines. */
import { equalityOf, parseDocument } from '../../drift/canonical.ts';
import { type Draft, type Task, textOf, write } from './draft.ts';
import { computed } from './hop.ts';
import { parseJsonAt, type StringReader } from './json-syntax.ts';
import type { Bound } from './scope.ts';
import { eolOf } from './splice.ts';
import type { Expr, Place } from './syntax.ts';
import { valueText, withoutTemplates } from './value-text.ts';

type Heredoc = Extract<Expr, { kind: 'heredoc' }>;
type SetValue = (draft: Draft, bound: Bound, task: Task) => void;

/** Makes a heredoc say the wanted text. `setValue` edits a value inside a document. */
export function setHeredoc(
  draft: Draft,
  bound: Bound & { readonly expr: Heredoc },
  task: Task,
  setValue: SetValue,
): void {
  const { expr } = bound;
  const wanted = parseDocument(task.wanted);
  const document = wanted === undefined ? null : documentIn(draft, expr);
  if (wanted !== undefined && document !== null) {
    const before = parseDocument(task.before ?? null);
    setValue(draft, { ...bound, expr: document }, { ...task, before, wanted, equality: equalityOf(wanted) });
    return;
  }
  if (expr.templates.length > 0 || typeof task.wanted !== 'string') throw computed(expr);
  setLines(draft, bound, task, task.wanted);
}

/** The JSON document that a heredoc is, with places in the file; null if it is none. */
function documentIn(draft: Draft, expr: Heredoc): Expr | null {
  const text = textOf(draft, expr.at);
  // Templates may have quotes in them, which are none of the document's.
  let masked = text.slice(0, expr.body.end);
  for (const { start, end } of expr.templates)
    masked = masked.slice(0, start) + '_'.repeat(end - start) + masked.slice(end);
  return parseJsonAt(masked, expr.body, withTemplates(text, expr));
}

function withTemplates(text: string, expr: Heredoc): StringReader {
  const values = expr.parts.filter((part) => typeof part !== 'string');
  return (decoded, at) => {
    const inside = expr.templates.flatMap((place, i) =>
      place.start >= at.start && place.end <= at.end ? [i] : [],
    );
    if (inside.length === 0) {
      return { at, kind: 'literal', value: decoded.replaceAll('$${', '${').replaceAll('%%{', '%{') };
    }
    const parts: (string | Expr)[] = [];
    let from = at.start + 1;
    const literal = (end: number): void => {
      const piece = decode(text.slice(from, end));
      if (piece !== '') parts.push(piece);
    };
    for (const i of inside) {
      const [place, value] = [expr.templates[i], values[i]];
      if (place === undefined || value === undefined) continue;
      literal(place.start);
      parts.push(value);
      from = place.end;
    }
    literal(at.end - 1);
    return { at, kind: 'template', parts };
  };
}

function decode(raw: string): string {
  try {
    return (JSON.parse(`"${raw}"`) as string).replaceAll('$${', '${').replaceAll('%%{', '%{');
  } catch {
    return raw;
  }
}

function setLines(draft: Draft, bound: Bound & { readonly expr: Heredoc }, task: Task, wanted: string): void {
  const { expr } = bound;
  const text = textOf(draft, expr.at);
  const says = `sets ${task.subject}`;
  const replace = (at: Place, what: string): void => {
    write(draft, { bound, at: expr.at, says }, task, [
      { file: at.file, start: at.start, end: at.end, text: what },
    ]);
  };
  // A heredoc always ends with a line end, and its lines have that of the file.
  const eol = eolOf(text);
  const marker = /^<<-?\s*(\S+)/.exec(text.slice(expr.at.start))?.[1];
  // A line that is the marker would end the heredoc, and what comes after it would be read as code.
  const ends = wanted.split('\n').some((line) => line.trim() === marker);
  const fits =
    !ends && wanted.endsWith('\n') && (eol === '\n' ? !wanted.includes('\r') : !/(?<!\r)\n/.test(wanted));
  if (!fits) {
    replace(expr.at, valueText(wanted, 'native'));
    return;
  }
  const indent = expr.indented ? sharedIndent(text.slice(expr.body.start, expr.body.end)) : '';
  const lines = withoutTemplates(wanted).split('\n').slice(0, -1);
  replace(expr.body, lines.map((line) => `${line.trim() === '' ? line : indent + line}\n`).join(''));
}

function sharedIndent(body: string): string {
  const indents = body
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => /^[ \t]*/.exec(line)?.[0] ?? '');
  return indents.reduce((a, b) => (b.length < a.length ? b : a), indents[0] ?? '');
}
