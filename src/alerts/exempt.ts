/** Stores exemptions of a stack's findings together with the step of its run, or with its alerts. */
import type { Clock, Stack } from '../model/directory.ts';
import { allExemptWords, type Exemption } from '../model/exemption.ts';
import { openFindings } from '../model/open-findings.ts';
import { isTerminal, TAKES_EXEMPTIONS } from '../model/run.ts';
import type { Change, Store } from '../ports/store.ts';
import { ATTEMPTS } from '../runs/commit-fresh.ts';
import type { Worker } from '../runs/worker-parts.ts';

interface ExemptParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'submit' | 'write'>;
  readonly clock: Clock;
}

/**
 * `also`: changes that are stored with them, also if a newer alert opens meanwhile. Rejects if the store fails or refuses one
 * of them, or if the runs of the stack go on changing.
 */
export async function storeExemptions(
  parts: ExemptParts,
  stack: Pick<Stack, 'name'>,
  newExemptions: readonly Omit<Exemption, 'id'>[],
  also: readonly Change[],
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (await storeOnce(parts, stack, newExemptions, also)) return;
  }
  throw new Error(`storing the exemptions of ${stack.name}: its runs go on changing, so nothing was stored`);
}

/** False if a run of the stack began to wait meanwhile: nothing was stored then. */
async function storeOnce(
  parts: ExemptParts,
  stack: Pick<Stack, 'name'>,
  newExemptions: readonly Omit<Exemption, 'id'>[],
  also: readonly Change[],
): Promise<boolean> {
  const now = parts.clock();
  const changes: Change[] = [
    ...newExemptions.map((k): Change => ({ type: 'exemption.insert', exemption: k })),
    ...also,
  ];
  const exemptionsNow = async (): Promise<readonly Exemption[]> => [
    ...(await parts.store.exemptions(stack.name)),
    ...newExemptions.map((k) => ({ ...k, id: 0 })),
  ];
  // The waiting or approved run must take the exemptions into account, also if the command named another run.
  const active = await parts.store.runs({ stack: stack.name, states: TAKES_EXEMPTIONS });
  for (const { id } of active) {
    const result = await parts.worker.submit(
      id,
      async () => ({ type: 'kept', exemptions: await exemptionsNow() }),
      changes,
    );
    if (result.ok) return true;
  }
  return parts.worker.write(stack.name, async () => {
    const exemptions = await exemptionsNow();
    const open = await parts.store.alerts({ subject: stack.name, state: 'open', kind: 'drift' });
    const cards = await Promise.all(
      open.map(async (alert): Promise<readonly Change[]> => {
        const shown = await parts.store.run(alert.runId);
        const left = shown ? openFindings(shown, exemptions, now) : [];
        const outcome = allExemptWords(exemptions);
        return [
          // A run that has not ended resolves its alert itself.
          ...(left.length === 0 && shown && isTerminal(shown.state)
            ? [{ type: 'alert.update' as const, alert: { ...alert, state: 'resolved' as const, outcome } }]
            : []),
          {
            type: 'outbox.add',
            key: `card:${alert.id}:kept:${now}`,
            delivery: { type: 'card', alertId: alert.id },
            at: now,
          },
        ];
      }),
    );
    return [...changes, ...cards.flat(), { type: 'unless.waiting', stack: stack.name }];
  });
}
