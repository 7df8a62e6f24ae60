/** The compliance report of a month: a text to read (Markdown), two tables (CSV), and the card that hands them over. */
import { EXEMPT_WORDS } from '../model/exemption.ts';
import { csv } from '../text/csv.ts';
import { visible } from '../text/inert.ts';
import { instant, splitInstants } from '../text/instant.ts';
import { clip, count, durationText, headlineOf, listed } from '../text/words.ts';
import type { Card, OutFile } from './card.ts';
import { rowText } from './fold.ts';
import { findingRows, type ValueDetail } from './rows.ts';
import { command, context, line, text } from './spans.ts';
import { timed } from './timed.ts';
import type { ReportFinding, ReportView } from './view-report.ts';

const HOUR_MS = 3_600_000;
/** The longest description of a change, and of a reason, in characters. */
const CHANGE = 2_000;
const REASON = 500;
/** A table is for programs: each value on one line, as whole as it was kept. */
const VALUE: ValueDetail = { value: 400, text: { context: 1, lines: 20, width: 200, chunk: 5 } };

/** `2026-11-28T14:02:00.000Z`: tables are for programs, which need no time zone to guess. */
const iso = (at: number | null): string => (at === null ? '' : new Date(at).toISOString());

function changesOf({ finding }: ReportFinding): string {
  const rows = findingRows(finding, VALUE).map(rowText);
  return clip((rows.length > 0 ? rows : [finding.action]).join('; '), CHANGE);
}

const names = (people: readonly { readonly name: string }[]): string =>
  [...new Set(people.map((p) => p.name))].join(', ');

/** How it stands at the end of the period, in one word for programs. */
type Fate =
  | 'open'
  | 'healed by policy'
  | 'applied after approval'
  | 'snoozed'
  | 'accepted'
  | 'on its way into the code'
  | 'gone';

function fateOf(one: ReportFinding): Fate {
  if (one.applied !== null)
    return one.applied.by.length === 0 ? 'healed by policy' : 'applied after approval';
  if (one.until !== null) return 'gone';
  if (one.exemption !== null) return EXEMPT_WORDS[one.exemption.kind] as Fate;
  return 'open';
}

function policiesOf({ reasons }: ReportFinding): string {
  return [...new Set(reasons.map((r) => (r.policy === null ? 'm0' : `${r.policy}: ${r.rule}`)))].join(', ');
}

function bundlesOf({ bundles }: ReportFinding): string {
  return Object.entries(bundles)
    .map(([policy, commit]) => `${policy}@${commit ?? 'none'}`)
    .join(', ');
}

const stoodMs = (one: ReportFinding, view: ReportView): number => (one.until ?? view.until) - one.since;

function driftTable(view: ReportView): string {
  return csv(
    [
      ...['stack', 'environment', 'address', 'type', 'origin', 'action', 'changes', 'first_seen', 'ended'],
      ...['stood_hours', 'fate', 'outcome', 'verdict', 'policies', 'bundles', 'reasons', 'approved_by'],
      ...['applied_at', 'verified_at', 'exempted_by', 'exempted_until', 'exempted_why', 'run', 'code_commit'],
    ],
    view.findings.map((one) => [
      ...[one.stack, one.environment, one.finding.address, one.finding.type, one.finding.origin],
      ...[one.finding.action, changesOf(one), iso(one.since), iso(one.until)],
      ...[Math.round((stoodMs(one, view) / HOUR_MS) * 10) / 10, fateOf(one), one.outcome ?? ''],
      ...[one.verdict ?? '', policiesOf(one), bundlesOf(one)],
      clip(one.reasons.map((r) => r.text).join('; '), REASON),
      ...[names(one.applied?.by ?? []), iso(one.applied?.at ?? null), iso(one.applied?.verifiedAt ?? null)],
      ...[one.exemption?.by.name ?? '', iso(one.exemption?.until ?? null), one.exemption?.reason ?? ''],
      ...[one.runId, one.commit ?? ''],
    ]),
  );
}

function recordTable(view: ReportView): string {
  return csv(
    [
      ...['line', 'at', 'actor', 'person', 'platform', 'user_id', 'action', 'stack', 'run', 'code_commit'],
      ...['bundles', 'addresses', 'detail'],
    ],
    view.record.map(({ line: number, entry }) => [
      ...[
        number,
        iso(entry.at),
        entry.actor.name,
        entry.actor.person,
        entry.actor.platform,
        entry.actor.userId,
      ],
      ...[entry.action, entry.stack, entry.runId, entry.commit],
      Object.entries(entry.bundles ?? {})
        .map(([policy, commit]) => `${policy}@${commit ?? 'none'}`)
        .join(', '),
      (entry.scope ?? []).map((s) => s.address).join(', '),
      entry.detail,
    ]),
  );
}

/** Text inside Markdown: nothing of it formats, links or ends a cell. */
function md(value: string): string {
  return visible(value).replace(/[\\`*_{}[\]<>()#+!|~@&-]/g, (c) => `\\${c}`);
}

const when = (at: number, zone: string): string =>
  new Date(at).toLocaleString('en-GB', { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' });

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return ['None.', ''];
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rows.map(row), ''];
}

function tally(view: ReportView): Readonly<Record<Fate, number>> {
  const of = (fate: Fate): number => view.findings.filter((f) => fateOf(f) === fate).length;
  return {
    open: of('open'),
    'healed by policy': of('healed by policy'),
    'applied after approval': of('applied after approval'),
    snoozed: of('snoozed'),
    accepted: of('accepted'),
    'on its way into the code': of('on its way into the code'),
    gone: of('gone'),
  };
}

/** `November 2026`. */
function monthName(month: string): string {
  return new Date(`${month}-15T12:00:00Z`).toLocaleDateString('en-GB', {
    ...{ month: 'long', year: 'numeric', timeZone: 'UTC' },
  });
}

function scopeWords(view: ReportView): string {
  return view.target === null ? count(view.stacks.length, 'stack') : view.target;
}

/** A recorded text, with its times as the other times of the report. */
function recorded(words: string, zone: string): string {
  return splitInstants(words)
    .map((piece) => (typeof piece === 'string' ? piece : when(piece, zone)))
    .join('');
}

/** Sentences about what the report can't tell, with times as `instant` writes them; empty if it tells all. */
function gaps(view: ReportView): readonly string[] {
  return [
    ...(view.until < view.now ? [] : ['The month is not over: this is what is known so far.']),
    ...(view.runsSince !== null && view.runsSince > view.from
      ? [
          `Runs before ${instant(view.runsSince)} are not stored (m0 came later, or they were deleted): for that time the table of drift may lack rows. The audit record is never deleted.`,
        ]
      : []),
  ];
}

function chainLines({ chain, zone }: ReportView): readonly string[] {
  if (chain === null) return ['The audit record has no line of this period.', ''];
  const { first, last } = chain;
  return [
    'Each line of the audit record carries the hash of the line before it, so a line that is changed, removed or put in later breaks every hash after it.',
    '',
    ...table(
      ['', 'line', 'at', 'hash'],
      [
        ['before', String(first.line - 1), '', `\`${first.prevHash}\``],
        ['first', String(first.line), md(when(first.at, zone)), `\`${first.hash}\``],
        ['last', String(last.line), md(when(last.at, zone)), `\`${last.hash}\``],
      ],
    ),
    'To verify it, where the database is:',
    '',
    '```',
    'm0 audit verify',
    `m0 audit export --since ${iso(first.at)} --until ${iso(last.at)} > record.jsonl`,
    'm0 audit verify record.jsonl --part',
    '```',
    '',
    `\`m0 audit verify\` proves the whole chain. In the export, line ${first.line} must have the hash named first here, and line ${last.line} the one named last.`,
    '',
  ];
}

function markdown(view: ReportView): string {
  const { zone } = view;
  const fates = tally(view);
  const fate = (one: ReportFinding): string => {
    if (one.applied !== null) {
      const by =
        one.applied.by.length === 0
          ? 'healed by policy'
          : `applied, approved by ${md(names(one.applied.by))}`;
      const proof = one.applied.verifiedAt === null ? 'not verified' : 'verified';
      return `${by}, ${md(when(one.applied.at, zone))}, ${proof}`;
    }
    if (one.exemption !== null && one.until === null) {
      const { kind, by, reason } = one.exemption;
      return `${EXEMPT_WORDS[kind]}${kind === 'codify' ? ', asked' : ''} by ${md(by.name)}${reason === '' ? '' : `: ${md(reason)}`}`;
    }
    return one.until === null ? 'open' : md(recorded(one.outcome ?? 'gone', zone));
  };
  return [
    `# Drift report: ${md(scopeWords(view))}, ${monthName(view.month)}`,
    '',
    `From ${md(when(view.from, zone))} to ${md(when(view.until, zone))} (${md(zone)}), made ${md(when(view.now, zone))}.`,
    ...gaps(view).map((gap) => `\n**${md(recorded(gap, zone))}**`),
    '',
    '## Summary',
    '',
    ...table(
      ['what', 'findings'],
      [
        ['drifted', String(view.findings.length)],
        ...Object.entries(fates).map(([name, n]) => [name, String(n)]),
      ],
    ),
    `Stacks: ${view.stacks.map(md).join(', ')}`,
    '',
    '## What drifted',
    '',
    ...table(
      ['stack', 'resource', 'what', 'first seen', 'stood', 'policy and bundle', 'how it ended', 'run'],
      view.findings.map((one) => [
        ...[
          `${md(one.stack)} \\(${md(one.environment)}\\)`,
          md(one.finding.address),
          md(clip(changesOf(one), 300)),
        ],
        ...[md(when(one.since, zone)), durationText(stoodMs(one, view))],
        md([policiesOf(one), bundlesOf(one)].filter((s) => s !== '').join(' · ')),
        ...[fate(one), `\\#${one.runId}`],
      ]),
    ),
    '## Exemptions',
    '',
    ...table(
      ['stack', 'resource', 'what', 'by', 'at', 'until', 'why'],
      view.exemptions.map((k) => [
        ...[md(k.stack), md(k.address ?? 'everything'), EXEMPT_WORDS[k.kind], md(k.by.name)],
        ...[
          md(when(k.at, zone)),
          k.until === null ? 'until it changes' : md(when(k.until, zone)),
          md(k.reason),
        ],
      ]),
    ),
    '## Who decided what',
    '',
    ...table(
      ['line', 'at', 'who', 'what', 'stack', 'run', 'detail'],
      view.record.map(({ line: number, entry }) => [
        ...[
          String(number),
          md(when(entry.at, zone)),
          md(entry.actor.name),
          md(entry.action),
          md(entry.stack),
        ],
        ...[
          entry.runId === null ? '' : `\\#${entry.runId}`,
          md(clip(recorded(entry.detail ?? '', zone), REASON)),
        ],
      ]),
    ),
    '## The audit record',
    '',
    ...chainLines(view),
  ].join('\n');
}

/** The name of the files without their end: letters, digits and `-` only. */
function baseName(view: ReportView): string {
  const target = (view.target ?? 'all').replace(/[^\w]+/g, '-').replace(/^-+|-+$/g, '');
  return `m0-report-${clip(target, 40).replace('…', '') || 'stacks'}-${view.month}`;
}

/** The files of the report. */
export function reportFiles(view: ReportView): readonly OutFile[] {
  const base = baseName(view);
  const about = `${scopeWords(view)}, ${monthName(view.month)}`;
  return [
    { name: `${base}.md`, about: `Drift report to read: ${about}`, text: markdown(view) },
    { name: `${base}-drift.csv`, about: `Table of what drifted: ${about}`, text: driftTable(view) },
    { name: `${base}-record.csv`, about: `Table of who decided what: ${about}`, text: recordTable(view) },
  ];
}

/** The report in a few lines, beside its files. */
export function reportCard(view: ReportView): Card {
  const fates = tally(view);
  const told = Object.entries(fates).flatMap(([name, n]) => (n === 0 ? [] : [`${n} ${name}`]));
  const what =
    view.findings.length === 0 ? 'nothing drifted' : `${count(view.findings.length, 'finding')} drifted`;
  return {
    headline: headlineOf(`Report of ${scopeWords(view)}, ${monthName(view.month)}: ${what}`),
    tone: 'plain',
    blocks: [
      ...(told.length === 0 ? [] : [line(text(listed(told)))]),
      ...gaps(view).map((gap) => context(...timed(gap, view))),
      ...(view.chain === null
        ? []
        : [
            context(
              text(
                `Lines ${view.chain.first.line} to ${view.chain.last.line} of the audit record, their hashes are in the report. Who decided what here: `,
              ),
              command(view.target === null ? 'history' : `history ${view.target}`),
            ),
          ]),
    ],
  };
}
