/** Who may do what on a stack. Pure: the caller passes in who is on call. */
import type { Finding } from '../drift/finding.ts';
import type { Directory, Person, Stack } from '../model/directory.ts';
import { isOnCall, rotationName } from '../model/rota.ts';
import type { Actor, CodeVersion } from '../model/run.ts';
import { shortCommit } from '../text/words.ts';

/** The actions that need a permission. */
export type Permission = 'approve' | 'reject' | 'cancel' | 'snooze' | 'accept';

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

/**
 * True if the person may approve the stack at some time, on call or not. Members of a rota that a user group or
 * PagerDuty fills are known only to those services, so there everybody counts. A group that a user group fills has
 * only its current members.
 */
export function couldApprove(
  person: string | null,
  stack: Stack,
  directory: Directory,
  now: OnCallNow = {},
): boolean {
  if (person === null || !directory.people.some((p) => p.key === person)) return false;
  const { from } = stack.approvers;
  if (
    personsIn(
      from.filter((entry) => !isOnCall(entry)),
      directory,
      now,
    ).has(person)
  )
    return true;
  return rotasOf(stack).some((name) => {
    const rota = directory.oncall[name];
    return rota !== undefined && (rota.kind !== 'rotation' || rota.people.includes(person));
  });
}

/** The rotas that a stack's approvers name. */
export function rotasOf(stack: Stack): readonly string[] {
  return stack.approvers.from.map(rotationName).filter((name) => name !== null);
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

function isAuthorOf(person: Person, code: CodeVersion): boolean {
  const mail = person.email?.toLowerCase();
  return (
    (mail !== undefined && mail === code.authorEmail.toLowerCase()) ||
    person.name.toLowerCase() === code.author.toLowerCase()
  );
}

const ACTION_WORDS: Record<Permission, string> = {
  approve: 'approve',
  reject: 'reject',
  cancel: 'cancel runs of',
  snooze: 'snooze',
  accept: 'accept drift of',
};

/**
 * Whether the actor may do the action on the stack. To approve, reject or cancel, the actor must be an approver; to
 * snooze or accept, an approver or a member of a group under `may`. Without configured approvers nobody may. With
 * `notTheAuthor`, the author of the code may not approve what the code changed.
 */
export function checkPermission(
  action: Permission,
  actor: Actor,
  stack: Stack,
  directory: Directory,
  onCall: OnCallNow,
  about: { readonly code: CodeVersion | null; readonly findings: readonly Finding[] },
): PermissionResult {
  const extra =
    action === 'snooze' ? directory.may.snooze : action === 'accept' ? directory.may.accept : null;
  const entries = [...stack.approvers.from, ...(extra ?? [])];
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
  const codeMoved = about.findings.some((f) => f.origin !== 'cloud');
  if (
    action === 'approve' &&
    stack.approvers.notTheAuthor &&
    codeMoved &&
    about.code &&
    isAuthorOf(person, about.code)
  ) {
    return {
      ok: false,
      refusal: `You wrote ${shortCommit(about.code.commit)}, so somebody else must approve it (notTheAuthor).`,
    };
  }
  return { ok: true };
}
