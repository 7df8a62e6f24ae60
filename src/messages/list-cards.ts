/** Cards that list what is on record: history, the baseline, who is on call, which policies decide. */
import type { Block, Card, Span } from './card.ts';
import { code, context, dotted, line, people, quiet, strong, text, time } from './spans.ts';
import type { BaselineView, HistoryView, OnCallView, PolicyView } from './view-status.ts';
import { clip, count, headlineOf, shortCommit } from './words.ts';

/** Entries of a list before "and 12 more", and characters of what somebody wrote beside one. */
const SHOWN = 25;
const DETAIL = 200;

/** The first entries as lines, then how many more there are. */
function folded<T>(items: readonly T[], toLine: (item: T) => Block): readonly Block[] {
  const shown = items.length <= SHOWN + 1 ? items : items.slice(0, SHOWN);
  const more = items.length - shown.length;
  return [...shown.map(toLine), ...(more > 0 ? [context(text(`and ${more} more`))] : [])];
}

/** Who decided what, newest first. */
export function historyCard(view: HistoryView): Card {
  const { entries } = view;
  const about = view.target === null ? 'History' : `History of ${view.target}`;
  const said = entries.length === 0 ? 'nothing yet' : count(entries.length, 'entry', 'entries');
  return {
    headline: headlineOf(`${about}: ${said}`),
    tone: 'plain',
    blocks: folded(entries, (entry) =>
      line(
        time(entry.at, view),
        text('  '),
        ...people([{ person: entry.actor.person, name: entry.actor.name }]),
        text(` ${entry.action} `),
        ...dotted([
          [strong(entry.stack)],
          entry.runId === null ? [] : [text(`run #${entry.runId}`)],
          entry.commit === null ? [] : [code(shortCommit(entry.commit))],
          entry.detail === null || entry.detail === '' ? [] : [quiet(clip(entry.detail, DETAIL))],
        ]),
      ),
    ),
  };
}

/** What is accepted or snoozed, by whom and why. */
export function baselineCard(view: BaselineView): Card {
  const accepted = view.keeps.filter((k) => k.kind === 'accept');
  const snoozed = view.keeps.filter((k) => k.kind === 'snooze' && (k.until === null || k.until > view.now));
  const said =
    accepted.length + snoozed.length === 0
      ? 'nothing is accepted or snoozed'
      : `${accepted.length} accepted, ${snoozed.length} snoozed`;
  const toLine = (keep: (typeof accepted)[number]): Block => {
    const until: readonly Span[] =
      keep.kind === 'accept' || keep.until === null
        ? [text('until it changes')]
        : [text('until '), time(keep.until, view)];
    return line(
      ...dotted([
        [
          strong(keep.stack),
          text('  '),
          ...(keep.address === null ? [text('all of it')] : [code(keep.address)]),
        ],
        [
          text(keep.kind === 'accept' ? 'accepted by ' : 'snoozed by '),
          ...people([{ person: keep.by.person, name: keep.by.name }]),
          text(' '),
          time(keep.at, view),
        ],
        until,
        keep.reason === '' ? [] : [text(`"${clip(keep.reason, DETAIL)}"`)],
      ]),
    );
  };
  const back =
    accepted.length + snoozed.length === 0
      ? []
      : [
          context(
            text('Take one back with '),
            code('unaccept STACK ADDRESS'),
            text(' or '),
            code('unsnooze STACK ADDRESS'),
          ),
        ];
  return {
    headline: headlineOf(`${view.target}: ${said}`),
    tone: 'plain',
    blocks: [...folded([...accepted, ...snoozed], toLine), ...back],
  };
}

/** Who is on call now, rota by rota. */
export function onCallCard(view: OnCallView): Card {
  const { rotas } = view;
  const [first] = rotas;
  const names = (r: OnCallView['rotas'][number]): string =>
    r.people.length === 0 ? 'nobody' : r.people.map((p) => p.name).join(', ');
  const said =
    first === undefined
      ? 'm0.yaml names no on-call rota'
      : `On call: ${rotas.map((r) => `${names(r)} (${r.rota})`).join(' · ')}`;
  return {
    headline: headlineOf(said),
    tone: rotas.some((r) => r.people.length === 0) ? 'bad' : 'plain',
    blocks: rotas.map((r) => {
      const until: readonly Span[] = r.until === null ? [] : [text('until '), time(r.until, view)];
      const who: readonly Span[] = r.people.length === 0 ? [text('nobody')] : people(r.people);
      return line(
        ...dotted([
          [strong(r.rota), text('  '), ...who],
          until,
          r.problem === null ? [] : [text(clip(r.problem, DETAIL))],
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

/** Which policies decide for a stack, and from which commit. */
export function policyCard(view: PolicyView): Card {
  const { policies, approvers } = view;
  const deciding = policies.filter((p) => p.mode === 'decide').length;
  const said =
    policies.length === 0
      ? 'no policy decides, so a person does'
      : `${count(deciding, 'policy decides', 'policies decide')}, ${count(policies.length - deciding, 'guardrail')}`;
  const who =
    approvers.groups.length === 0
      ? 'nobody: m0.yaml names no approvers'
      : `${approvers.need > 1 ? `${approvers.need} of ` : ''}${approvers.groups.join(', ')}`;
  return {
    headline: headlineOf(`${view.stack}: ${said}`),
    tone: policies.some((p) => p.problem !== null || p.commit === null) ? 'bad' : 'plain',
    blocks: [
      ...folded(policies, (p) =>
        line(
          ...dotted([
            [strong(p.name), text(p.mode === 'guardrail' ? '  only objects' : '  decides')],
            [code(p.commit === null ? 'no commit in use' : shortCommit(p.commit))],
            [text(p.source)],
            p.problem === null ? [] : [text(clip(p.problem, DETAIL))],
          ]),
        ),
      ),
      context(text(REALIGN[view.realign])),
      { b: 'facts', facts: [{ label: 'Approvers', spans: [text(who)] }] },
    ],
  };
}
