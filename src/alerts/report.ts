/** Collects the data of a compliance report from alerts, runs, exemptions and the audit record, in small pieces. */
import { setImmediate as letOthersWork } from 'node:timers/promises';
import type { ReportFinding, ReportView } from '../messages/view-report.ts';
import type { Clock, Stack } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import type { Run } from '../model/run.ts';
import type { PastAlert, RecordedLine } from '../ports/past-store.ts';
import type { Store } from '../ports/store.ts';
import { compareTexts } from '../text/words.ts';
import { namedActor } from './drift-view.ts';

/** How many alerts are read between two pauses: each needs a run with all of its findings. */
const BATCH = 5;

/** Steps that m0 makes with each check. The record has them; a report is about what came of them. */
const ROUTINE = [
  { action: 'start' },
  { action: 'planned' },
  { action: 'requeue' },
  { action: 'decided', ending: '-> clean' },
  { action: 'decided', ending: '-> quiet' },
] as const;

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
}

interface About {
  readonly target: string | null;
  readonly stacks: readonly Stack[];
  /** As `2026-11`, and its span in ms since epoch. */
  readonly month: string;
  readonly from: number;
  readonly until: number;
  readonly zone: string;
}

/** The findings that an alert was about, with what the run tells of each. */
function findingsOf({ alert, endedAt }: PastAlert, run: Run): readonly ReportFinding[] {
  const common = {
    ...{ stack: run.stack, environment: run.environment, runId: run.id, commit: run.code?.commit ?? null },
    ...{ since: alert.firstSeenAt, exemption: null, bundles: run.decision?.bundles ?? {} },
  };
  const applied = run.applied.flatMap((part) =>
    part.findings.map((finding): ReportFinding => {
      const decided = part.decisions.find((d) => d.address === finding.address);
      return {
        ...{
          ...common,
          finding,
          until: part.verifiedAt === null ? endedAt : part.at,
          outcome: alert.outcome,
        },
        ...{ verdict: decided?.verdict ?? null, reasons: decided?.reasons ?? [] },
        applied: { at: part.at, verifiedAt: part.verifiedAt, by: part.approvedBy.map(namedActor) },
      };
    }),
  );
  const put = new Set(applied.map((one) => one.finding.fingerprint));
  const current = run.findings
    .filter((finding) => finding.actionable && !put.has(finding.fingerprint))
    .map((finding): ReportFinding => {
      const decided = run.decision?.findings.find(
        (d) => d.address === finding.address && d.fingerprint === finding.fingerprint,
      );
      return {
        ...{ ...common, finding, until: endedAt, outcome: alert.outcome, applied: null },
        ...{ verdict: decided?.verdict ?? null, reasons: decided?.reasons ?? [] },
      };
    });
  return [...applied, ...current];
}

/** The same drift under alerts that follow each other at once, as one: first seen with the first, ended with the last. */
function joined(findings: readonly ReportFinding[]): readonly ReportFinding[] {
  const same = Map.groupBy(findings, (f) =>
    JSON.stringify([f.stack, f.finding.address, f.finding.fingerprint]),
  );
  return [...same.values()].flatMap((each) => {
    const result: ReportFinding[] = [];
    for (const next of each.toSorted((a, b) => a.since - b.since)) {
      const last = result.at(-1);
      if (last !== undefined && last.applied === null && last.until === next.since) {
        result.splice(-1, 1, { ...next, since: last.since });
      } else result.push(next);
    }
    return result;
  });
}

async function readFindings(
  { store }: Parts,
  { stacks, from, until }: About,
): Promise<readonly ReportFinding[]> {
  const names = new Set(stacks.map((s) => s.name));
  const found: ReportFinding[] = [];
  for (let after = 0; ; ) {
    const page = await store.pastAlerts({ since: from, until, after, limit: BATCH });
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.alert.id;
    for (const one of page) {
      if (!names.has(one.alert.subject)) continue;
      const run = await store.run(one.alert.runId);
      if (run !== undefined) found.push(...findingsOf(one, run));
    }
    await letOthersWork();
  }
  return joined(found).filter((f) => f.until === null || f.until >= from);
}

async function readRecord({ store }: Parts, about: About): Promise<readonly RecordedLine[]> {
  // Entries about a whole environment, or about a target of a subscription, have that name as their stack.
  const names = new Set([
    ...about.stacks.flatMap((s) => [s.name, s.environment]),
    ...(about.target === null ? [] : [about.target]),
  ]);
  const lines: RecordedLine[] = [];
  for (let after: number | null = null; ; ) {
    const query = { since: about.from, until: about.until, without: ROUTINE, after };
    const page: Awaited<ReturnType<Store['pastRecord']>> = await store.pastRecord(query);
    lines.push(...page.lines.filter(({ entry }) => names.has(entry.stack)));
    if (page.next === null) return lines;
    after = page.next;
    await letOthersWork();
  }
}

/** The newest exemption that covered the finding at some time of the period. */
function exemptionOfFinding(
  { stack, finding, since, until }: ReportFinding,
  exemptions: readonly Exemption[],
  end: number,
): Exemption | null {
  const covering = exemptions.filter(
    (k) =>
      k.stack === stack &&
      (k.address === null || (k.address === finding.address && k.fingerprint === finding.fingerprint)) &&
      k.at <= (until ?? end) &&
      (k.endedAt === null || k.endedAt >= since) &&
      (k.until === null || k.until >= since),
  );
  return covering.at(-1) ?? null;
}

/** What a report of these stacks over a month tells. A month that is not over is told up to now. */
export async function reportView(parts: Parts, about: About): Promise<ReportView> {
  const { store, clock } = parts;
  const now = clock();
  const until = Math.min(about.until, now + 1);
  const period = { ...about, until };
  const names = new Set(about.stacks.map((s) => s.name));
  const findings = await readFindings(parts, period);
  const exemptions = (await store.pastExemptions(about.from, until)).filter((k) => names.has(k.stack));
  const stillHolds = (k: Exemption): boolean =>
    (k.endedAt === null || k.endedAt >= until) && (k.until === null || k.until >= until);
  return {
    ...{ target: about.target, month: about.month, from: about.from, until, now, zone: about.zone },
    stacks: about.stacks.map((s) => s.name),
    findings: findings
      .map((f) => {
        // What ended after the period stands at its end.
        const ended = f.until !== null && f.until < until ? f.until : null;
        const applied = f.applied !== null && f.applied.at < until ? f.applied : null;
        const exemption = exemptionOfFinding(f, exemptions, until);
        return {
          ...{ ...f, until: ended, applied, outcome: ended === null ? null : f.outcome },
          exemption: ended !== null || (exemption !== null && stillHolds(exemption)) ? exemption : null,
        };
      })
      .toSorted(
        (a, b) =>
          compareTexts(a.stack, b.stack) ||
          a.since - b.since ||
          compareTexts(a.finding.address, b.finding.address),
      ),
    exemptions,
    record: await readRecord(parts, period),
    chain: await store.recordEdges(about.from, until),
    runsSince: await store.oldestRunAt(),
  };
}
