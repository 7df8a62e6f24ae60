/** Who changed the cloud, in one line for each cause, and the question to the person whom the log names. */
import { whyText } from '../commands/text.ts';
import { shortNames } from '../drift/resource-name.ts';
import type { CauseEvent, How } from '../model/cause.ts';
import { clip, count, headlineOf, listed } from '../text/words.ts';
import type { Block, Card, Span } from './card.ts';
import { plainOf } from './span-text.ts';
import { context, line, link, type Moment, person, text, time } from './spans.ts';
import type { DriftView, FindingView } from './view.ts';
import type { CauseView } from './view-cause.ts';

/** The most lines on a card, names in one line, and characters of a name. */
const LINES = 4;
const NAMES = 3;
const NAME = 60;

const HOW_WORDS: Readonly<Record<How, string>> = {
  console: 'console',
  cli: 'command line',
  sdk: 'SDK',
  terraform: 'Terraform',
  cloudformation: 'CloudFormation',
  service: 'the cloud itself',
  other: 'API',
};

/** `By dana (SSO, console) 13:58 · AuthorizeSecurityGroupIngress · [event]`: what is known, and how surely. */
export function causeSpans(cause: CauseView, at: Moment): readonly Span[] {
  const { event, who } = cause;
  if (event === null || who === null) return unknownSpans(cause, at);
  const sure = cause.grade === 'event names the attribute';
  const via = `${clip(event.who.via, NAME)}, ${HOW_WORDS[event.how]}`;
  const named = { ...who, name: clip(who.name, NAME) };
  const page = event.link === null ? [] : [text(' · '), link('event', event.link)];
  const others = cause.others === 0 ? '' : ` · ${count(cause.others, 'more event')}`;
  const still =
    cause.status === 'pending' ? [text(' · asked again until '), time(cause.until, at)] : ([] as Span[]);
  return [
    text(sure ? 'By ' : 'Perhaps by '),
    person(named),
    text(` (${via}) `),
    time(event.at, at),
    text(` · ${clip(event.name, NAME)}`),
    ...page,
    ...[others, sure ? '' : ' · it touched the resource and names no attribute'].flatMap((words) =>
      words === '' ? [] : [text(words)],
    ),
    ...still,
  ];
}

/**
 * The same as one text, for what is read outside of a chat and on later days: times have their day and their zone, and
 * the event's page is left out.
 */
export function causeSentence(cause: CauseView, zone: string): string {
  const event = cause.event === null ? null : { ...cause.event, link: null };
  const spans = causeSpans({ ...cause, event }, { now: cause.until, zone });
  return plainOf(
    spans.flatMap((span): readonly Span[] =>
      span.type === 'time' ? [{ ...span, style: 'day' }, text(` ${zone}`)] : [span],
    ),
  );
}

function unknownSpans({ status, until, problem }: CauseView, at: Moment): readonly Span[] {
  if (status === 'pending') {
    const why = problem === null ? 'nothing in the log yet' : clip(problem, 200);
    return [text(`Who did it is not known yet: ${why}; asked until `), time(until, at)];
  }
  return [text(`Who did it is not known: ${problem === null ? 'nothing in the log' : clip(problem, 200)}`)];
}

/** The lines of a card: findings with the same cause share one, which names them unless it is about all that the cloud changed. */
export function causeLines(view: DriftView): readonly Block[] {
  if (view.alert === 'superseded') return [];
  const told = view.findings.filter((item) => item.cause !== undefined);
  const shortName = shortNames(view.findings.map(({ finding }) => finding));
  const groups = [
    ...Map.groupBy(told, (item) => JSON.stringify(causeSpans(item.cause as CauseView, view))).values(),
  ];
  const made = view.findings.filter(({ finding }) => finding.origin !== 'code');
  const all = groups.length === 1 && told.length === made.length;
  const shown = groups.length <= LINES + 1 ? groups : groups.slice(0, LINES);
  const more = groups.length - shown.length;
  return [
    ...shown.map((items) => {
      const [first] = items;
      const about = all ? '' : ` · ${namesOf(items, shortName)}`;
      return context(...causeSpans(first?.cause as CauseView, view), ...(about === '' ? [] : [text(about)]));
    }),
    ...(more > 0 ? [context(text(`and ${more} more causes: see why #${view.runId}`))] : []),
  ];
}

function namesOf(
  items: readonly FindingView[],
  shortName: (finding: FindingView['finding']) => string,
): string {
  const names = items.map(({ finding }) => clip(shortName(finding), NAME));
  const more = names.length - NAMES;
  return more > 1 ? `${names.slice(0, NAMES).join(', ')} and ${more} more` : listed(names);
}

/** "Was this you?": a direct message, which asks and decides nothing. */
export function wasItYouCard(about: {
  readonly stack: string;
  readonly environment: string;
  readonly address: string;
  readonly run: number;
  readonly event: CauseEvent;
  readonly now: number;
  readonly zone: string;
}): Card {
  const { stack, environment, address, run, event } = about;
  const page = event.link === null ? [] : [text(' '), link('event', event.link)];
  return {
    headline: headlineOf(`Was this you? ${address} of ${stack} was changed by ${event.who.name}`),
    tone: 'plain',
    blocks: [
      context(text(`${environment} · run #${run}`)),
      line(
        text(`${clip(event.name, NAME)} (${clip(event.who.via, NAME)}, ${HOW_WORDS[event.how]}) `),
        time(event.at, about),
        ...page,
      ),
      line(
        text(
          'If it should stay, say so where the drift is told: accept it, or put it into the code. If it was not you, tell whoever looks after the account.',
        ),
      ),
      { type: 'buttons', buttons: [{ label: 'Why it waits', command: whyText(run) }] },
    ],
  };
}
