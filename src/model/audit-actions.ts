/** Every action of the audit record: the one list that writers, the history and the reference page use. */

/** Who does it: a person in chat, the policies of a stack, or m0 by itself. */
type By = 'person' | 'policies' | 'm0';

interface AuditActionEntry {
  readonly by: By;
  /** What happened, as one clause. */
  readonly help: string;
}

/** A further action is added here first; the type of a new entry refuses every other word. */
export const AUDIT_ACTIONS = {
  approve: { by: 'person', help: 'approved what is in `scope`' },
  reject: { by: 'person', help: 'rejected what waits in the run' },
  cancel: { by: 'person', help: 'stopped a run that had not begun to apply' },
  ask: { by: 'person', help: 'asked the people on call to decide on a run' },
  snooze: { by: 'person', help: 'began a snooze' },
  unsnooze: { by: 'person', help: 'ended a snooze' },
  accept: { by: 'person', help: 'accepted drift, or that the state is empty' },
  unaccept: { by: 'person', help: 'took something out of the baseline' },
  codify: { by: 'person', help: 'asked m0 to put drift into the code' },
  pause: { by: 'person', help: 'stopped every apply of a target; `stack` is the target as typed' },
  resume: { by: 'person', help: 'ended a pause; `stack` is the target as typed' },
  subscribe: { by: 'person', help: 'subscribed a channel; `stack` is the target as typed' },
  unsubscribe: { by: 'person', help: 'unsubscribed a channel; `stack` is the target as typed' },
  'policy-seen': {
    by: 'person',
    help: 'let the last good commit of a policy decide again; `stack` is the name of the policy',
  },
  decided: { by: 'policies', help: 'answered; `scope` is what they allowed' },
  objected: {
    by: 'policies',
    help: 'objected right before an apply; also where healing fights somebody',
  },
  moved: {
    by: 'm0',
    help: 'for a run: the new plan is not what was approved, nothing was applied; without a run: the folder of a discovered stack moved',
  },
  start: { by: 'm0', help: 'began to plan' },
  planned: { by: 'm0', help: 'has the plan' },
  kept: { by: 'm0', help: 'asks about no finding that is snoozed or accepted' },
  confirmed: { by: 'm0', help: 'the new plan is what was approved; the apply begins' },
  applied: { by: 'm0', help: 'the apply ended' },
  verified: { by: 'm0', help: 'has the plan after the apply' },
  fail: { by: 'm0', help: 'a check or an apply failed; `detail` has the reason' },
  lost: { by: 'm0', help: 'm0 stopped while applying' },
  locked: { by: 'm0', help: 'somebody else holds the lock of the state; nothing was applied' },
  postponed: {
    by: 'm0',
    help: 'the database was locked when the tool should have begun; nothing was applied',
  },
  held: { by: 'm0', help: 'an approved run waits for the end of a pause' },
  expire: { by: 'm0', help: 'an approval was too old; nothing was applied' },
  supersede: { by: 'm0', help: 'a newer run took the place of this one' },
  requeue: { by: 'm0', help: 'the work of a stopped process is done again' },
  skipped: { by: 'm0', help: 'left out a scheduled check; `detail` has the reason' },
  restored: { by: 'm0', help: 'an approval of a restored back-up no longer counts' },
  restore: {
    by: 'm0',
    help: 'a back-up was restored: which numbers are from before, from which file, by whom; `stack` is `all stacks`',
  },
  upgrade: {
    by: 'm0',
    help: 'the first check after an upgrade found the same drift; its snoozes, accepts and card got the new fingerprints',
  },
  'config-reloaded': { by: 'm0', help: 'a new m0.yaml is in use; `stack` is `m0.yaml`' },
  'not-watched': { by: 'm0', help: 'a discovered stack is no longer watched' },
  'state-empty': { by: 'm0', help: 'the state is empty although it recorded resources before' },
  'state-back': { by: 'm0', help: 'resources are in the state again' },
  'checks-fail': { by: 'm0', help: 'conditions of the code fail' },
  'checks-pass': { by: 'm0', help: 'conditions of the code hold again' },
  'cause-pending': { by: 'm0', help: 'began to look for who changed the cloud' },
  'cause-found': { by: 'm0', help: 'learnt who changed the cloud' },
  recounted: {
    by: 'm0',
    help: 'no longer counts the approval of a person who made the drift; the other approvals may be enough',
  },
  'cause-none': { by: 'm0', help: 'did not learn who changed the cloud' },
  'codify-proven': { by: 'm0', help: 'a plan proved an edit of the code' },
  'codify-open': { by: 'm0', help: 'opened a pull request' },
  'codify-merged': { by: 'm0', help: 'saw the pull request merged' },
  'codify-done': { by: 'm0', help: 'found in the code what had drifted' },
  'codify-ended': { by: 'm0', help: 'did not put drift into the code; `detail` has the reason' },
  'policy-stale': { by: 'm0', help: 'the newest commit of a policy is not in use' },
  'policy-mended': { by: 'm0', help: 'the newest commit of a policy is in use again' },
  'snooze-over': { by: 'm0', help: 'a snooze, or an accept with a date, ended' },
  escalated: { by: 'm0', help: 'took an escalation step' },
  'nobody-reached': { by: 'm0', help: 'nobody could be asked; `stack` lists the waiting stacks' },
} as const satisfies Readonly<Record<string, AuditActionEntry>>;

export type AuditAction = keyof typeof AUDIT_ACTIONS;
