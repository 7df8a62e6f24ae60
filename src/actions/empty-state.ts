/** What people may do while a stack's state is empty: nothing but `accept`, which ends the alert. */
import { emptyStateView, troublesOf } from '../alerts/plan-alert-views.ts';
import { acceptText } from '../commands/text.ts';
import { acceptEmptyForm } from '../messages/empty-state-card.ts';
import { troubleWords } from '../messages/trouble.ts';
import type { RunAlert } from '../model/alert.ts';
import type { Stack } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import type { Change, Store } from '../ports/store.ts';
import { newRun } from '../runs/effects.ts';
import { type ActionParts, confirmed, refused } from './parts.ts';

/** Why nothing of the stack can be approved now, as a sentence for people; null if its state is not empty. */
export async function emptyStateRefusal(store: Store, stack: string): Promise<string | null> {
  const trouble = (await troublesOf(store, stack)).find((t) => t.kind === 'empty-state');
  if (trouble === undefined) return null;
  return `Nothing of ${stack} is applied: ${troubleWords(trouble)} (run #${trouble.runId}). It ends when the state is back, or with: ${acceptText(trouble.runId)} REASON.`;
}

async function openAlert(store: Store, stack: Stack): Promise<RunAlert | undefined> {
  const [alert] = await store.alerts({ subject: stack.name, state: 'open', kind: 'empty-state' });
  return alert;
}

/**
 * `accept #RUN REASON` for a run that found the state empty. The caller has checked the permission. The end of the
 * alert, what m0 remembers, the audit entry and a new check are stored in one transaction. From then on a person
 * decides what is created.
 */
export async function acceptEmptyState(
  parts: ActionParts,
  incoming: Incoming,
  stack: Stack,
  run: Run,
  command: { readonly address: string | null; readonly reason: string | null },
): Promise<Reply> {
  const { store } = parts;
  const alert = await openAlert(store, stack);
  if (alert === undefined) return refused(`The empty state of ${stack.name} is not open any more.`);
  if (command.address !== null) {
    return refused(`Run #${run.id} found the whole state empty: accept it without an address.`);
  }
  const { reason } = command;
  if (reason === null) return { type: 'form', form: acceptEmptyForm(emptyStateView(parts, run, alert)) };
  let accepted = false;
  await parts.worker.write(stack.name, async () => {
    const open = await openAlert(store, stack);
    accepted = open !== undefined;
    return open === undefined ? [] : acceptChanges(incoming, stack, run, open, reason, parts.clock());
  });
  if (!accepted) return refused(`The empty state of ${stack.name} is not open any more.`);
  return confirmed(
    parts,
    incoming,
    `Accepted that the state of ${stack.name} is empty. Checking now; a person decides about what it would create.`,
  );
}

function acceptChanges(
  { actor, place }: Incoming,
  stack: Stack,
  run: Run,
  alert: RunAlert,
  reason: string,
  now: number,
): readonly Change[] {
  const outcome = `accepted as empty by ${actor.name}: ${reason}`;
  return [
    { type: 'alert.update', alert: { ...alert, state: 'resolved', outcome, lastSeenAt: now } },
    { type: 'state.seen', stack: stack.name, seen: { resources: 0, run: run.id, at: now } },
    {
      type: 'audit',
      entry: {
        ...{ at: now, actor, place, action: 'accept', stack: stack.name, runId: run.id },
        ...{ fingerprint: run.fingerprint, commit: run.code?.commit ?? null },
        ...{ bundles: run.decision?.bundles ?? null, scope: null, detail: `the empty state: ${reason}` },
      },
    },
    {
      type: 'outbox.add',
      key: `card:${alert.id}:accepted:${now}`,
      delivery: { type: 'card', alertId: alert.id },
      at: now,
    },
    { type: 'run.insert', run: newRun(stack, 'command', actor, null, now) },
  ];
}
