/** The card of a state that is empty although it recorded resources before, and the form that accepts it. */
import { REASON_LIMIT } from '../commands/parse.ts';
import { acceptText, driftText } from '../commands/text.ts';
import { clip, codeName, count, headlineOf } from '../text/words.ts';
import type { Card, Form } from './card.ts';
import { ago, code, context, dotted, line, strong, text, time } from './spans.ts';
import type { EmptyStateView } from './view-plan-alerts.ts';

/** The longest path or workspace on the card, in characters. */
const NAME = 120;

/** One message, updated in place. It has no button that applies anything. */
export function emptyStateCard(view: EmptyStateView): Card {
  const { stack, seen } = view;
  const meta = context(
    ...dotted([
      [text(view.environment)],
      [text('since '), time(view.since, view)],
      [text(`run #${view.runId}`)],
    ]),
  );
  if (view.alert !== 'open') {
    const back = view.alert === 'resolved' && view.outcome?.startsWith('the state is back') === true;
    return {
      headline: headlineOf(`${stack}: ${view.outcome ?? 'the state was empty'}`),
      tone: back ? 'good' : 'plain',
      blocks: [meta],
    };
  }
  const question = 'wrong workspace, backend or key?';
  const known = count(seen.resources, 'resource');
  return {
    headline: headlineOf(
      `${stack}: the state is empty, though m0 has seen ${known}: ${question} Nothing will be applied.`,
    ),
    tone: 'bad',
    blocks: [
      meta,
      {
        type: 'facts',
        facts: [
          {
            label: 'Last seen',
            spans: [text(`${known}, `), ago(seen.at, view), text(` (run #${seen.run})`)],
          },
          { label: 'Workspace', spans: [code(clip(view.workspace, NAME))] },
          {
            label: 'Code',
            spans: [
              text(view.code === null ? '' : `${codeName(view.code)} `),
              code(clip(view.path === '' ? '.' : view.path, NAME)),
            ],
          },
        ],
      },
      line(
        text(
          'The plan would create everything anew. m0 applies nothing of this stack until the state is back. ',
        ),
        text('If it is right that the state is empty, accept it: m0 then asks about the creates as usual.'),
      ),
      {
        type: 'buttons',
        buttons: [
          { label: 'Check again', style: 'primary', command: driftText(stack) },
          { label: 'Accept the empty state…', command: acceptText(view.runId), form: acceptEmptyForm(view) },
        ],
      },
    ],
  };
}

/** Asks why it is right that the state is empty. */
export function acceptEmptyForm(view: Pick<EmptyStateView, 'stack' | 'runId' | 'seen'>): Form {
  return {
    title: 'Accept empty state',
    submit: 'Accept',
    intro: [
      strong(`${clip(view.stack, 80)}, run #${view.runId}. `),
      text(
        `m0 has seen ${count(view.seen.resources, 'resource')} in this state. If they still exist, nothing manages them any more, and an approved apply creates them a second time.`,
      ),
    ],
    command: acceptText(view.runId),
    fields: [
      {
        kind: 'text',
        name: 'reason',
        label: 'Why',
        hint: 'Shown on the card and kept in the history',
        required: true,
        maxLength: REASON_LIMIT,
      },
    ],
  };
}
