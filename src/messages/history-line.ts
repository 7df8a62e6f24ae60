/** One line of the history, in people's words: who did what, to what, and why. */
import { AUDIT_ACTIONS, type AuditAction } from '../model/audit-actions.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import { clip, listed } from '../text/words.ts';

/** The most addresses, and the longest reason, in a line. */
const ADDRESSES = 3;
const REASON = 200;

/** What a step led to, by the state after it. Null: the action itself says it. */
const LED_TO: Readonly<Record<string, string>> = {
  awaiting_approval: 'it waits for a person',
  approved: 'it may be applied',
  realigned: 'nothing of it is left',
  quiet: 'nothing more waits',
  clean: 'code and cloud agree',
  denied: 'the policies deny it',
  state_empty: 'the state is empty',
  failed: 'it failed',
};

type Words = Readonly<Partial<Record<AuditAction, string>>>;

/** The words for an action whose actor is a person. The stack follows, and the run in front of it. */
const BY_PEOPLE: Words = {
  approve: 'approved',
  reject: 'rejected',
  cancel: 'canceled',
  ask: 'asked for a decision on',
};

/** The words for a step that m0 made. */
const BY_M0: Words = {
  start: 'began to check',
  planned: 'planned',
  decided: 'asked the policies about',
  recounted: 'counted again the approvals of',
  kept: 'took out of the question what is snoozed or accepted in',
  confirmed: 'planned again, found it unchanged and began to apply',
  applied: 'applied',
  verified: 'planned after the apply of',
  objected: 'was told by a policy not to apply',
  moved: 'found a later change and did not apply',
  locked: 'found the state locked for',
  postponed: 'could not store that an apply begins of',
  held: 'held back an apply of',
  lost: 'was stopped while applying',
  fail: 'could not finish',
  expire: 'let the approval lapse of',
  supersede: 'ended for a newer run',
  requeue: 'put back into the queue',
  restore: 'was restored from a back-up of',
  restored: 'no longer counts, after a restore, the approval of',
  'nobody-reached': 'reached nobody about',
  'snooze-over': 'saw a snooze end on',
  'state-empty': 'found the state empty of',
  'state-back': 'found the state again of',
  'cause-found': 'learnt who changed the cloud of',
  'cause-none': 'did not learn who changed the cloud of',
  'checks-fail': 'found failing checks of the code of',
  'checks-pass': 'found passing checks of the code of',
};

/** The words for what concerns exemptions and channels; the stack follows. */
const OTHERS: Words = {
  snooze: 'snoozed drift of',
  unsnooze: 'ended a snooze of',
  accept: 'accepted drift of',
  codify: 'asked to put into the code drift of',
  'codify-proven': 'proved with a plan an edit of the code of',
  'codify-open': 'opened a pull request for drift of',
  'codify-merged': 'saw the pull request merged for drift of',
  'codify-done': 'found in the code what had drifted on',
  'codify-ended': 'did not put into the code drift of',
  unaccept: 'took out of the baseline of',
  pause: 'paused',
  resume: 'resumed',
  subscribe: 'subscribed a channel to',
  unsubscribe: 'unsubscribed a channel from',
  'policy-seen': 'let m0 go on with the last good commit for',
};

/** What is before and after a step, and the reason: `awaiting_approval -> approved: 1 of 2`. */
const STEP = /^([a-z_]+) -> ([a-z_]+)(?:: ([\s\S]*))?$/;

/** The addresses of the entry's scope. */
function about({ scope }: AuditEntry): string | null {
  if (scope === null || scope === undefined || scope.length === 0) return null;
  const names = scope.map((s) => s.address);
  const more = names.length - ADDRESSES;
  return more > 1 ? `${names.slice(0, ADDRESSES).join(', ')} and ${more} more` : listed(names);
}

/** A reason as the entry tells it; `1 of 2` of an approval in words. */
function reasonOf(action: string, reason: string | undefined): string | null {
  if (reason === undefined || reason === '') return null;
  const approvals = /^(\d+) of (\d+)$/.exec(reason);
  if (action !== 'approve' || approvals === null) return clip(reason, REASON);
  const [given, need] = [Number(approvals[1]), Number(approvals[2])];
  return need <= 1 ? null : `approval ${given} of ${need}`;
}

function isKnown(action: string): action is AuditAction {
  return Object.hasOwn(AUDIT_ACTIONS, action);
}

function wordsOf(action: string): string {
  if (!isKnown(action)) return action;
  return BY_PEOPLE[action] ?? BY_M0[action] ?? OTHERS[action] ?? action;
}

/**
 * The words between the actor and the run, and what follows the stack. Times in `rest` are as `instant` writes them. An
 * action or a state that is not known is told as it is recorded.
 */
export function historyWords(entry: AuditEntry): { readonly did: string; readonly rest: readonly string[] } {
  const { action, detail } = entry;
  const did = wordsOf(action);
  const step = detail === null ? null : STEP.exec(detail);
  const addresses = about(entry);
  if (step === null) {
    // The detail of an exemption names the addresses itself.
    const told = detail === null || detail === '' ? [] : [clip(detail, REASON)];
    return { did, rest: told.length === 0 && addresses !== null ? [addresses] : told };
  }
  const [, before = '', after = '', reason] = step;
  const why = reasonOf(action, reason);
  const led = before === after || action in BY_PEOPLE ? undefined : LED_TO[after];
  return {
    did,
    rest: [
      ...(addresses === null ? [] : [addresses]),
      ...(led === undefined ? [] : [led]),
      ...(why === null ? [] : [why]),
    ],
  };
}
