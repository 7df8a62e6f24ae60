/**
 * The first check of a stack after an upgrade: what people snoozed, accepted and were told is found again in the new
 * findings, and gets their fingerprints. Nothing re-opens, and no card is posted again.
 */
import type { Analysis, Finding } from '../drift/finding.ts';
import { fingerprintOf } from '../drift/fingerprint.ts';
import { isOldFingerprint, type Match, matchOldFinding } from '../drift/same-drift.ts';
import type { AlertOf } from '../model/alert.ts';
import type { Exemption } from '../model/exemption.ts';
import { openFindings, toScope } from '../model/open-findings.ts';
import { isTerminal, M0, type Run } from '../model/run.ts';
import type { Change, Store } from '../ports/store.ts';
import { commitFresh, staleText } from './commit-fresh.ts';

/** How often the rewriting starts anew because the run of the card moved. */
const MOST_AGAIN = 5;

/**
 * Rewrites the old fingerprints of the stack's exemptions, of its open drift alert and of that alert's run, where the
 * findings of `run`'s new plan are the same. Rejects if the store fails. Returns how many it rewrote.
 */
export async function upgradeFingerprints(
  store: Store,
  run: Pick<Run, 'id' | 'stack'>,
  analysis: Analysis,
  now: number,
): Promise<number> {
  let rewritten = 0;
  const commit = () =>
    commitFresh(store, async () => {
      const exemptions = (await store.exemptions(run.stack)).filter(
        ({ fingerprint }) => fingerprint !== null && isOldFingerprint(fingerprint),
      );
      const [alert] = await store.alerts({ subject: run.stack, state: 'open', kind: 'drift' });
      const shown = alert === undefined ? undefined : await store.run(alert.runId);
      const changes = [
        ...(await exemptionChanges(store, exemptions, shown, analysis.findings)),
        ...(alert === undefined || shown === undefined ? [] : alertChanges(alert, shown, analysis)),
      ];
      rewritten = changes.length;
      const detail = `fingerprints of an older version rewritten: ${exemptions.length} snoozes and accepts, ${shown === undefined ? 0 : 1} card`;
      return changes.length === 0 ? [] : [...changes, audit(run, detail, now)];
    });
  let done = await commit();
  // Somebody answered on the card meanwhile: the snoozes and accepts must be rewritten all the same.
  for (let again = 1; !done.ok && again <= MOST_AGAIN; again += 1) done = await commit();
  if (!done.ok) throw new Error(`rewriting older fingerprints: ${staleText(done)}`);
  return rewritten;
}

function audit(run: Pick<Run, 'id' | 'stack'>, detail: string, now: number): Change {
  const nothing = { fingerprint: null, commit: null, place: null, bundles: null, scope: null };
  return {
    type: 'audit',
    entry: { at: now, actor: M0, action: 'upgrade', stack: run.stack, runId: run.id, ...nothing, detail },
  };
}

async function exemptionChanges(
  store: Store,
  exemptions: readonly Exemption[],
  shown: Run | undefined,
  findings: readonly Finding[],
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const exemption of exemptions) {
    const told = [shown, exemption.runId === null ? undefined : await store.run(exemption.runId)]
      .flatMap((one) => one?.findings ?? [])
      .find((f) => f.address === exemption.address && f.fingerprint === exemption.fingerprint);
    const found = told && newFindingOf(told, findings);
    if (found === undefined || found.match === 'no') continue;
    changes.push({
      type: 'exemption.upgrade',
      id: exemption.id,
      fingerprint: found.finding.fingerprint,
    });
  }
  return changes;
}

function newFindingOf(
  told: Finding,
  findings: readonly Finding[],
): { readonly finding: Finding; readonly match: Match } | undefined {
  const finding = findings.find((f) => f.address === told.address);
  return finding && { finding, match: matchOldFinding(told, finding) };
}

/** The run of the open card with the new findings, if all that it tells is found again. */
function alertChanges(alert: AlertOf<'drift'>, shown: Run, analysis: Analysis): Change[] {
  const told = shown.findings.filter((finding) => finding.actionable);
  const old = told.some((finding) => isOldFingerprint(finding.fingerprint));
  const idle = shown.state === 'awaiting_approval' || isTerminal(shown.state);
  if (!old || !idle) return [];
  const matches = told.map((finding) => newFindingOf(finding, analysis.findings));
  const due = analysis.findings.filter((finding) => finding.actionable);
  if (matches.some((found) => found === undefined || found.match === 'no') || due.length !== told.length)
    return [];
  const fingerprints = new Map(due.map((finding) => [finding.address, finding.fingerprint]));
  const decision = shown.decision && {
    ...shown.decision,
    findings: shown.decision.findings.map((entry) => ({
      ...entry,
      fingerprint: fingerprints.get(entry.address) ?? entry.fingerprint,
    })),
  };
  const run: Run = {
    ...shown,
    // Its time stays: a snooze that ended since then must open again.
    version: shown.version + 1,
    findings: analysis.findings,
    outputs: analysis.outputs,
    changes: analysis.changes,
    counts: analysis.counts,
    fingerprint: fingerprintOf(due),
    decision,
  };
  // A person who approved saw these rows and no others; otherwise that person is asked again.
  const exact = matches.every((found) => found?.match === 'exact');
  const scope = toScope(openFindings(run, [], run.updatedAt));
  const approvals = exact
    ? shown.approvals.map((approval) => ({ ...approval, scope: inside(approval.scope, scope) }))
    : [];
  return [
    { type: 'run.upgrade', run: { ...run, approvals }, was: { state: shown.state, version: shown.version } },
    { type: 'alert.update', alert: { ...alert, fingerprint: run.fingerprint ?? '' } },
  ];
}

function inside(old: Run['scope'], scope: Run['scope']): Run['scope'] {
  const addresses = new Set(old.map(({ address }) => address));
  return scope.filter(({ address }) => addresses.has(address));
}
