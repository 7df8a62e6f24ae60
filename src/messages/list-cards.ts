/** Cards that list records: the history, the baseline, who is on call, which policies decide. */

import { endExemptionText } from '../commands/text.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import { EXEMPT_WORDS } from '../model/exemption.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import { clip, count, headlineOf, listed, shortCommit, sourceName } from '../text/words.ts';
import type { Block, Card, Span } from './card.ts';
import { historyWords } from './history-line.ts';
import { leftOutBlocks } from './left-out-card.ts';
import { placeWords } from './reason-words.ts';
import { code, command, context, dotted, line, people, quiet, strong, text, time } from './spans.ts';
import { timed } from './timed.ts';
import type { BaselineView, HistoryView, OnCallView, PolicyStateView, PolicyView } from './view-status.ts';

/** The most entries in a list, and the longest detail of one in characters. */
const SHOWN = 25;
const DETAIL = 200;

/** The first entries as lines, and how many more there are. */
function folded<T>(items: readonly T[], toLine: (item: T) => Block): readonly Block[] {
  const shown = items.length <= SHOWN + 1 ? items : items.slice(0, SHOWN);
  const more = items.length - shown.length;
  return [...shown.map(toLine), ...(more > 0 ? [context(text(`and ${more} more`))] : [])];
}

/** `Dana approved run #42 on prod-network: aws_security_group.web · infra@9f8e7d6` */
function historyLine(entry: AuditEntry, view: HistoryView): Block {
  const { did, rest } = historyWords(entry);
  const run = entry.runId === null ? [] : [text(`run #${entry.runId} on `)];
  const details = rest.map((words) => timed(words, view, quiet));
  return line(
    time(entry.at, view),
    text('  '),
    ...people([{ person: entry.actor.person, name: entry.actor.name }]),
    text(` ${did} `),
    ...run,
    strong(entry.stack),
    ...(details.length === 0 ? [] : [text(': '), ...dotted(details)]),
    ...(entry.commit === null ? [] : [text(' · '), code(shortCommit(entry.commit))]),
  );
}

function foldedChecks(view: HistoryView): readonly Block[] {
  if (view.folded === undefined) return [];
  const { checks, since, last } = view.folded;
  const found = `${count(checks, 'check')} that found nothing new ${checks === 1 ? 'is' : 'are'} kept without details: `;
  const when = checks === 1 ? [] : [time(since, view), text(' to ')];
  return [context(text(found), ...when, time(last, view))];
}

/** The audit record: who decided what, newest first. */
export function historyCard(view: HistoryView): Card {
  const { entries } = view;
  const about = view.target === null ? 'History' : `History of ${view.target}`;
  const all = count(entries.length, 'entry', 'entries');
  const result = entries.length === 0 ? 'nothing yet' : view.more === true ? `the newest ${all}` : all;
  const older: readonly Block[] =
    view.more === true
      ? [
          context(
            text(
              view.target === null
                ? 'Older ones are on record: name a stack to see more of it, or write all of it out with '
                : 'Older ones are on record; all of it is written out by ',
            ),
            code('m0 audit export'),
          ),
        ]
      : [];
  return {
    headline: headlineOf(`${about}: ${result}`),
    tone: 'plain',
    blocks: [...folded(entries, (entry) => historyLine(entry, view)), ...older, ...foldedChecks(view)],
  };
}

/** What is accepted, snoozed or on its way into the code, by whom and why. */
export function baselineCard(view: BaselineView): Card {
  const accepted = view.exemptions.filter((k) => k.kind === 'accept');
  const snoozed = view.exemptions.filter(
    (k) => k.kind === 'snooze' && (k.until === null || k.until > view.now),
  );
  const codified = view.exemptions.filter((k) => k.kind === 'codify');
  const inCode = codified.length === 0 ? '' : `, ${codified.length} ${EXEMPT_WORDS.codify}`;
  const result =
    accepted.length + snoozed.length + codified.length === 0
      ? 'nothing is accepted or snoozed'
      : `${accepted.length} accepted, ${snoozed.length} snoozed${inCode}`;
  const toLine = (exemption: (typeof accepted)[number]): Block => {
    const until: readonly Span[] =
      exemption.until === null ? [text('until it changes')] : [text('until '), time(exemption.until, view)];
    return line(
      ...dotted([
        [
          strong(exemption.stack),
          text('  '),
          ...(exemption.address === null ? [text('all of it')] : [code(exemption.address)]),
        ],
        [
          text(
            exemption.kind === 'codify'
              ? `${EXEMPT_WORDS.codify}, asked by `
              : `${EXEMPT_WORDS[exemption.kind]} by `,
          ),
          ...people([{ person: exemption.by.person, name: exemption.by.name }]),
          text(' '),
          time(exemption.at, view),
        ],
        until,
        exemption.reason === '' ? [] : [text(`"${clip(exemption.reason, DETAIL)}"`)],
      ]),
    );
  };
  const [first] = [...accepted, ...snoozed];
  const back =
    first === undefined || first.kind === 'codify'
      ? []
      : [
          context(
            text('Take one back: for example '),
            command(endExemptionText(first.kind, first.stack, first.address)),
          ),
        ];
  return {
    headline: headlineOf(`${view.target}: ${result}`),
    tone: 'plain',
    blocks: [...folded([...accepted, ...snoozed, ...codified], toLine), ...back],
  };
}

/** Who is on call now, in each rota. */
export function onCallCard(view: OnCallView): Card {
  const { rotas } = view;
  const [first] = rotas;
  const names = (r: OnCallView['rotas'][number]): string =>
    r.people.length === 0 ? 'nobody' : r.people.map((p) => p.name).join(', ');
  const result =
    first === undefined
      ? 'm0.yaml names no on-call rota'
      : `On call: ${rotas.map((r) => `${names(r)} (${r.rota})`).join(' · ')}`;
  return {
    headline: headlineOf(result),
    tone: rotas.some((r) => r.people.length === 0) ? 'bad' : 'plain',
    blocks: rotas.map((r) => {
      const until: readonly Span[] = r.until === null ? [] : [text('until '), time(r.until, view)];
      const who: readonly Span[] = r.people.length === 0 ? [text('nobody')] : people(r.people);
      return line(
        ...dotted([
          [strong(r.rota), text('  '), ...who],
          until,
          r.problem === null ? [] : timed(clip(r.problem, DETAIL), view),
        ]),
      );
    }),
  };
}

const REALIGN: Readonly<Record<PolicyView['realign'], string>> = {
  policy: 'What all of them allow is applied by itself; all else waits for a person.',
  ask: 'Nothing is applied by itself: realign is "ask" in m0.yaml.',
  never: 'Nothing is ever applied: realign is "never" in m0.yaml.',
};

/** The most rules of one policy, and the longest compiler error in characters. */
const RULES = 10;
const ERROR = 600;

/** True if the policy currently decides nothing, so that a person decides. */
function decidesNothing({ status, seen }: PolicyStateView): boolean {
  return status.commit === null || (status.stale !== null && !seen);
}

/** What is wrong with a policy's newest commit, and what that means. */
function troubleLines({ status, seen }: PolicyStateView, view: PolicyView): readonly Block[] {
  const { stale, commit } = status;
  if (stale === null) {
    return commit === null ? [line(text('No commit of it was ever good, so a person decides.'))] : [];
  }
  const follows =
    commit === null
      ? 'No commit of it was ever good: a person decides until it is fixed.'
      : seen
        ? `Somebody has seen it: ${shortCommit(commit)} decides until there is a new commit.`
        : `A person decides until it is fixed; ${shortCommit(commit)} can still deny.`;
  return [
    line(strong('STALE'), text(' since '), time(stale.since, view), text(`: ${clip(stale.error, ERROR)}`)),
    line(text(follows)),
  ];
}

function ruleLines({ rules }: BundleStatus): readonly Block[] {
  const shown = rules.length <= RULES + 1 ? rules : rules.slice(0, RULES);
  const more = rules.length - shown.length;
  return [
    ...shown.map((r) =>
      line(
        ...dotted([
          [code(r.rule)],
          r.title === null ? [] : [text(clip(r.title, DETAIL))],
          [quiet(placeWords(r))],
        ]),
      ),
    ),
    ...(more > 0 ? [line(text(`and ${more} more rules`))] : []),
  ];
}

/** Which policies decide for a stack, by which rules, and from which commits. */
export function policyCard(view: PolicyView): Card {
  const { policies, approvers } = view;
  const deciding = policies.filter((p) => p.status.mode === 'decide').length;
  const out = policies.filter(decidesNothing).map((p) => p.status.policy);
  const result =
    policies.length === 0
      ? 'no policy decides, so a person does'
      : `${count(deciding, 'policy decides', 'policies decide')}, ${count(policies.length - deciding, 'guardrail')}`;
  const stale =
    out.length === 0
      ? ''
      : ` · a person decides while ${listed(out)} ${out.length === 1 ? 'is' : 'are'} stale`;
  const who =
    approvers.groups.length === 0
      ? 'nobody: m0.yaml names no approvers'
      : `${count(approvers.need, 'approval')} from ${listed(approvers.groups, 'or')}`;
  return {
    headline: headlineOf(`${view.stack}: ${result}${stale}`),
    tone: out.length > 0 ? 'bad' : 'plain',
    blocks: [
      ...policies.flatMap((p): readonly Block[] => [
        line(
          ...dotted([
            [strong(p.status.policy), text(p.status.mode === 'guardrail' ? '  only objects' : '  decides')],
            [code(p.status.commit === null ? 'no commit in use' : shortCommit(p.status.commit))],
            [text(sourceName(p.source))],
            p.status.readsApprovers ? [text('reads who approved')] : [],
          ]),
        ),
        ...troubleLines(p, view),
        ...leftOutBlocks(p.status.leftOut),
        ...ruleLines(p.status),
        { type: 'divider' },
      ]),
      ...(out.length > 0 && view.realign === 'policy' && !view.tellOnly
        ? []
        : [context(text(view.tellOnly ?? REALIGN[view.realign]))]),
      { type: 'facts', facts: [{ label: 'Approvers', spans: [text(who)] }] },
    ],
  };
}
