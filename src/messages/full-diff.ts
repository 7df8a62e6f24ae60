/** The full diff of a run: every attribute of every finding, in pages and as one text. */
import { assertNever } from '../base/assert-never.ts';
import { isStateOnly } from '../drift/action-reason.ts';
import type { Finding } from '../drift/finding.ts';
import { happenedMark } from '../drift/happened.ts';
import { summarize } from '../drift/summary.ts';
import { clip, codeName, headlineOf } from '../text/words.ts';
import type { Block, Card, DiffRow, FindingTone, Pages, Span, Words } from './card.ts';
import { allContentRows } from './contents-rows.ts';
import { originWords, statusLabel, unaffectedStatus, withCurrentStatuses } from './finding-status.ts';
import { findingLinks } from './links.ts';
import { findingRows, type ValueDetail } from './rows.ts';
import { shownRows } from './shown-rows.ts';
import { plainOf } from './span-text.ts';
import { context, text } from './spans.ts';
import { plainLines, splitLines } from './text-rows.ts';
import type { DriftView } from './view.ts';

/** The most rows of a page (a finding's own line counts as one), and the most characters in its rows. */
const PAGE_ROWS = 25;
const PAGE_LENGTH = 6000;
/** The most lines of a text in one row of a page; the others follow in further rows. */
const LINES = 20;
/** A page shows all lines of a text, and the first part of a long value; the plain text has the whole value. */
const PAGE_VALUE: ValueDetail = {
  value: 800,
  text: { context: 2, lines: Number.POSITIVE_INFINITY, width: 500, chunk: 8 },
};
const WHOLE: ValueDetail = {
  value: 1_000_000,
  text: { context: 3, lines: Number.POSITIVE_INFINITY, width: 1_000_000, chunk: Number.POSITIVE_INFINITY },
};
/** The longest reason of an ignore rule, in characters. */
const REASON = 120;

const OUTPUT_MARK = { create: '+', update: '~', delete: '-' } as const;

interface Entry {
  readonly finding: Finding;
  readonly rows: (detail: ValueDetail) => readonly DiffRow[];
  readonly status: Words;
  readonly tone: FindingTone;
  readonly links: readonly Span[];
}

function entriesOf(view: DriftView): readonly Entry[] {
  return [
    ...view.findings.map((item) => ({
      finding: item.finding,
      rows: (detail: ValueDetail) => shownRows(item, view, detail, 'all'),
      links: findingLinks(item.finding, view),
      ...statusLabel(item, view),
    })),
    ...view.unaffected.map((finding) => ({
      finding,
      rows: (detail: ValueDetail) => unaffectedRows(finding, detail),
      status: unaffectedWords(finding),
      tone: 'info' as const,
      links: findingLinks(finding, view),
    })),
  ];
}

function unaffectedWords(finding: Finding): string {
  if (finding.ignored !== undefined) {
    return `${originWords(finding)} · ignored: ${clip(finding.ignored, REASON)}`;
  }
  return isStateOnly(finding) ? originWords(finding) : unaffectedStatus(finding);
}

/** What changed, and then what the resource has. */
function unaffectedRows(finding: Finding, detail: ValueDetail): readonly DiffRow[] {
  return [...findingRows(finding, detail), ...allContentRows(finding, detail.value)];
}

function lengthOf(row: DiffRow): number {
  if (row.kind === 'change') return row.label.length + row.before.length + row.after.length;
  if (row.kind !== 'lines') return row.label.length + row.value.length;
  return row.lines.reduce((sum, line) => sum + line.text.length, row.label.length);
}

function heightOf(row: DiffRow): number {
  return row.kind === 'lines' ? row.lines.length + 1 : 1;
}

function block(entry: Entry, rows: readonly DiffRow[], continued: boolean): Block {
  const { finding, status, tone } = entry;
  return {
    type: 'finding',
    mark: happenedMark(finding),
    address: finding.address,
    status: continued ? 'continued' : status,
    tone,
    rows,
    ...(continued || entry.links.length === 0 ? {} : { links: entry.links }),
  };
}

/** Splits the findings into pages. A finding that does not fit continues on the next page, under its own line. */
function paged(entries: readonly Entry[]): readonly (readonly Block[])[] {
  const pages: Block[][] = [[]];
  let rows = 0;
  let length = 0;
  const turn = (): void => {
    if ((pages.at(-1) ?? []).length === 0) return;
    pages.push([]);
    rows = 0;
    length = 0;
  };
  for (const entry of entries) {
    let some: DiffRow[] = [];
    let continued = false;
    const put = (): void => {
      pages.at(-1)?.push(block(entry, some, continued));
      some = [];
      continued = true;
    };
    if (rows >= PAGE_ROWS || length >= PAGE_LENGTH) turn();
    rows += 1;
    length += entry.finding.address.length + plainOf(entry.status).length;
    for (const row of entry.rows(PAGE_VALUE).flatMap((one) => splitLines(one, LINES))) {
      if (rows + heightOf(row) > PAGE_ROWS || length + lengthOf(row) > PAGE_LENGTH) {
        if (some.length > 0) put();
        turn();
        rows += 1;
      }
      some.push(row);
      rows += heightOf(row);
      length += lengthOf(row);
    }
    if (some.length > 0 || !continued) put();
  }
  return pages;
}

function rowText(row: DiffRow): string {
  switch (row.kind) {
    case 'add':
      return `+ ${row.label}: ${row.value}`;
    case 'del':
      return `- ${row.label}: ${row.value}`;
    case 'change':
      return `~ ${row.label}: ${row.before} → ${row.after}`;
    case 'lines':
      return [`~ ${row.label}: ${row.about}`, ...plainLines(row.lines).map((l) => `    ${l}`)].join('\n');
    case 'same':
    case 'note':
      return row.label === '' ? `  ${row.value}` : `  ${row.label}: ${row.value}`;
    default:
      return assertNever(row);
  }
}

function wholeText(view: DriftView, title: string, entries: readonly Entry[]): string {
  const parts = entries.map(({ finding, status, rows: rowsIn }) => {
    const rows = rowsIn(WHOLE).map((r) => `    ${rowText(r)}`);
    return [`${happenedMark(finding)} ${finding.address}  (${plainOf(status)})`, ...rows].join('\n');
  });
  const outputs = view.outputs.map((o) => `${OUTPUT_MARK[o.action]} output ${o.name}`);
  const beside = view.beside.map(({ words, items }) =>
    [words, ...items.map((item) => `    ${item}`)].join('\n'),
  );
  const rest = [...(outputs.length > 0 ? [outputs.join('\n')] : []), ...beside];
  return `${[title, ...parts, ...rest].join('\n\n')}\n`;
}

/** What an apply does besides the findings, opened. */
function besideBlocks(view: DriftView): readonly Block[] {
  return view.beside.map(({ words, items }) =>
    context(text(clip(`${words}: ${items.join('; ')}`, PAGE_VALUE.value))),
  );
}

/** Every attribute of every finding of the run, including what an apply would not change and what rules ignore. */
export function fullDiff(given: DriftView): Pages {
  const view = withCurrentStatuses(given);

  const entries = entriesOf(view);
  const pages = paged(entries);
  const where = [view.stack, view.environment, `run #${view.runId}`];
  const title = [...where, ...(view.code === null ? [] : [codeName(view.code)])].join(' · ');
  const summary = summarize(
    entries.map((entry) => entry.finding),
    view.stack,
  );
  const cards = pages.map((blocks, i): Card => {
    const place = pages.length === 1 ? '' : ` · page ${i + 1} of ${pages.length}`;
    return {
      headline: headlineOf(`${view.stack} · run #${view.runId}${place}`),
      tone: 'plain',
      blocks: [
        ...(i === 0 ? [context(text(summary))] : []),
        ...blocks,
        ...(i === pages.length - 1 ? besideBlocks(view) : []),
      ],
    };
  });
  return { title: `Run #${view.runId}`, pages: cards, text: wholeText(view, title, entries) };
}

/** What happened to one finding, as plain lines without markup: for a file or a pull request. */
export function findingText(finding: Finding): string {
  const rows = findingRows(finding, PAGE_VALUE).map((row) => `    ${rowText(row)}`);
  return [`${happenedMark(finding)} ${finding.address}`, ...rows].join('\n');
}
