/** What a resource is created with, or would lose, in the terminal. */
import type { Finding } from '../drift/finding.ts';
import { happenedMark } from '../drift/happened.ts';
import { policySummary } from '../drift/severity/policy-document.ts';
import { contentWidens } from '../drift/severity.ts';
import { describeValue, oneLine } from '../drift/value-text.ts';

const UNSTEADY = '  (computed anew in every plan, so no approval of it can hold)';

/** One value of `contents`. `mark`: added or removed with the resource, or set again by a replace. */
export interface ContentLine {
  readonly mark: '+' | '-' | ' ';
  /** True if it lets somebody in. */
  readonly widens: boolean;
  readonly text: string;
}

/**
 * All contents of a finding, one line each, and above a policy what it allows. `max`: the longest value, in
 * characters. Of a replace, what its attributes show already is left out.
 */
export function contentLines(finding: Finding, max: number): readonly ContentLine[] {
  const happened = happenedMark(finding);
  const mark = happened === '+' || happened === '-' ? happened : ' ';
  const told = new Set(finding.attributes.map(({ path }) => path));
  return (finding.contents ?? [])
    .filter(({ path }) => finding.action !== 'replace' || !told.has(path))
    .flatMap((entry) => {
      const { path, value, unsteady } = entry;
      const widens = mark === '+' && contentWidens(finding, [entry]);
      const label = oneLine(path);
      const summary = policySummary(value) ?? [];
      return [
        ...summary.map((words) => ({ mark, widens, text: `${label}: ${words}` }) as const),
        { mark, widens, text: `${label}: ${describeValue(value, max)}${unsteady ? UNSTEADY : ''}` } as const,
      ];
    });
}
