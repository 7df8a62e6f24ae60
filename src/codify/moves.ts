/** Stores the steps of codifications, each with its cards, its history and its exemption in one transaction. */

import { storeExemptions } from '../alerts/exempt.ts';
import { exemptionEndChanges } from '../alerts/exemption-end.ts';
import type { AuditAction } from '../model/audit-actions.ts';
import type { Codification } from '../model/codification.ts';
import type { Stack } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import { M0 } from '../model/run.ts';
import type { Change } from '../ports/store.ts';
import { newRun } from '../runs/effects.ts';
import type { CodifyParts } from './parts.ts';

type MoveParts = Pick<CodifyParts, 'store' | 'worker' | 'clock'>;

/** A step, in the words of the thread and of the audit record; `line` null: only the card moves. */
export interface Told {
  readonly line: string | null;
  readonly action: AuditAction | null;
}

/** The step as changes: the codification, its cards and its history. */
async function stepChanges(
  { store }: MoveParts,
  was: Codification,
  next: Codification,
  { line, action }: Told,
): Promise<readonly Change[]> {
  const now = next.updatedAt;
  const [open] = await store.alerts({ subject: was.stack, state: 'open', kind: 'drift' });
  const cards = [...new Set([...(was.alert === null ? [] : [was.alert]), ...(open ? [open.id] : [])])];
  const stamp = `codify:${was.id}:${was.version}`;
  return [
    {
      type: 'codification.update',
      codification: next,
      was: { state: was.state, version: was.version },
    },
    ...cards.map(
      (alertId): Change => ({
        type: 'outbox.add',
        key: `card:${alertId}:${stamp}`,
        delivery: { type: 'card', alertId },
        at: now,
      }),
    ),
    ...cards.slice(-1).flatMap((alertId): readonly Change[] =>
      line === null
        ? []
        : [
            {
              type: 'outbox.add',
              key: `thread:${alertId}:${stamp}`,
              delivery: { type: 'thread', alertId, text: line },
              at: now,
            },
          ],
    ),
    ...(action === null ? [] : [auditOf(next, action)]),
  ];
}

function auditOf(one: Codification, action: AuditAction): Change {
  const { stack, run, address, fingerprint, commit } = one;
  const detail = [address, one.pullRequest?.url ?? one.pullRequest?.branch, one.why].filter(
    (each) => each != null,
  );
  return {
    type: 'audit',
    entry: {
      ...{ at: one.updatedAt, actor: M0, place: null, action, stack, runId: run, fingerprint, commit },
      ...{ bundles: null, scope: [{ address, fingerprint }], detail: detail.join(': ') },
    },
  };
}

/** True if the stored one is still the version that was read. */
async function isCurrent({ store }: MoveParts, one: Codification): Promise<boolean> {
  const stored = await store.codification(one.id);
  return stored?.version === one.version && stored.state === one.state;
}

/** The step that follows from what was read. Nothing is stored if another step was stored first. */
export async function move(
  parts: MoveParts,
  one: Codification,
  change: Partial<Codification>,
  told: Told,
): Promise<void> {
  const next = { ...one, ...change, updatedAt: parts.clock() };
  await parts.worker.write(one.stack, async () =>
    (await isCurrent(parts, one)) ? stepChanges(parts, one, next, told) : [],
  );
}

/** The step with which the finding is left as it is from now on. */
export async function moveAndKeep(
  parts: MoveParts,
  stack: Stack,
  one: Codification,
  change: Partial<Codification>,
  told: Told,
): Promise<void> {
  if (!(await isCurrent(parts, one))) return;
  const next = { ...one, ...change, updatedAt: parts.clock() };
  const exemption: Omit<Exemption, 'id'> = {
    ...{ kind: 'codify', stack: one.stack, address: one.address, fingerprint: one.fingerprint, until: null },
    ...{ by: one.by, at: next.updatedAt, reason: '', runId: one.run, endedBy: null, endedAt: null },
  };
  // If another step is stored in between, the compare-and-set of this one refuses all of it.
  await storeExemptions(parts, stack, [exemption], await stepChanges(parts, one, next, told));
}

/**
 * The step with which the finding is no longer left as it is. Without an `outcome` the stack is checked again at once,
 * so that people are asked about what is left.
 */
export async function moveAndRelease(
  parts: MoveParts,
  stack: Stack | undefined,
  one: Codification,
  change: Partial<Codification>,
  told: Told,
  /** How the card that is closed by now ends, where the stack needs no check; null: it is checked at once. */
  outcome: string | null,
): Promise<void> {
  const checked = outcome === null;
  const now = parts.clock();
  const next = { ...one, ...change, updatedAt: now };
  await parts.worker.write(one.stack, async () => {
    if (!(await isCurrent(parts, one))) return [];
    const kept = (await parts.store.exemptions(one.stack)).filter(
      (k) => k.kind === 'codify' && k.address === one.address,
    );
    const [queued] = await parts.store.runs({ stack: one.stack, states: ['queued'], limit: 1 });
    const check: readonly Change[] =
      checked && stack !== undefined && kept.length > 0 && queued?.trigger !== 'verify'
        ? [{ type: 'run.insert', run: newRun(stack, 'verify', M0, null, now) }]
        : [];
    return [
      ...(await stepChanges(parts, one, next, kept.length > 0 && checked ? { ...told, line: null } : told)),
      ...kept.map((k): Change => ({ type: 'exemption.end', id: k.id, by: M0, at: now })),
      ...(checked && kept.length > 0
        ? await exemptionEndChanges(parts.store, kept, {
            outcome: told.line ?? 'no longer on its way into the code',
            line: told.line ?? 'No longer on its way into the code',
            stamp: `codify-ended:${one.id}:${one.version}`,
            at: now,
          })
        : []),
      ...check,
      ...(outcome === null ? [] : await outcomeChanges(parts, one, outcome)),
    ];
  });
}

/** How the closed card of the finding ends. */
async function outcomeChanges(
  { store }: MoveParts,
  one: Codification,
  outcome: string,
): Promise<readonly Change[]> {
  const alert = one.alert === null ? undefined : await store.alert(one.alert);
  return alert?.state === 'resolved' ? [{ type: 'alert.update', alert: { ...alert, outcome } }] : [];
}
