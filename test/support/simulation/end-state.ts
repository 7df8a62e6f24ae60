/** What must hold when everything is calm again: what people see is what is there, and nothing of it was lost. */
import type { Alert } from '../../../src/model/alert.ts';
import type { Run } from '../../../src/model/run.ts';
import type { AuditedStore } from '../../../src/store/audited-store.ts';
import { buttonsOf } from '../fake-chat.ts';
import { CHANNEL, type People, type Sent, textOfReply } from './people.ts';
import type { SimWorld } from './ports.ts';

/** How long a plan file may be left, in ms of virtual time: the owner deletes those of stacks without work each minute. */
const PLAN_FILE_PATIENCE_MS = 90_000;

/** Answers that promise a decision, and the action of the record that each stands for. */
const PROMISES: readonly (readonly [RegExp, string])[] = [
  [/^(Approved run|Noted\. Run) #\d+/, 'approve'],
  [/^Run #\d+ is rejected/, 'reject'],
  [/^Run #\d+ is canceled/, 'cancel'],
  [/^Snoozed /, 'snooze'],
  [/^Accepted /, 'accept'],
  [/^Paused /, 'pause'],
  [/^Resumed /, 'resume'],
];

/** The action that the reply says is done; null: it says that nothing is done, or asks something. */
function promisedBy({ text, reply }: Sent): string | null {
  if (reply === null) return null;
  // A click on an open card gets no answer: the card shows what was done.
  if (reply.type === 'none') return text.split(' ')[0] ?? null;
  const action = PROMISES.find(([words]) => words.test(textOfReply(reply)))?.[1] ?? null;
  return action !== null && text.startsWith(action) ? action : null;
}

/** A store beside those of the processes, to look into the database. */
function lookInto({ db }: SimWorld): AuditedStore {
  const owner = db.row<{ fence: number }>('SELECT fence FROM owner')?.fence ?? 0;
  const jobOf = () => ({ stack: '', run: 0, priority: 0, label: '' });
  return db.open({ owner }, { jobOf, onLost: () => {}, keptJobs: () => [] }).store;
}

/** Checks what people see, when nothing is left to do. */
export async function checkShown(world: SimWorld): Promise<void> {
  const store = lookInto(world);
  await checkCards(world, await store.alerts({ state: 'open' }), store);
}

/** Checks everything at the end, after a last check of each stack. `isCalm`: nothing is left to do. */
export async function checkEnd(
  world: SimWorld,
  people: People,
  stacks: readonly string[],
  isCalm: boolean,
): Promise<void> {
  const store = lookInto(world);
  const verdict = await store.verifyAudit();
  if (!verdict.ok) world.observer.report('the audit chain is whole', JSON.stringify(verdict));
  await checkDecisions(world, people.sent, store);
  // Where something is stuck, the rest follows from it.
  if (!isCalm) return;
  await checkShown(world);
  const open = await store.alerts({ state: 'open' });
  for (const stack of stacks) await checkDrift(world, stack, open, store);
  await checkPlanFiles(world);
}

/** Plan files hold secrets: a run that may still apply its plan has one, and nobody else. */
async function checkPlanFiles(world: SimWorld): Promise<void> {
  const { engine, observer } = world;
  const end = engine.now + PLAN_FILE_PATIENCE_MS;
  while ((await leftPlanFiles(world)).length > 0 && engine.now < end)
    await engine.runUntil(engine.now + 1_000);
  for (const about of await leftPlanFiles(world)) observer.report('no plan file is left', about);
}

/** The plan files that no run needs. */
async function leftPlanFiles(world: SimWorld): Promise<readonly string[]> {
  const holding = await lookInto(world).runs({ states: ['deciding', 'approved', 'applying'] });
  const held = holding.map((run) => run.plan?.artifact);
  return [...world.cloud.plans].flatMap(([artifact, { stack, run }]) =>
    held.includes(artifact) ? [] : [`${artifact}, made for run #${run} of ${stack}`],
  );
}

/** Each decision that was acknowledged is in the record as often as it was acknowledged. */
async function checkDecisions(
  { observer }: SimWorld,
  sent: readonly Sent[],
  store: AuditedStore,
): Promise<void> {
  const record = await store.audit({});
  const promised = new Map<string, number>();
  for (const one of sent) {
    const action = promisedBy(one);
    if (action === null) continue;
    // A run that was superseded meanwhile stands for the newest one there.
    const isOfStack = action === 'snooze' || action === 'accept';
    const run = isOfStack ? '' : (/#(\d+)/.exec(one.text)?.[1] ?? '');
    const key = `${action} ${run} ${one.actor.person}`;
    promised.set(key, (promised.get(key) ?? 0) + 1);
  }
  for (const [key, times] of promised) {
    const [action, run, person] = key.split(' ');
    const found = record.filter(
      (e) => e.action === action && e.actor.person === person && (run === '' || String(e.runId) === run),
    );
    if (found.length === 0)
      observer.report('no decision is lost', `${key}: promised ${times} times, and not in the record`);
  }
}

/** Each open alert has one message in the channel, and each run that waits one card to approve it. */
async function checkCards(
  { observer, chat }: SimWorld,
  open: readonly Alert[],
  store: AuditedStore,
): Promise<void> {
  const drifts = open.filter(({ kind }) => kind === 'drift').map(({ subject }) => subject);
  for (const stack of new Set(drifts)) {
    const n = drifts.filter((one) => one === stack).length;
    if (n > 1) observer.report('one open drift alert a stack', `${stack} has ${n}`);
  }
  const fleets = open.flatMap((alert) => (alert.kind === 'fleet' ? alert.details.members : []));
  for (const alert of open) {
    const roots = (await store.messages(alert.id)).filter(({ role }) => role === 'root');
    const posted = roots.filter(({ channel, messageId }) =>
      chat.messages.some((m) => m.channel === channel && m.id === messageId),
    );
    const shown = posted.length + (fleets.includes(alert.id) ? 1 : 0);
    if (shown === 0)
      observer.report('no alert is lost', `${alert.kind} of ${alert.subject} (${alert.id}) is nowhere`);
    if (posted.length > 1)
      observer.report('no alert is doubled', `${alert.kind} of ${alert.subject} is ${posted.length} times`);
  }
  const keys = chat.messages.map(({ channel, key }) => `${channel} ${key}`);
  if (new Set(keys).size < keys.length) observer.report('no alert is doubled', 'a message was posted twice');
  for (const { card } of chat.in(CHANNEL)) {
    const asked = buttonsOf(card).map(({ command }) => /^approve #(\d+)/.exec(command)?.[1]);
    const id = asked.find((one) => one !== undefined);
    const run = id === undefined ? undefined : await store.run(Number(id));
    if (run === undefined || run.state === 'awaiting_approval') continue;
    observer.report('no alert is lost', `a card still asks to approve run #${run.id}, which is ${run.state}`);
  }
  for (const run of await store.runs({ states: ['awaiting_approval'] })) {
    const alert = open.find(({ kind, runId }) => kind === 'drift' && runId === run.id);
    if (alert === undefined) {
      observer.report('no alert is lost', `run #${run.id} waits, and no alert tells of it`);
      continue;
    }
    if (fleets.includes(alert.id)) continue;
    const cards = chat
      .in(CHANNEL)
      .filter(({ card }) =>
        buttonsOf(card).some(({ command }) =>
          /^(approve|snooze) #\d+/.exec(command)?.[0].endsWith(`#${run.id}`),
        ),
      );
    if (cards.length === 0)
      observer.report('no alert is lost', `run #${run.id} waits, and no card asks about it`);
    if (cards.length > 1)
      observer.report('no alert is doubled', `${cards.length} cards ask about run #${run.id}`);
  }
}

/** What drifts is told, and nothing else, after a last check of the stack. */
async function checkDrift(
  { observer, cloud, engine }: SimWorld,
  stack: string,
  open: readonly Alert[],
  store: AuditedStore,
): Promise<void> {
  const exemptions = (await store.exemptions(stack)).filter(
    ({ until }) => until === null || until > engine.now,
  );
  const drift = cloud
    .drift(stack)
    .filter(
      ({ actionable, fingerprint }) =>
        actionable && !exemptions.some((e) => e.fingerprint === null || e.fingerprint === fingerprint),
    );
  const alert = open.find(({ kind, subject }) => kind === 'drift' && subject === stack);
  const told: Run | undefined = alert?.runId == null ? undefined : await store.run(alert.runId);
  const missing = drift.filter(
    ({ fingerprint }) => !told?.findings.some((f) => f.fingerprint === fingerprint),
  );
  if (missing.length > 0) {
    observer.report(
      'no alert is lost',
      `${stack}: nobody is told of ${missing.map(({ fingerprint }) => fingerprint).join(', ')}`,
    );
  }
  if (drift.length === 0 && alert !== undefined) {
    observer.report('no alert is doubled', `${stack}: alert ${alert.id} is open, and nothing drifts`);
  }
}
