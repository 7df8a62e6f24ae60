/** The card of conditions of the code (check blocks, preconditions, postconditions) that fail. */
import { driftText } from '../commands/text.ts';
import type { CheckResult } from '../drift/finding.ts';
import { clip, headlineOf } from '../text/words.ts';
import type { Block, Card } from './card.ts';
import { code, context, dotted, line, text, time } from './spans.ts';
import { failingChecksWords } from './trouble.ts';
import type { ConditionsView } from './view-plan-alerts.ts';

/** The most conditions and messages that are listed, and the longest message in characters. */
const SHOWN = 10;
const MESSAGES = 3;
const MESSAGE = 300;
const IN_HEADLINE = 90;

const KINDS: Readonly<Record<string, string>> = {
  resource: 'condition of a resource',
  output_value: 'condition of an output',
  input_variable: 'condition of a variable',
};

/** What a condition says, in one line. */
function message({ status, problems }: CheckResult): string {
  if (problems.length > 0) return problems.map((p) => p.split('\n').join(' ')).join('; ');
  return status === 'error' ? 'could not be evaluated' : 'fails';
}

function conditionBlocks(check: CheckResult): readonly Block[] {
  const kind = KINDS[check.kind];
  const status = check.status === 'error' ? 'could not be evaluated' : 'fails';
  const more = check.problems.length - MESSAGES;
  return [
    line(code(clip(check.address, MESSAGE)), text(`  ${status}${kind === undefined ? '' : `, ${kind}`}`)),
    ...check.problems.slice(0, MESSAGES).map((p) => line(text(`    ${clip(p, MESSAGE)}`))),
    ...(more > 0 ? [context(text(`and ${more} more messages`))] : []),
  ];
}

function headline(view: ConditionsView): string {
  const [only] = view.checks;
  if (view.alert !== 'open' && view.outcome !== null) return `${view.stack}: ${view.outcome}`;
  if (only === undefined || view.checks.length > 1) {
    const names = view.checks.map((c) => c.address).join(', ');
    return `${view.stack}: ${failingChecksWords(view.checks.length)}: ${clip(names, IN_HEADLINE)}`;
  }
  return `${view.stack}: ${clip(only.address, 60)} fails: ${clip(message(only), IN_HEADLINE)}`;
}

/** One message for the failing conditions of a stack, updated in place. It is no drift, and holds up no apply. */
export function conditionsCard(view: ConditionsView): Card {
  const often = view.seenCount > 1 ? [[text(`seen ${view.seenCount} times`)]] : [];
  const meta = context(
    ...dotted([
      [text(view.environment)],
      [text('since '), time(view.since, view)],
      ...often,
      [text(`run #${view.runId}`)],
    ]),
  );
  const more = view.checks.length - SHOWN;
  const open = view.alert === 'open';
  return {
    headline: headlineOf(headline(view)),
    tone: open ? 'bad' : view.alert === 'resolved' ? 'good' : 'plain',
    blocks: [
      meta,
      ...(open ? view.checks.slice(0, SHOWN).flatMap(conditionBlocks) : []),
      ...(open && more > 0 ? [context(text(`and ${more} more`))] : []),
      ...(open
        ? [
            context(text('The code itself says so. It is no drift, and it holds up no apply.')),
            {
              type: 'buttons' as const,
              buttons: [{ label: 'Check again', command: driftText(view.stack) }],
            },
          ]
        : []),
    ],
  };
}

/** The failing conditions in one fact of a drift card; null if none fails. */
export function conditionsFact(checks: readonly CheckResult[]): string | null {
  if (checks.length === 0) return null;
  const shown = checks.slice(0, MESSAGES).map((c) => `${clip(c.address, 80)}: ${clip(message(c), 120)}`);
  const more = checks.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' · ');
}
