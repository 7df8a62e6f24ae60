/** What an apply does besides the findings, in counted lines: equal values spelled anew, objects left over, actions. */
import type { ActionInvocation, Finding, PlannedChange } from './finding.ts';
import { oneLine } from './value-text.ts';

/** One counted line. `items` are named when the line is opened. */
export interface BesideLine {
  readonly words: string;
  readonly items: readonly string[];
}

/** The lines about planned changes that are no drift. Empty if the findings tell all that an apply does. */
export function besideLines(
  changes: readonly PlannedChange[],
  findings: readonly Finding[],
): readonly BesideLine[] {
  const told = new Set(findings.map((finding) => finding.address));
  const spelled = changes.filter(
    ({ kind, effect, address }) => kind === 'resource' && effect === 'spelling' && !told.has(address),
  );
  const left = changes.filter(({ kind }) => kind === 'deposed');
  const alone = changes.filter(
    ({ kind, triggeredBy }) => kind === 'invocation' && !told.has(triggeredBy ?? ''),
  );
  return [
    lineOf(
      spelled.map(({ address, paths }) => {
        const what = paths.length === 0 ? 'what counts as sensitive' : paths.map(oneLine).join(', ');
        return `${what} of ${oneLine(address)}`;
      }),
      ['resource only spelled anew, with equal values', 'resources only spelled anew, with equal values'],
    ),
    lineOf(
      left.map(({ address, deposed }) => `${oneLine(address)} (deposed ${oneLine(deposed ?? '')})`),
      [
        'object left over from an earlier replace, deleted with the next apply of its resource',
        'objects left over from earlier replaces, deleted with the next apply of their resources',
      ],
    ),
    lineOf(
      alone.map(({ address }) => oneLine(address)),
      ['action that an apply invokes', 'actions that an apply invokes'],
    ),
  ].flatMap((line) => line ?? []);
}

function lineOf(items: readonly string[], [one, many]: readonly [string, string]): BesideLine | undefined {
  if (items.length === 0) return undefined;
  return { words: `${items.length} ${items.length === 1 ? one : many}`, items };
}

/** `, and invokes action.aws_ec2_stop_instance.stop (BeforeUpdate)`; empty if the change invokes nothing. */
export function invokesWords({ invokes = [] }: Pick<Finding, 'invokes'>): string {
  return invokes.length === 0 ? '' : `, and invokes ${invokes.map(invocationText).join(', ')}`;
}

/** An invocation with the moment at which it happens. */
export function invocationText({ address, event }: ActionInvocation): string {
  return event === null ? oneLine(address) : `${oneLine(address)} (${oneLine(event)})`;
}
