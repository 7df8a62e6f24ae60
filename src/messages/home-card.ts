/** A person's home: what waits for them, what else is open, their exemptions, what fails, who is on call. */
import { endExemptionText, HOME_TEXT, pauseCommand, statusText } from '../commands/text.ts';
import { EXEMPT_WORDS } from '../model/exemption.ts';
import { clip, count, headlineOf, listed } from '../text/words.ts';
import type { Block, Button, Card, Span } from './card.ts';
import { pausedWhat, pauseForm, pausesLines, resumeButton } from './pause.ts';
import { ago, code, command, context, dotted, line, people, strong, text, time } from './spans.ts';
import { alignedWords, checkingParts, statePartsOf } from './state-words.ts';
import { troubleWords } from './trouble.ts';
import type { HomeDrift, HomeView } from './view-home.ts';

/** The most entries with a button, the most entries of one line, and the longest reason in characters. */
const WITH_BUTTON = 7;
const LINES = 12;
const REASON = 120;

interface Part {
  readonly title: string;
  readonly blocks: readonly Block[];
}

function more(n: number, where: string): readonly Block[] {
  return n <= 0 ? [] : [context(text(`and ${n} more: `), command(where))];
}

function button(label: string, command: string): Block {
  return { type: 'buttons', buttons: [{ label, command }] };
}

function driftSpans(drift: HomeDrift, view: HomeView): readonly Span[] {
  const left =
    drift.waiting === 0
      ? []
      : drift.approved
        ? [[text('you approved, and somebody else must too')]]
        : drift.waitsFor === ''
          ? [[text('nobody may approve it')]]
          : [[text(`waits for ${clip(drift.waitsFor, REASON)}`)]];
  return dotted([
    [strong(drift.stack), text(`  ${count(drift.open, 'resource')}`)],
    ...left,
    [text('first seen '), ago(drift.since, view)],
    [text(`run #${drift.runId}`)],
  ]);
}

function pausedPart(view: HomeView): Part {
  const all = view.pauses ?? [];
  const shown = all.slice(0, WITH_BUTTON);
  return {
    title: `Paused: nothing is applied there (${all.length})`,
    blocks: [
      ...shown.flatMap((pause): readonly Block[] => [
        ...pausesLines([pause], view),
        { type: 'buttons', buttons: [resumeButton(pause.target)] },
      ]),
      ...more(all.length - shown.length, 'resume'),
    ],
  };
}

function pauseButtons({ pausable }: HomeView): readonly Button[] {
  if (pausable === undefined) return [];
  return [{ label: 'Pause…', style: 'danger', command: pauseCommand(), form: pauseForm(pausable, null) }];
}

function waitingPart(view: HomeView): Part {
  const shown = view.waiting.slice(0, WITH_BUTTON);
  return {
    title: `Waits for you (${view.waiting.length})`,
    blocks: [
      ...shown.flatMap((drift) => [
        line(
          ...dotted([
            [strong(drift.stack), text(`  ${count(drift.waiting, 'resource')}`)],
            [text('first seen '), ago(drift.since, view)],
            [text(`run #${drift.runId}`)],
          ]),
        ),
        button(`Review ${clip(drift.stack, 50)}`, statusText(`stack:${drift.stack}`)),
      ]),
      ...more(view.waiting.length - shown.length, 'status'),
    ],
  };
}

function othersPart(view: HomeView): Part {
  const shown = view.others.slice(0, LINES);
  return {
    title: `Open elsewhere (${view.others.length})`,
    blocks: [
      ...shown.map((drift) => line(...driftSpans(drift, view))),
      ...more(view.others.length - shown.length, 'status'),
    ],
  };
}

function keepsPart(view: HomeView): Part {
  const shown = view.exemptions.slice(0, WITH_BUTTON);
  return {
    title: `Left as it is by you (${view.exemptions.length})`,
    blocks: [
      ...shown.flatMap((exemption) => [
        line(
          ...dotted([
            [
              strong(exemption.stack),
              text('  '),
              exemption.address === null ? text('all of it') : code(exemption.address),
            ],
            [
              text(`${EXEMPT_WORDS[exemption.kind]} `),
              ...(exemption.until === null
                ? [text('until it changes')]
                : [text('until '), time(exemption.until, view)]),
            ],
            exemption.reason === '' ? [] : [text(`"${clip(exemption.reason, REASON)}"`)],
          ]),
        ),
        // A codification ends with its pull request.
        ...(exemption.kind === 'codify'
          ? []
          : [
              button(
                exemption.kind === 'accept' ? 'Undo accept' : 'Unsnooze',
                endExemptionText(exemption.kind, exemption.stack, exemption.address),
              ),
            ]),
      ]),
      ...more(view.exemptions.length - shown.length, 'baseline STACK'),
    ],
  };
}

function failingPart(view: HomeView): Part {
  const shown = view.failing.slice(0, WITH_BUTTON);
  return {
    title: `Can’t be checked (${view.failing.length})`,
    blocks: [
      ...shown.map((failing) =>
        line(
          strong(failing.stack),
          text('  since '),
          time(failing.since, view),
          text(failing.times > 1 ? ` (${failing.times} times)` : ''),
        ),
      ),
      ...more(view.failing.length - shown.length, 'status'),
    ],
  };
}

function troublePart(view: HomeView): Part {
  const all = view.troubles ?? [];
  const shown = all.slice(0, WITH_BUTTON);
  return {
    title: `Other problems (${all.length})`,
    blocks: [
      ...shown.map((trouble) =>
        line(
          ...dotted([
            [strong(trouble.stack), text(`  ${troubleWords(trouble)}`)],
            [text('since '), time(trouble.since, view)],
            [text(`run #${trouble.runId}`)],
          ]),
        ),
      ),
      ...more(all.length - shown.length, 'status'),
    ],
  };
}

function onCallPart(view: HomeView): Part {
  return {
    title: 'On call',
    blocks: view.rotas
      .slice(0, LINES)
      .map((rota) =>
        line(
          ...dotted([
            [
              strong(rota.rota),
              text('  '),
              ...(rota.people.length === 0 ? [text('nobody')] : people(rota.people)),
            ],
            rota.until === null ? [] : [text('until '), time(rota.until, view)],
          ]),
        ),
      ),
  };
}

/** How many stacks nobody can say anything recent of; empty where all were checked recently. */
function unseen({ counts }: HomeView): string {
  return statePartsOf(counts, ['unknown', 'stale']).join(', ');
}

/** All stacks by state, where one of them is not aligned or is being checked. */
function countsBlock({ counts }: HomeView): readonly Block[] {
  const parts = [...statePartsOf(counts), ...checkingParts(counts)];
  return parts.length === 0 ? [] : [context(text([...parts, alignedWords(counts)].join(' · ')))];
}

/** `Paused: prod. `; empty if nothing is paused. */
function pausedWords({ pauses = [] }: HomeView): string {
  if (pauses.length === 0) return '';
  return `Paused: ${clip(listed(pauses.map((p) => pausedWhat(p.target))), 60)}. `;
}

function headline(view: HomeView): string {
  if (view.waiting.length > 0) {
    return `${count(view.waiting.length, 'stack')} ${view.waiting.length === 1 ? 'waits' : 'wait'} for you`;
  }
  if (view.others.length > 0) return `Nothing waits for you; ${count(view.others.length, 'stack')} drifted`;
  if (view.failing.length + (view.troubles?.length ?? 0) > 0) return 'Nothing waits for you';
  const notSeen = unseen(view);
  if (notSeen !== '') return `Nothing waits for you; ${notSeen}`;
  return 'Nothing waits for you, and nothing has drifted';
}

const BUTTONS: readonly Button[] = [
  { label: 'All stacks', command: statusText(null) },
  { label: 'Digest', command: 'digest' },
  { label: 'Help', command: 'help' },
];

/** Everything about one person's stacks, with the actions that are possible. Empty parts are left out. */
export function homeCard(view: HomeView): Card {
  return cardWith(view, [...BUTTONS, ...pauseButtons(view)]);
}

/** The home as a message. It is not updated, so it has a button to refresh. */
export function homeMessage(view: HomeView): Card {
  return cardWith(view, [{ label: 'Refresh', command: HOME_TEXT }, ...BUTTONS, ...pauseButtons(view)]);
}

function cardWith(view: HomeView, buttons: readonly Button[]): Card {
  const parts = [
    pausedPart(view),
    waitingPart(view),
    failingPart(view),
    troublePart(view),
    othersPart(view),
    keepsPart(view),
    onCallPart(view),
  ].filter((part) => part.blocks.length > 0);
  const stranger: readonly Block[] = view.known
    ? []
    : [
        context(
          text(
            'm0 does not know you: you are not under "people" in m0.yaml. You can look, and ask those on call.',
          ),
        ),
      ];
  return {
    headline: headlineOf(`${pausedWords(view)}${headline(view)}`),
    tone:
      (view.pauses ?? []).length > 0
        ? 'bad'
        : view.waiting.length > 0
          ? 'waits'
          : view.failing.length + (view.troubles?.length ?? 0) > 0
            ? 'bad'
            : view.others.length > 0
              ? 'drift'
              : unseen(view) === ''
                ? 'good'
                : 'plain',
    blocks: [
      ...stranger,
      ...countsBlock(view),
      { type: 'buttons', buttons },
      ...parts.flatMap((part): readonly Block[] => [
        { type: 'divider' },
        line(strong(part.title)),
        ...part.blocks,
      ]),
    ],
  };
}
