/** Who may do what on a stack. Pure: the caller passes in who is on call. */
import { touchedCommit } from '../model/code-version.ts';
import type { Directory, Stack } from '../model/directory.ts';
import { isOnCall, rotationName } from '../model/rota.ts';
import type { Actor, Approval } from '../model/run.ts';
import { shortCommit } from '../text/words.ts';
import { partIn, type Waiting } from './authors.ts';

/** The actions that need a permission. */
export type Permission = 'approve' | 'reject' | 'cancel' | 'snooze' | 'accept' | 'codify';

/** Allowed, or a refusal as one plain sentence. */
export type PermissionResult = { readonly ok: true } | { readonly ok: false; readonly refusal: string };

/** Rota name -> people on call now; `group:NAME` -> people in that Slack user group now. */
export type OnCallNow = Readonly<Record<string, readonly string[]>>;

/** The name of a group that a Slack user group fills, in a list with rotas. */
export function groupName(group: string): string {
  return `group:${group}`;
}

/** The people that a list of groups, people and `oncall:NAME` entries resolves to now. */
export function personsIn(
  entries: readonly string[],
  directory: Directory,
  onCall: OnCallNow,
): ReadonlySet<string> {
  return new Set(
    entries.flatMap((entry) => {
      const rota = rotationName(entry);
      if (rota !== null) return onCall[rota] ?? [];
      if (directory.usergroups?.[entry] !== undefined) return onCall[groupName(entry)] ?? [];
      return directory.groups[entry] ?? (directory.people.some((p) => p.key === entry) ? [entry] : []);
    }),
  );
}

/** Who may do the action on the stack, as groups, people and `oncall:NAME`: its approvers, and who `may` names. */
function entriesFor(action: Permission, stack: Stack, { may }: Directory): readonly string[] {
  const extra = action === 'snooze' || action === 'accept' || action === 'codify' ? may[action] : null;
  return [...stack.approvers.from, ...(extra ?? [])];
}

/**
 * True if the person may do the action on the stack at some time, on call or not. Members of a rota that a user group
 * or PagerDuty fills are known only to those services, so there everybody counts. A group that a user group fills has
 * only its current members.
 */
export function couldAct(
  action: Permission,
  person: string | null,
  stack: Stack,
  directory: Directory,
  now: OnCallNow = {},
): boolean {
  if (person === null || !directory.people.some((p) => p.key === person)) return false;
  const entries = entriesFor(action, stack, directory);
  if (
    personsIn(
      entries.filter((entry) => !isOnCall(entry)),
      directory,
      now,
    ).has(person)
  )
    return true;
  return rotasIn(entries).some((name) => {
    const rota = directory.oncall[name];
    return rota !== undefined && (rota.kind !== 'rotation' || rota.people.includes(person));
  });
}

/**
 * The approvals that count now for what waits: of people who may approve the stack and have no part in it. Whoever
 * approved before the cloud's log named them does not count any more.
 */
export function countingApprovals(
  approvals: readonly Approval[],
  stack: Stack,
  directory: Directory,
  onCall: OnCallNow,
  about: Waiting,
): readonly Approval[] {
  return approvals.filter(({ by }) => {
    const person = directory.people.find(({ key }) => key === by.person);
    return (
      person !== undefined &&
      couldApprove(person.key, stack, directory, onCall) &&
      partIn(person, stack, about) === null
    );
  });
}

/** `couldAct` for approving. */
export function couldApprove(
  person: string | null,
  stack: Stack,
  directory: Directory,
  now: OnCallNow = {},
): boolean {
  return couldAct('approve', person, stack, directory, now);
}

function rotasIn(entries: readonly string[]): readonly string[] {
  return entries.map(rotationName).filter((name) => name !== null);
}

/** The rotas that a stack's approvers name. */
export function rotasOf(stack: Stack): readonly string[] {
  return rotasIn(stack.approvers.from);
}

/** The approvers in words: `sre or the person on call (Dana)`. */
export function describeApprovers(
  entries: readonly string[],
  directory: Directory,
  onCall: OnCallNow,
): string {
  const words = entries.map((entry) => {
    const rota = rotationName(entry);
    if (rota === null) return directory.people.find((p) => p.key === entry)?.name ?? entry;
    const names = (onCall[rota] ?? []).map((key) => directory.people.find((p) => p.key === key)?.name ?? key);
    return names.length > 0
      ? `the person on call (${names.join(', ')})`
      : `the person on call (${rota}: nobody now)`;
  });
  return words.join(' or ');
}

/**
 * Whether the actor may pause or resume these stacks: whoever may approve on one of them, and the members of a group
 * under `may.pause`. `about`: the target, for the refusal.
 */
export function checkPausing(
  word: 'pause' | 'resume',
  actor: Actor,
  stacks: readonly Stack[],
  about: string,
  directory: Directory,
  onCall: OnCallNow,
): PermissionResult {
  const entries = [...new Set([...stacks.flatMap((s) => s.approvers.from), ...(directory.may.pause ?? [])])];
  if (entries.length === 0) {
    return {
      ok: false,
      refusal: `Nobody may ${word} ${about}: no approvers are configured for it. Add "approvers" to its stacks, or "may: { pause: […] }", in m0.yaml.`,
    };
  }
  const person = directory.people.find((p) => p.key === actor.person);
  if (person !== undefined && personsIn(entries, directory, onCall).has(person.key)) return { ok: true };
  const unknown = person === undefined ? ' m0 does not know you: you are not under "people" in m0.yaml.' : '';
  return {
    ok: false,
    refusal: `Only ${describeApprovers(entries, directory, onCall)} may ${word} ${about}.${unknown}`,
  };
}

const ACTION_WORDS: Record<Permission, string> = {
  approve: 'approve',
  reject: 'reject',
  cancel: 'cancel runs of',
  snooze: 'snooze',
  accept: 'accept drift of',
  codify: 'put into the code what drifted on',
};

/**
 * Whether the actor may do the action on the stack. To approve, reject or cancel, the actor must be an approver; to
 * snooze, accept or codify, an approver or a member of a group under `may`. Without configured approvers nobody may. With
 * `notTheAuthor`, nobody who wrote some of the code since code and cloud last agreed may approve what it changed, and
 * nobody who changed the cloud may approve, accept or codify that.
 */
export function checkPermission(
  action: Permission,
  actor: Actor,
  stack: Stack,
  directory: Directory,
  onCall: OnCallNow,
  about: Waiting,
): PermissionResult {
  const entries = entriesFor(action, stack, directory);
  if (entries.length === 0) {
    return {
      ok: false,
      refusal: `Nobody may ${ACTION_WORDS[action]} ${stack.name}: no approvers are configured for it. Add "approvers" to the stack in m0.yaml.`,
    };
  }
  const person = directory.people.find((p) => p.key === actor.person);
  if (person === undefined || !personsIn(entries, directory, onCall).has(person.key)) {
    const unknown =
      person === undefined ? ' m0 does not know you: you are not under "people" in m0.yaml.' : '';
    return {
      ok: false,
      refusal: `Only ${describeApprovers(entries, directory, onCall)} may ${ACTION_WORDS[action]} ${stack.name}.${unknown}`,
    };
  }
  const part = partIn(person, stack, about);
  if (part === 'caused' && action !== 'reject' && action !== 'cancel' && action !== 'snooze') {
    return {
      ok: false,
      refusal: `By the cloud's log you made some of this drift of ${stack.name} yourself, so somebody else must ${action === 'codify' ? 'put it into the code' : `${action} it`} (notTheAuthor).`,
    };
  }
  if (action === 'approve' && about.code && part === 'wrote') {
    const { commit } = touchedCommit(about.code);
    return {
      ok: false,
      refusal: `You wrote some of the code of ${stack.name} that is not applied yet (up to ${shortCommit(commit)}), so somebody else must approve it (notTheAuthor).`,
    };
  }
  return { ok: true };
}
