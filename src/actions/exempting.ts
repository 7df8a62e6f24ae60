/** The commands `snooze`, `accept`, `unsnooze` and `unaccept`: people make drift exempt, or end an exemption. */

import { driftView } from '../alerts/drift-view.ts';
import { storeExemptions } from '../alerts/exempt.ts';
import { exemptionEndChanges } from '../alerts/exemption-end.ts';
import type { SnoozeEnd, Subject } from '../commands/command.ts';
import { acceptForm, snoozeForm } from '../messages/forms.ts';
import type { AuditAction } from '../model/audit-actions.ts';
import type { Stack } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import { type OpenFinding, openFindings } from '../model/open-findings.ts';
import type { Actor, Run } from '../model/run.ts';
import { checkPermission } from '../people/permissions.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import type { Change } from '../ports/store.ts';
import { newRun } from '../runs/effects.ts';
import { instant } from '../text/instant.ts';
import { acceptEmptyState, emptyStateRefusal } from './empty-state.ts';
import { type ActionParts, confirmed, findRun, refused } from './parts.ts';
import { targetedIn } from './targets.ts';

type NewExemption = Omit<Exemption, 'id'>;

interface ExemptionRequest {
  readonly kind: 'snooze' | 'accept';
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
  kind: 'snooze' | 'accept',
  actor: Actor,
  stack: Stack,
  run: Run | null,
): Promise<string | null> {
  const may = checkPermission(kind, actor, stack, parts.directory, await parts.onCall(), {
    code: run?.code ?? null,
    findings: run?.findings ?? [],
    causes: await parts.store.causes(stack.name),
    now: parts.clock(),
  });
  return may.ok ? null : may.refusal;
}

/** The audit entry of exemptions (`about`) that begin or end. */
function auditOf(
  { actor, place }: Incoming,
  at: number,
  action: AuditAction,
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
  const time = until === null ? changes : ` until ${instant(until)}`;
  return `${address ?? 'the whole stack'}${time}${reason === '' ? '' : `: ${reason}`}`;
}

/** Stores the exemptions, with the entries of the audit record. */
function storeWithAudit(
  parts: ActionParts,
  stack: Stack,
  run: Run | null,
  newExemptions: readonly NewExemption[],
  incoming: Incoming,
): Promise<void> {
  const now = parts.clock();
  const audit = newExemptions.map((k) => auditOf(incoming, now, k.kind, stack, run, [k]));
  return storeExemptions(parts, stack, newExemptions, audit);
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
export async function newestRun(parts: ActionParts, run: Run): Promise<Run> {
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
    readonly kind: 'snooze' | 'accept';
    /** Null if the command gives no end: an accept then lasts until the finding changes. */
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
  // The form of an accept preselects nothing where there are several: an answer without a choice accepts nothing.
  const unanswered = incoming.answers !== null && (incoming.answers.address ?? '') === '';
  if (request.kind === 'accept' && address === null && unanswered && open.length > 1) {
    return refused('Choose what to accept: one resource, or all of this run. Nothing was accepted.');
  }
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
  await storeWithAudit(parts, stack, run, newExemptions, incoming);
  const what = open.map((o) => o.address).join(', ');
  return confirmed(
    parts,
    incoming,
    request.kind === 'snooze'
      ? `Snoozed ${what} ${untilWords(request.until, true)}.`
      : `Accepted ${what} as it is. It opens again ${full.until === null ? '' : `at ${instant(full.until)}, or `}as soon as one of its values changes.`,
  );
}

/**
 * Until when a snooze lasts, with the time as `instant` writes it. `ofFindings`: it also ends when they change; that of a
 * whole stack does not.
 */
function untilWords(until: SnoozeEnd | null, ofFindings: boolean): string {
  const change = 'until one of its values changes';
  if (until === null || until === 'changes') return change;
  return `until ${instant(until)}${ofFindings ? `, or ${change}` : ''}`;
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
    return refused(
      `For how long? For example: snooze ${command.subject.target} 2h, or snooze ${command.subject.target} until monday 9:00`,
    );
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
    await storeWithAudit(parts, stack, run, newExemptions, incoming);
    snoozed.push(stack.name);
  }
  if (snoozed.length === 0) return refused(`Nothing is open on ${command.subject.target}.`);
  const scope = command.address === null ? '' : `${command.address} on `;
  return confirmed(
    parts,
    incoming,
    `Snoozed ${scope}${snoozed.join(', ')} ${untilWords(until, command.address !== null)}.`,
  );
}

/** `accept #RUN [ADDRESS] [until DATE] REASON` */
export function accept(
  parts: ActionParts,
  incoming: Incoming,
  command: {
    readonly run: number;
    readonly address: string | null;
    readonly until: number | null;
    readonly reason: string | null;
  },
): Promise<Reply> {
  return exemptOnRun(parts, incoming, command.run, command.address, {
    kind: 'accept',
    until: command.until,
    reason: command.reason,
  });
}

/** A new run as for the command `drift`, unless one is already queued. */
async function checkOf(parts: ActionParts, stack: Stack, by: Actor, now: number): Promise<readonly Change[]> {
  const queued = await parts.store.runs({ stack: stack.name, states: ['queued'] });
  if (queued.some((run) => run.trigger === 'command')) return [];
  return [{ type: 'run.insert', run: newRun(stack, 'command', by, null, now) }];
}

/** `unsnooze` and `unaccept`: ends the exemptions and checks the stack at once. */
export async function endExemptions(
  parts: ActionParts,
  incoming: Incoming,
  kind: 'snooze' | 'accept',
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
    await parts.worker.write(stack.name, async () => [
      // Stored in the same transaction as the check: after a crash in between nobody would ask about the drift again.
      ...(await checkOf(parts, stack, incoming.actor, now)),
      ...live.map((k): Change => ({ type: 'exemption.end', id: k.id, by: incoming.actor, at: now })),
      auditOf(incoming, now, kind === 'snooze' ? 'unsnooze' : 'unaccept', stack, null, live),
      ...(await exemptionEndChanges(parts.store, live, {
        outcome: `no longer ${word}: ${incoming.actor.name} asked for a new check`,
        line: `${incoming.actor.name} ended the ${kind === 'snooze' ? 'snooze' : 'accept'} of ${live
          .map((k) => k.address ?? stack.name)
          .join(', ')}: checking now`,
        stamp: `released:${now}`,
        at: now,
      })),
    ]);
    ended.push(...live.map((k) => k.address ?? stack.name));
  }
  if (ended.length === 0) return refused(`Nothing is ${word} there.`);
  return confirmed(parts, incoming, `No longer ${word}: ${ended.join(', ')}. Checking now.`);
}
