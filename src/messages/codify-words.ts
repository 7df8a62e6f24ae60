/** What a card says of findings on their way into the code. */
import { assertNever } from '../base/assert-never.ts';
import { type Codification, givesPatch, pullRequestName } from '../model/codification.ts';
import { applyCommand } from '../model/patch.ts';
import { clip, count, listed } from '../text/words.ts';
import type { Block, DiffLine, Span } from './card.ts';
import { shortNameOf } from './codify-names.ts';
import { line, link, person, strong, text } from './spans.ts';
import type { DriftView } from './view.ts';

/** The longest reason, in characters, and the most reasons against it that a card lists. */
const WHY = 600;
const AGAINST = 5;
/** The most lines of a patch on a card, and of each the most characters. */
const PATCH_LINES = 24;
const WIDTH = 160;

/** What was edited, in people's words: `adds the rule to web (main.tf:41)`. */
export function editWords({ edits }: Pick<Codification, 'edits'>): string {
  const said = [...new Set(edits.map(({ says }) => says))];
  const more = said.length - 3;
  return more > 1 ? `${said.slice(0, 3).join(', ')} and ${more} more edits` : listed(said);
}

/** `proven: with it, a plan changes nothing`, with how many other stacks were planned. */
export function proofWords(one: Pick<Codification, 'stack' | 'proof'>): string {
  return `proven: ${plannedWords(one)}`;
}

/** `with it, a plan changes nothing`: what plans of the edit said. */
export function plannedWords({ stack, proof }: Pick<Codification, 'stack' | 'proof'>): string {
  const own = proof.find((one) => one.stack === stack);
  const others = proof.filter((one) => one.stack !== stack);
  const left = own?.after ?? 0;
  const rest =
    left === 0
      ? 'a plan changes nothing'
      : `a plan changes nothing of it; ${count(left, 'other change')} ${left === 1 ? 'stays' : 'stay'} as before`;
  const also =
    others.length === 0
      ? ''
      : ` of ${stack}, and nothing else in ${others.length === 1 ? others[0]?.stack : count(others.length, 'other stack')}`;
  return `with it, ${rest}${also}`;
}

/** The pull request as a span: a link where it has a page. */
function pullRequestSpan({ pullRequest }: Codification): Span {
  if (pullRequest === null) return text('the pull request');
  const name = pullRequestName(pullRequest);
  return pullRequest.url === null ? text(name) : link(name, pullRequest.url);
}

/** What speaks against an edit, for people. */
export function againstWords({ proof }: Pick<Codification, 'proof'>): readonly string[] {
  const all = proof.flatMap((one) => one.against.map((against) => `${one.stack}: ${against}`));
  const more = all.length - AGAINST;
  return more > 1 ? [...all.slice(0, AGAINST), `and ${more} more`] : all;
}

/** How far it is, as spans; its resource is named before. */
export function codifySpans(one: Codification): readonly Span[] {
  const tried = one.trouble === null ? '' : ` Tried ${count(one.tries, 'time')}: ${clip(one.trouble, WHY)}.`;
  switch (one.state) {
    case 'asked':
    case 'proving':
      return [
        text('being put into the code for '),
        person(one.by),
        text(`: editing it and planning the edit.${tried}`),
      ];
    case 'proven':
      if (one.unwritable !== null) {
        return [
          text(
            `${editWords(one)} · ${proofWords(one)}. ${clip(one.unwritable, WHY)} Apply the patch by hand: ${applyCommand(one.patch)} FILE.`,
          ),
        ];
      }
      return [text(`${editWords(one)} · ${proofWords(one)}, opening a pull request.${tried}`)];
    case 'open':
      return [pullRequestSpan(one), text(` is open: ${editWords(one)} · ${proofWords(one)}.${tried}`)];
    case 'merged':
      return [
        pullRequestSpan(one),
        text(` was merged${one.mergedBy === null ? '' : ` by ${clip(one.mergedBy, 60)}`} · being checked`),
      ];
    case 'done':
      return [
        text(`merged${one.mergedBy === null ? '' : ` by ${clip(one.mergedBy, 60)}`} · next check clean · `),
        strong('in the code since '),
        pullRequestSpan(one),
      ];
    case 'refused':
      if (givesPatch(one)) {
        const edited = `${editWords(one)}, but nothing was pushed: ${why(one)}.`;
        const command = `${applyCommand(one.patch)} FILE`;
        return [text(`${edited} No plan has proven the patch; apply it by hand: ${command}.`)];
      }
      return [
        text(one.asks ? `not yet put into the code: ${why(one)}` : `can't be put into the code: ${why(one)}`),
      ];
    case 'disagreed':
      return [
        text(
          `not put into the code: ${editWords(one)}, but a plan with it does not agree. Nothing was pushed.`,
        ),
      ];
    case 'closed':
    case 'failed':
      return [text(`not put into the code: ${why(one)}`)];
    default:
      return assertNever(one.state);
  }
}

function why(one: Codification): string {
  return clip(one.why ?? 'no reason is known', WHY);
}

/** The lines of a patch as a card shows them. */
function patchLines(patch: string): readonly DiffLine[] {
  const lines = patch
    .split('\n')
    .filter((each) => !/^(Apply with: |diff --git|index |--- |\+\+\+ |$)/.test(each))
    .map((each): DiffLine => {
      const first = each.charAt(0);
      const sign = first === '+' || first === '-' || first === '@' ? first : ' ';
      return { sign, text: clip(sign === '@' ? each : each.slice(1), WIDTH) };
    });
  const more = lines.length - PATCH_LINES;
  if (more <= 1) return lines;
  return [...lines.slice(0, PATCH_LINES), { sign: '@', text: `and ${more} more lines` }];
}

/** What was tried and what the plan said to it. */
function triedBlocks(one: Codification): readonly Block[] {
  if (one.state !== 'disagreed') return [];
  return [
    {
      type: 'finding',
      mark: '~',
      address: listed([...new Set(one.edits.map(({ file }) => file))]) || one.address,
      status: 'tried, not pushed',
      tone: 'rejected',
      rows: [
        { kind: 'lines', label: 'edit', about: '', lines: patchLines(one.patch) },
        ...againstWords(one).map((value) => ({ kind: 'note', label: 'plan', value }) as const),
      ],
    },
  ];
}

/** One line for each finding that is on its way into the code, or is in it by now: how far it is. */
export function codifyLines({ codifications = [] }: Pick<DriftView, 'codifications'>): readonly Block[] {
  return codifications.map((one) =>
    line(strong('Into the code'), text(` · ${shortNameOf(one.address)}: `), ...codifySpans(one)),
  );
}

/** One line for each finding that goes into the code, or went. */
export function codifyBlocks(view: DriftView): readonly Block[] {
  const all = view.codifications ?? [];
  return all.flatMap((one) => [
    line(
      strong(all.length === 1 && view.findings.length === 1 ? 'Code' : shortNameOf(one.address)),
      text(': '),
      ...codifySpans(one),
    ),
    ...triedBlocks(one),
  ]);
}
