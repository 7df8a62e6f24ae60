/** Collects the data of a person's home view and of the greeting. */
import type { GreetingView, HomeDrift, HomeView } from '../messages/view-home.ts';
import type { RunAlert } from '../model/alert.ts';
import { approvable, openFindings } from '../model/open-findings.ts';
import { countStates, type LastTicks } from '../model/overview.ts';
import type { Actor } from '../model/run.ts';
import { approvalsOf, partsOf } from '../model/run-parts.ts';
import type { OnCall } from '../people/on-call.ts';
import { checkPausing, checkPermission, describeApprovers, type OnCallNow } from '../people/permissions.ts';
import type { ViewParts } from './drift-view.ts';
import { allPauseViews, pauseChoices } from './pause-views.ts';
import { troublesOf } from './plan-alert-views.ts';
import { readStatuses } from './stack-statuses.ts';

export interface HomeParts extends ViewParts {
  readonly onCall: OnCall;
  readonly lastTicks: LastTicks;
}

type Found = { readonly drift: HomeDrift; readonly mine: boolean };

async function driftOf(
  parts: HomeParts,
  actor: Actor,
  alert: RunAlert,
  onCall: OnCallNow,
): Promise<Found | null> {
  const { store, directory, clock } = parts;
  const stack = directory.stacks.find((s) => s.name === alert.subject);
  const run = stack && (await store.run(alert.runId));
  if (!run) return null;
  const open = openFindings(run, await store.exemptions(stack.name), clock());
  if (open.length === 0) return null;
  const waiting = run.state === 'awaiting_approval' ? approvable(open).length : 0;
  // A person may be allowed to approve only some parts, for example not those whose code they wrote.
  const causes = await store.causes(stack.name);
  const allowed = (waiting === 0 ? [] : partsOf(run, approvable(open))).filter((part) => {
    const about = { code: run.code, findings: part.open.map((o) => o.finding), causes, now: clock() };
    return checkPermission('approve', actor, stack, directory, onCall, about).ok;
  });
  const left = allowed.filter((part) =>
    approvalsOf(part, run.approvals).every(({ by }) => by.person === null || by.person !== actor.person),
  );
  const approved = allowed.length > 0 && left.length === 0;
  const { from } = stack.approvers;
  const waitsFor = from.length === 0 ? '' : describeApprovers(from, directory, onCall);
  const drift = {
    ...{ stack: stack.name, runId: run.id, open: open.length, waiting, since: alert.firstSeenAt },
    ...{ waitsFor, approved },
  };
  return { drift, mine: left.length > 0 };
}

/** What the home view of this person shows now. */
export async function homeView(parts: HomeParts, actor: Actor): Promise<HomeView> {
  const { store, directory, clock } = parts;
  const now = clock();
  const names = new Set(directory.stacks.map((s) => s.name));
  const open = await store.alerts({ state: 'open', kind: 'drift' });
  const onCall = await parts.onCall();
  const found = (await Promise.all(open.map((alert) => driftOf(parts, actor, alert, onCall))))
    .flatMap((one) => (one === null ? [] : [one]))
    .sort((a, b) => a.drift.since - b.drift.since || (a.drift.stack < b.drift.stack ? -1 : 1));
  const exemptions = (await Promise.all(directory.stacks.map((s) => store.exemptions(s.name)))).flat();
  const failing = await store.alerts({ state: 'open', kind: 'failure' });
  const troubles = (await troublesOf(store)).filter((t) => names.has(t.stack));
  const emptied = new Set(troubles.flatMap((t) => (t.kind === 'empty-state' ? [t.stack] : [])));
  // Nothing of a stack can be approved while its state is empty.
  const waitsForReader = (f: Found): boolean => f.mine && !emptied.has(f.drift.stack);
  const rotas = Object.entries(await parts.onCall.rotasNow()).filter(([name]) => name in directory.oncall);
  const pauses = await allPauseViews(store, directory);
  const mayPause = checkPausing('pause', actor, directory.stacks, '', directory, onCall).ok;
  const nameOf = (person: string): string => directory.people.find((p) => p.key === person)?.name ?? person;
  return {
    known: directory.people.some((p) => p.key === actor.person),
    waiting: found.filter(waitsForReader).map((f) => f.drift),
    others: found.filter((f) => !waitsForReader(f)).map((f) => f.drift),
    exemptions: exemptions
      .filter((k) => k.by.person !== null && k.by.person === actor.person)
      .filter((k) => k.until === null || k.until > now),
    failing: failing
      .filter((alert) => names.has(alert.subject))
      .map(({ subject: stack, firstSeenAt, seenCount }) => ({ stack, since: firstSeenAt, times: seenCount })),
    troubles,
    counts: countStates((await readStatuses(parts, directory.stacks, now)).statuses),
    ...(pauses.length === 0 ? {} : { pauses }),
    ...(mayPause ? { pausable: pauseChoices(directory) } : {}),
    rotas: rotas.map(([rota, { people, until, problem }]) => ({
      ...{ rota, until, problem },
      people: people.map((person) => ({ person, name: nameOf(person) })),
    })),
    now,
    zone: directory.timezone,
  };
}

const OBJECT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The greeting after a person added m0. People who are not in m0.yaml see nothing about the stacks. */
export async function greetingView(parts: HomeParts, actor: Actor): Promise<GreetingView> {
  const known = parts.directory.people.some((p) => p.key === actor.person);
  const entry = OBJECT_ID.test(actor.userId) ? `${actor.platform}: ${actor.userId}` : null;
  return { home: known ? await homeView(parts, actor) : null, entry };
}
