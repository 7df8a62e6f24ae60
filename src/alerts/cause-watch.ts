/** Asks the clouds' logs who made a finding, after its alert, and tells the answer on its card. */
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { AttributeDrift, Finding, ShownValue } from '../drift/finding.ts';
import { scrubberFor } from '../drift/secrets.ts';
import { abandoned, afterLook, type Cause, type CauseEvent, gradeOf, wasStillRight } from '../model/cause.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import { M0, type Run } from '../model/run.ts';
import { personOf } from '../people/causers.ts';
import type { OnCallNow } from '../people/permissions.ts';
import type { AskedAttribute, CauseQuestion, CauseSource } from '../ports/cause.ts';
import type { Change, Store } from '../ports/store.ts';
import { waitedFor } from '../runs/causes.ts';
import { newRun, stackOfRun } from '../runs/effects.ts';
import type { Worker } from '../runs/worker-parts.ts';
import { clip } from '../text/words.ts';
import { questionsWhetherYou } from './cause-question.ts';
import { endAcceptsOfCausers } from './causer-accepts.ts';
import { ownApplies } from './own-applies.ts';
import { recountApprovals } from './recount.ts';

export interface CauseWatchParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'write' | 'submit'>;
  readonly directory: Directory;
  readonly onCall: () => Promise<OnCallNow>;
  readonly sources: readonly CauseSource[];
  /** Key of the marks of m0's own applies. */
  readonly key: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How many causes one look asks for, and in how many stacks at the same time. */
const MOST_DUE = 40;
const MOST_STACKS = 4;
/** How many earlier runs are searched for the last look at which it was still right. */
const RUNS_BACK = 30;
/** How far the log is searched if no earlier look is known. */
const FIRST_LOOK_MS = 90 * 24 * 3_600_000;
const LONGEST_PROBLEM = 300;

/**
 * Creates the watch. Call it every few seconds; it never rejects. One call at a time works, the others wait for it. Asking
 * takes long, so nothing may wait for it: the alert is out already.
 */
export function createCauseWatch(parts: CauseWatchParts): () => Promise<void> {
  const { store, clock, log } = parts;
  let busy: Promise<void> | null = null;
  /** The stacks whose approvals are to be counted; null: all. An earlier process may have stored a cause, and no more. */
  let toCount: ReadonlySet<string> | null = null;

  /** What fails is tried again at the next look. */
  async function count(): Promise<void> {
    if (toCount?.size === 0) return;
    try {
      toCount = new Set(await recountApprovals(parts, toCount === null ? null : [...toCount]));
    } catch (error) {
      log.error({ err: error }, 'approvals could not be counted again; it is tried again');
    }
  }

  async function look(): Promise<void> {
    await count();
    const due = await store.dueCauses(clock(), MOST_DUE);
    const stacks = [...Map.groupBy(due, ({ stack }) => stack).values()];
    for (let i = 0; i < stacks.length; i += MOST_STACKS) {
      const some = stacks.slice(i, i + MOST_STACKS);
      // Before the answers: one may be stored, and then another one fail.
      if (toCount !== null) toCount = new Set([...toCount, ...some.flatMap(([cause]) => cause?.stack ?? [])]);
      await Promise.all(some.map((causes) => askStack(parts, causes)));
      await count();
    }
  }

  return async () => {
    busy ??= look()
      .catch((error: unknown) => log.error({ err: error }, 'asking who changed the cloud failed'))
      .finally(() => {
        busy = null;
      });
    await busy;
  };
}

/** A question that can be asked, with the logs that are asked. */
interface Asked {
  readonly question: CauseQuestion;
  readonly sources: readonly CauseSource[];
}

/** Of one stack, one after the other: the log takes few requests. */
async function askStack(parts: CauseWatchParts, causes: readonly Cause[]): Promise<void> {
  const asked = await Promise.all(causes.map((cause) => toAsk(parts, cause)));
  const together = asked.flatMap((one) => (one === null ? [] : [one.question]));
  for (const [i, cause] of causes.entries()) {
    const one = asked[i] ?? null;
    await settle(parts, cause, one === null ? abandoned(cause) : await lookAt(parts, cause, one, together));
  }
}

/** Null: nobody can be asked about it any more. */
async function toAsk(
  { store, directory, sources, key }: CauseWatchParts,
  cause: Cause,
): Promise<Asked | null> {
  const stack = directory.stacks.find(({ name }) => name === cause.stack);
  const run = await store.run(cause.run);
  // What was healed in between is among what was applied.
  const findings = [...(run?.findings ?? []), ...(run?.applied.flatMap((part) => part.findings) ?? [])];
  const finding = findings.find(({ fingerprint }) => fingerprint === cause.fingerprint);
  const asked = stack === undefined ? [] : sources.filter((source) => source.asks(stack));
  if (stack === undefined || run === undefined || finding === undefined || asked.length === 0) return null;
  return { question: await questionOf({ store, key }, stack, run, finding, cause), sources: asked };
}

/** The cause after the log was asked. */
async function lookAt(
  { clock, log }: CauseWatchParts,
  cause: Cause,
  { question, sources }: Asked,
  together: readonly CauseQuestion[],
): Promise<Cause> {
  const { stack } = question;
  const hide = scrubberFor(stack.secrets ?? []);
  try {
    const answers = await Promise.all(sources.map((source) => source.ask(question, together)));
    return afterLook(cause, { events: answers.flat().map((event) => scrubbed(event, hide)) }, clock());
  } catch (error) {
    log.warn({ err: error, stack: stack.name, run: cause.run }, 'a log of the cloud could not be asked');
    return afterLook(cause, { problem: clip(hide(errorText(error)), LONGEST_PROBLEM) }, clock());
  }
}

function scrubbed(event: CauseEvent, hide: (text: string) => string): CauseEvent {
  const { name, via, role, session, ids } = event.who;
  return {
    ...event,
    who: {
      ...event.who,
      ...{ name: hide(name), via: hide(via), ids: ids.map(hide) },
      ...{ role: role === null ? null : hide(role), session: session === null ? null : hide(session) },
    },
  };
}

async function questionOf(
  { store, key }: Pick<CauseWatchParts, 'store' | 'key'>,
  stack: Stack,
  run: Run,
  finding: Finding,
  cause: Cause,
): Promise<CauseQuestion> {
  const runs = await store.runs({ stack: stack.name, limit: RUNS_BACK });
  const right = runs.find((one) => one.id < run.id && wasStillRight(one, finding));
  // From the begin of that look: what happened during it may have come after its plan had read the resource.
  const from = right === undefined ? cause.since - FIRST_LOOK_MS : right.createdAt;
  const names = [finding.cloudId, ...(finding.cloudNames ?? [])].filter((name) => name !== undefined);
  return {
    stack,
    ...{ address: finding.address, type: finding.type, names: [...new Set(names)] },
    attributes: finding.attributes.filter(({ origin }) => origin !== 'code').map(askedAttribute),
    deleted: finding.deletedByHand === true,
    ...{ from, to: cause.since },
    applies: await ownApplies(
      store,
      stack.name,
      runs.filter(({ updatedAt }) => updatedAt >= from),
      cause.since,
      key,
    ),
  };
}

function askedAttribute({ path, recorded, actual, sensitive }: AttributeDrift): AskedAttribute {
  return { path, values: sensitive ? [] : [...new Set([...leaves(actual), ...leaves(recorded)])] };
}

/** Short words such as `true` or `-1` are in many requests and tell nothing apart. */
const TELLING = /^(?!(true|false|null|-?1|0)$).{2,}$/s;

function leaves(value: ShownValue): readonly string[] {
  if (value === null) return [];
  if (typeof value !== 'object') return TELLING.test(String(value)) ? [String(value)] : [];
  return Object.values(value as Readonly<Record<string, ShownValue>>).flatMap(leaves);
}

/** True if the card or a decision is different with the later cause. */
function isNews(before: Cause, after: Cause): boolean {
  const told = ({ status, events, problem }: Cause): string =>
    JSON.stringify([status, events.map(({ id }) => id), problem]);
  return told(before) !== told(after);
}

/** Stores the answer, with the card, the line of the record and the new check in the same commit. */
async function settle(parts: CauseWatchParts, before: Cause, after: Cause): Promise<void> {
  const { store, worker, clock } = parts;
  await worker.write(before.stack, async () => {
    const now = clock();
    const current = (await store.causes(before.stack)).find(
      ({ fingerprint }) => fingerprint === before.fingerprint,
    );
    // The same drift, made again since, is another question.
    if (current?.looks !== before.looks || current.since !== before.since) return [];
    const update: Change = { type: 'cause.update', cause: after };
    if (!isNews(before, after)) return [update];
    // Also where it was healed in between: the log is slower.
    const [alert] = await store.alerts({ subject: before.stack, kind: 'drift' });
    const shown = alert === undefined ? undefined : await store.run(alert.runId);
    const isSettled = after.status !== 'pending';
    return [
      update,
      ...(alert === undefined ? [] : [cardChange(alert.id, after, now)]),
      ...(isSettled ? [recordOf(parts, after, shown, now)] : []),
      ...(isSettled && alert?.state === 'open' && shown !== undefined && waitedFor(shown, after)
        ? await checkAgain(parts, shown, now)
        : []),
      ...(after.status === 'found'
        ? [
            ...questionsWhetherYou(parts.directory, after, now),
            ...(await endAcceptsOfCausers(store, parts.directory, after, now)),
          ]
        : []),
    ];
  });
}

function cardChange(alertId: number, { fingerprint, looks }: Cause, at: number): Change {
  const key = `card:${alertId}:cause:${fingerprint}:${looks}`;
  return { type: 'outbox.add', key, delivery: { type: 'card', alertId }, at };
}

/** Policies that waited for the cause are asked again by a check of the stack. */
async function checkAgain({ store }: CauseWatchParts, shown: Run, now: number): Promise<readonly Change[]> {
  if (shown.state !== 'awaiting_approval' && shown.state !== 'denied') return [];
  const [queued] = await store.runs({ stack: shown.stack, states: ['queued'], limit: 1 });
  if (queued !== undefined) return [];
  return [{ type: 'run.insert', run: newRun(stackOfRun(shown), 'verify', M0, null, now) }];
}

function recordOf({ directory }: CauseWatchParts, cause: Cause, shown: Run | undefined, at: number): Change {
  const { address, fingerprint } = cause;
  return {
    type: 'audit',
    entry: {
      ...{ at, actor: M0, place: null, action: `cause-${cause.status}`, stack: cause.stack },
      ...{ runId: cause.run, fingerprint: shown?.fingerprint ?? null, commit: shown?.code?.commit ?? null },
      bundles: null,
      scope: [{ address, fingerprint }],
      detail: `${address}: ${causeText(cause, directory)}`,
    },
  };
}

/** `by dana@acme.dev (SSO, console, dana of m0.yaml), AuthorizeSecurityGroupIngress at 2026-…: event names the attribute`. */
function causeText(cause: Cause, directory: Directory): string {
  const [event] = cause.events;
  if (event === undefined) return cause.problem === null ? 'nothing found' : `not known: ${cause.problem}`;
  const { who, how, name, at } = event;
  const person = personOf(who, directory);
  const known = person === undefined ? '' : `, ${person.key} of m0.yaml`;
  return `by ${who.name} (${who.via}, ${how}${known}), ${name} at ${new Date(at).toISOString()}: ${gradeOf(cause)}`;
}
