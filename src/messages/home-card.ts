/** A person's home: what waits for them, what else is open, their exemptions, what fails, who is on call. */
import { endExemptionText, HOME_TEXT, statusText } from '../commands/text.ts';
import { clip, count, headlineOf } from '../text/words.ts';
import type { Block, Button, Card, Span } from './card.ts';
import { ago, code, command, context, dotted, line, people, strong, text, time } from './spans.ts';
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
              text(exemption.kind === 'accept' ? 'accepted ' : 'snoozed '),
              ...(exemption.until === null
                ? [text('until it changes')]
                : [text('until '), time(exemption.until, view)]),
            ],
            exemption.reason === '' ? [] : [text(`"${clip(exemption.reason, REASON)}"`)],
          ]),
        ),
        button(
          exemption.kind === 'accept' ? 'Undo accept' : 'Unsnooze',
          endExemptionText(exemption.kind, exemption.stack, exemption.address),
        ),
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

function headline(view: HomeView): string {
  if (view.waiting.length > 0) {
    return `${count(view.waiting.length, 'stack')} ${view.waiting.length === 1 ? 'waits' : 'wait'} for you`;
  }
  if (view.others.length > 0) return `Nothing waits for you; ${count(view.others.length, 'stack')} drifted`;
  if (view.failing.length + (view.troubles?.length ?? 0) > 0) return 'Nothing waits for you';
  return 'Nothing waits for you, and nothing has drifted';
}

const BUTTONS: readonly Button[] = [
  { label: 'All stacks', command: statusText(null) },
  { label: 'Digest', command: 'digest' },
  { label: 'Help', command: 'help' },
];

/** Everything about one person's stacks, with the actions that are possible. Empty parts are left out. */
export function homeCard(view: HomeView): Card {
  return cardWith(view, BUTTONS);
}

/** The home as a message. It is not updated, so it has a button to refresh. */
export function homeMessage(view: HomeView): Card {
  return cardWith(view, [{ label: 'Refresh', command: HOME_TEXT }, ...BUTTONS]);
}

function cardWith(view: HomeView, buttons: readonly Button[]): Card {
  const parts = [
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
    headline: headlineOf(headline(view)),
    tone:
      view.waiting.length > 0
        ? 'waits'
        : view.failing.length + (view.troubles?.length ?? 0) > 0
          ? 'bad'
          : view.others.length > 0
            ? 'drift'
            : 'good',
    blocks: [
      ...stranger,
      { type: 'buttons', buttons },
      ...parts.flatMap((part): readonly Block[] => [
        { type: 'divider' },
        line(strong(part.title)),
        ...part.blocks,
      ]),
    ],
  };
}
