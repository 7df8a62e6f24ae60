/** Asserts that a changed value of one planned change is noticed: by its hash, by policies, and by the law. */
import { expect } from 'vitest';
import { analyzePlan } from '../../src/drift/analyze.ts';
import { sameChange } from '../../src/drift/change-hash.ts';
import type { Analysis, Json } from '../../src/drift/finding.ts';
import { readPlan } from '../../src/drift/read-plan.ts';
import { entriesOf, type ValuePlace, withOther } from './plan-mutations.ts';

/** The analysis of a plan's JSON. */
export const read = (plan: Json): Analysis => analyzePlan(readPlan(JSON.stringify(plan), 'p'), { key: 'k' });

/** What a policy sees of a plan: every change, and every finding with its values. */
function seen({ changes, findings }: Analysis): string {
  const told = findings.map(({ fingerprint: _, change: __, ...finding }) => finding);
  return JSON.stringify([changes.map(({ address, actions, paths }) => [address, actions, paths]), told]);
}

/**
 * True if the values at this place are not shown, so that only the hash tells them apart: masked values look alike
 * for everybody; `tags` repeats what `tags_all` says; a replaced or forgotten resource is told by what comes of it,
 * and a computed value by its path.
 */
function isHidden(plan: Json, place: ValuePlace, analysis: Analysis): boolean {
  const actions = entriesOf(plan)[place.change]?.change.actions ?? [];
  const goes = place.side === 'before' && !actions.includes('update');
  const address = entriesOf(plan)[place.change]?.address;
  const follows = analysis.findings.find((finding) => finding.address === address)?.follows ?? [];
  const computed = follows.some((path) => path === String(place.path[0]));
  return (
    goes || computed || place.path[0] === 'tags' || /"sensitive":true|\(sensitive\)/.test(seen(analysis))
  );
}

/** Changes the value at the place, and expects that the hash moves, that policies see it, and that all is told. */
export function expectNoticed(plan: Json, place: ValuePlace): void {
  const address = entriesOf(plan)[place.change]?.address ?? '';
  const [before, after] = [read(plan), read(withOther(plan, place))];
  const hashes = (analysis: Analysis): string[] =>
    analysis.changes.filter((change) => change.address === address).map((change) => change.hash);
  const where = `${address} ${place.side} ${place.path.join('.')}`;
  const [was, is] = [hashes(before), hashes(after)];
  const same = was.length === is.length && was.every((hash, i) => sameChange(hash, is[i] ?? ''));
  expect(same, `the hash of ${where}`).toBe(false);
  // The other value may be the one that the update sets: then nobody can say what the update is for.
  const idle = after.changes.some(
    ({ address: own, actions, effect, paths }) =>
      own === address && actions.join() === 'update' && effect === 'change' && paths.length === 0,
  );
  expect(after.untold, where).toEqual(idle ? [address] : []);
  if (!isHidden(plan, place, before)) expect(seen(after), where).not.toBe(seen(before));
}
