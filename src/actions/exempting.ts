/** The commands `snooze`, `accept`, `unsnooze` and `unaccept`: people make drift exempt, or end an exemption. */

import { driftView } from '../alerts/drift-view.ts';
import type { SnoozeEnd, Subject } from '../commands/command.ts';
import { acceptForm, snoozeForm } from '../messages/forms.ts';
import type { Alert } from '../model/alert.ts';
import type { Stack } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import { type OpenFinding, openFindings } from '../model/open-findings.ts';
import { type Actor, isTerminal, type Run } from '../model/run.ts';
import { checkPermission } from '../people/permissions.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import type { Change } from '../ports/store.ts';
import { newRun } from '../runs/effects.ts';
import { acceptEmptyState, emptyStateRefusal } from './empty-state.ts';
import { type ActionParts, confirmed, findRun, refused } from './parts.ts';
import { targetedIn } from './targets.ts';

type NewExemption = Omit<Exemption, 'id'>;

interface ExemptionRequest {
  readonly kind: Exemption['kind'];
  readonly until: number | null;
  readonly reason: string;
}

function exemptionFor(
  request: ExemptionRequest,
  stack: Stack,
  entry: { readonly address: string; readonly fingerprint: string } | null,
  by: Actor,
  at: number,
  runId: number | null,
): NewExemption {
  return {
    kind: request.kind,
    stack: stack.name,
    address: entry?.address ?? null,
    fingerprint: entry?.fingerprint ?? null,
    until: request.until,
    by,
    at,
    reason: request.reason,
    runId,
    endedBy: null,
    endedAt: null,
  };
}

async function refusalOf(
  parts: ActionParts,
  kind: Exemption['kind'],
  actor: Actor,
  stack: Stack,
  run: Run | null,
): Promise<string | null> {
  const may = checkPermission(kind, actor, stack, parts.directory, await parts.onCall(), {
    code: run?.code ?? null,
    findings: run?.findings ?? [],
  });
  return may.ok ? null : may.refusal;
}

/** The audit entry of exemptions (`about`) that begin or end. */
function auditOf(
  { actor, place }: Incoming,
  at: number,
  action: string,
  stack: Stack,
  run: Run | null,
  about: readonly NewExemption[],
): Change {
  const scope = about.flatMap(({ address, fingerprint }) =>
    address === null || fingerprint === null ? [] : [{ address, fingerprint }],
  );
  return {
    type: 'audit',
    entry: {
      ...{ at, actor, place, action },
      stack: stack.name,
      runId: run?.id ?? null,
      fingerprint: run?.fingerprint ?? null,
      commit: run?.code?.commit ?? null,
      bundles: run?.decision?.bundles ?? null,
      scope: scope.length > 0 ? scope : null,
      detail: about.map(describeExemption).join(', '),
    },
  };
}

function describeExemption({ kind, address, until, reason }: NewExemption): string {
  const changes = kind === 'snooze' ? ' until it changes' : '';
  const time = until === null ? changes : ` until ${new Date(until).toISOString()}`;
  return `${address ?? 'the whole stack'}${time}${reason === '' ? '' : `: ${reason}`}`;
}

/** Stores the exemptions together with the step of the stack's waiting or approved run, or with its alerts. */
async function storeExemptions(
  parts: ActionParts,
  stack: Stack,
  run: Run | null,
  newExemptions: readonly NewExemption[],
  incoming: Incoming,
): Promise<void> {
  const now = parts.clock();
  const changes: Change[] = [
    ...newExemptions.map((k): Change => ({ type: 'exemption.insert', exemption: k })),
    ...newExemptions.map((k) => auditOf(incoming, now, k.kind, stack, run, [k])),
  ];
  const exemptionsNow = async (): Promise<readonly Exemption[]> => [
    ...(await parts.store.exemptions(stack.name)),
    ...newExemptions.map((k) => ({ ...k, id: 0 })),
  ];
  // The waiting or approved run must take the exemptions into account, also if the command named another run.
  const active = await parts.store.runs({ stack: stack.name, states: ['awaiting_approval', 'approved'] });
  for (const { id } of active) {
    const result = await parts.worker.submit(
      id,
      async () => ({ type: 'kept', exemptions: await exemptionsNow() }),
      changes,
    );
    if (result.ok) return;
  }
  await parts.worker.write(stack.name, async () => {
    const exemptions = await exemptionsNow();
    const open = await parts.store.alerts({ subject: stack.name, state: 'open', kind: 'drift' });
    const cards = await Promise.all(
      open.map(async (alert): Promise<readonly Change[]> => {
        const shown = await parts.store.run(alert.runId);
        const left = shown ? openFindings(shown, exemptions, now) : [];
        const outcome = 'everything left is snoozed or accepted';
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
    return [...changes, ...cards.flat()];
  });
}

/** The run's open findings with this address, or all of them if it is null. A string is a refusal. */
async function findingsMeant(
  parts: ActionParts,
  run: Run,
  address: string | null,
): Promise<readonly OpenFinding[] | string> {
  const open = openFindings(run, await parts.store.exemptions(run.stack), parts.clock());
  if (open.length === 0) return `Nothing is open on run #${run.id}.`;
  if (address === null) return open;
  const one = open.filter((o) => o.address === address);
  if (one.length > 0) return one;
  return `${address} is not open on run #${run.id}. Open: ${open.map((o) => o.address).join(', ')}.`;
}

/** The run that superseded this one, if any: the newest run decides what is open. */
async function newestRun(parts: ActionParts, run: Run): Promise<Run> {
  let current = run;
  while (current.state === 'superseded' && current.relatedRun !== null) {
    const after = await parts.store.run(current.relatedRun);
    if (!after || after.id <= current.id) break;
    current = after;
  }
  return current;
}

async function exemptOnRun(
  parts: ActionParts,
  incoming: Incoming,
  runId: number,
  address: string | null,
  request: {
    readonly kind: Exemption['kind'];
    /** Null if the command gives no end. An accept always lasts until the finding changes. */
    readonly until: SnoozeEnd | null;
    readonly reason: string | null;
  },
): Promise<Reply> {
  const found = await findRun(parts, runId);
  if (!found.ok) return found.reply;
  const { stack } = found;
  const run = await newestRun(parts, found.run);
  const refusalText = await refusalOf(parts, request.kind, incoming.actor, stack, run);
  if (refusalText !== null) return refused(refusalText);
  if (run.state === 'state_empty') {
    if (request.kind === 'accept')
      return acceptEmptyState(parts, incoming, stack, run, { address, ...request });
    const why = await emptyStateRefusal(parts.store, stack.name);
    return refused(why ?? `Run #${run.id} found the state empty, and there is nothing to snooze in it.`);
  }
  const open = await findingsMeant(parts, run, address);
  if (typeof open === 'string') return refused(open);
  const missing = request.kind === 'snooze' ? request.until === null : request.reason === null;
  if (missing) {
    const view = await driftView(parts, run, null, []);
    return { type: 'form', form: request.kind === 'snooze' ? snoozeForm(view) : acceptForm(view) };
  }
  const now = parts.clock();
  const full: ExemptionRequest = {
    kind: request.kind,
    until: endOf(request.until),
    reason: request.reason ?? '',
  };
  const newExemptions = open.map((o) => exemptionFor(full, stack, o, incoming.actor, now, run.id));
  await storeExemptions(parts, stack, run, newExemptions, incoming);
  const what = open.map((o) => o.address).join(', ');
  return confirmed(
    parts,
    incoming,
    request.kind === 'snooze'
      ? `Snoozed ${what}. ${request.until === 'changes' ? 'It wakes up' : 'It wakes up by itself, or'} as soon as one of its values changes.`
      : `Accepted ${what} as it is. It opens again as soon as one of its values changes.`,
  );
}

function endOf(until: SnoozeEnd | null): number | null {
  return until === 'changes' ? null : until;
}

/** `snooze TARGET|#RUN [ADDRESS] FOR [REASON]` */
export async function snooze(
  parts: ActionParts,
  incoming: Incoming,
  command: {
    readonly subject: Subject;
    readonly address: string | null;
    readonly until: SnoozeEnd | null;
    readonly reason: string | null;
  },
): Promise<Reply> {
  if (command.subject.by === 'run') {
    return exemptOnRun(parts, incoming, command.subject.run, command.address, {
      kind: 'snooze',
      until: command.until,
      reason: command.reason,
    });
  }
  const { until } = command;
  if (until === null)
    return refused('For how long? For example: snooze prod 2h, or snooze prod until monday 9:00.');
  const stacks = targetedIn(parts, incoming.text, command.subject.target);
  if ('type' in stacks) return stacks;
  for (const stack of stacks) {
    const refusalText = await refusalOf(parts, 'snooze', incoming.actor, stack, null);
    if (refusalText !== null) return refused(refusalText);
  }
  const snoozed: string[] = [];
  for (const stack of stacks) {
    const open = await parts.store.alerts({ subject: stack.name, state: 'open', kind: 'drift' });
    const run = open[0] ? ((await parts.store.run(open[0].runId)) ?? null) : null;
    const request: ExemptionRequest = { kind: 'snooze', until: endOf(until), reason: command.reason ?? '' };
    let entries: readonly (OpenFinding | null)[] = [null];
    // "Until it changes" needs existing findings. A snooze with an end time also covers drift that appears later.
    if (command.address !== null || until === 'changes') {
      const found = run
        ? await findingsMeant(parts, run, command.address)
        : `Nothing is open on ${stack.name}.`;
      if (typeof found === 'string' && stacks.length > 1) continue;
      if (typeof found === 'string') return refused(found);
      entries = found;
    }
    const newExemptions = entries.map((e) =>
      exemptionFor(request, stack, e, incoming.actor, parts.clock(), run?.id ?? null),
    );
    await storeExemptions(parts, stack, run, newExemptions, incoming);
    snoozed.push(stack.name);
  }
  if (snoozed.length === 0) return refused(`Nothing is open on ${command.subject.target}.`);
  return confirmed(parts, incoming, `Snoozed ${snoozed.join(', ')}.`);
}

/** `accept #RUN [ADDRESS] REASON` */
export function accept(
  parts: ActionParts,
  incoming: Incoming,
  command: { readonly run: number; readonly address: string | null; readonly reason: string | null },
): Promise<Reply> {
  return exemptOnRun(parts, incoming, command.run, command.address, {
    kind: 'accept',
    until: null,
    reason: command.reason,
  });
}

/** A new run as for the command `drift`, unless one is already queued. */
async function checkOf(parts: ActionParts, stack: Stack, by: Actor, now: number): Promise<readonly Change[]> {
  const queued = await parts.store.runs({ stack: stack.name, states: ['queued'] });
  if (queued.some((run) => run.trigger === 'command')) return [];
  return [{ type: 'run.insert', run: newRun(stack, 'command', by, null, now) }];
}

async function alertsOf({ store }: ActionParts, runs: ReadonlySet<number>): Promise<readonly Alert[]> {
  return (await Promise.all([...runs].map((runId) => store.alerts({ runId })))).flat();
}

/** `unsnooze` and `unaccept`: ends the exemptions and checks the stack at once. */
export async function endExemptions(
  parts: ActionParts,
  incoming: Incoming,
  kind: Exemption['kind'],
  command: { readonly subject: Subject; readonly address: string | null },
): Promise<Reply> {
  let stacks: readonly Stack[];
  if (command.subject.by === 'run') {
    const found = await findRun(parts, command.subject.run);
    if (!found.ok) return found.reply;
    stacks = [found.stack];
  } else {
    const meant = targetedIn(parts, incoming.text, command.subject.target);
    if ('type' in meant) return meant;
    stacks = meant;
  }
  const word = kind === 'snooze' ? 'snoozed' : 'accepted';
  const now = parts.clock();
  const ended: string[] = [];
  for (const stack of stacks) {
    const exemptions = (await parts.store.exemptions(stack.name)).filter(
      (k) => k.kind === kind && (command.address === null || k.address === command.address),
    );
    const live = exemptions.filter((k) => k.until === null || k.until > now);
    if (live.length === 0) continue;
    const refusalText = await refusalOf(parts, kind, incoming.actor, stack, null);
    if (refusalText !== null) return refused(refusalText);
    const shown = new Set(live.flatMap((k) => (k.runId === null ? [] : [k.runId])));
    await parts.worker.write(stack.name, async () => [
      // Stored in the same transaction as the check: after a crash in between nobody would ask about the drift again.
      ...(await checkOf(parts, stack, incoming.actor, now)),
      ...live.map((k): Change => ({ type: 'exemption.end', id: k.id, by: incoming.actor, at: now })),
      auditOf(incoming, now, kind === 'snooze' ? 'unsnooze' : 'unaccept', stack, null, live),
      ...(await alertsOf(parts, shown)).flatMap((alert): Change[] => [
        // The card must no longer say that the finding is exempt. The new check shows what is open now.
        ...(alert.state === 'resolved'
          ? [
              {
                type: 'alert.update' as const,
                alert: {
                  ...alert,
                  outcome: `no longer ${word}: ${incoming.actor.name} asked for a new check`,
                },
              },
            ]
          : []),
        {
          type: 'outbox.add',
          key: `card:${alert.id}:released:${now}`,
          delivery: { type: 'card', alertId: alert.id },
          at: now,
        },
      ]),
    ]);
    ended.push(...live.map((k) => k.address ?? stack.name));
  }
  if (ended.length === 0) return refused(`Nothing is ${word} there.`);
  return confirmed(parts, incoming, `No longer ${word}: ${ended.join(', ')}. Checking now.`);
}
