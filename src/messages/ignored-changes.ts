/** What an approval changes although m0.yaml ignores it, in words. */
import type { Finding } from '../drift/finding.ts';
import { ignoredChangeText } from '../drift/ignored-text.ts';
import { clip } from '../text/words.ts';
import type { Block } from './card.ts';
import { line, strong, text } from './spans.ts';
import type { FindingView } from './view.ts';

/** The most findings in lines of their own, and the longest text of one, in characters. */
const SHOWN = 4;
const LENGTH = 400;

function reverting(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => (finding.revertsIgnored ?? []).length > 0);
}

/** A line for each of the findings whose approval changes ignored attributes too; others are counted. */
export function ignoredChangeBlocks(waiting: readonly FindingView[]): readonly Block[] {
  const findings = reverting(waiting.map((f) => f.finding));
  const more = findings.length - SHOWN;
  return [
    ...findings
      .slice(0, SHOWN)
      .map((finding) =>
        line(
          strong('Approving also changes '),
          text(clip(`${ignoredChangeText(finding.revertsIgnored ?? [])}, on ${finding.address}`, LENGTH)),
        ),
      ),
    ...(more > 0 ? [line(text(`and ignored attributes of ${more} more: see the full diff`))] : []),
  ];
}

/** The findings without the ignored attributes that the sentence tells or counts. */
export function withoutIgnored(findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => {
    const told = new Set(finding.revertsIgnored?.map(({ path }) => path));
    return { ...finding, attributes: finding.attributes.filter(({ path }) => !told.has(path)) };
  });
}

/** The same as one sentence of at most `max` characters; null where nothing ignored changes. */
export function ignoredChangeSentence(findings: readonly Finding[], max: number): string | null {
  const all = reverting(findings).flatMap((finding) => finding.revertsIgnored ?? []);
  const [first] = all;
  if (first === undefined) return null;
  const more = all.length === 1 ? '' : ` and ${all.length - 1} more that it ignores`;
  return `Also changes ${clip(ignoredChangeText([first]), max - more.length - 14)}${more}.`;
}
