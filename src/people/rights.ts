/** Who may do what on a stack. Pure: who is on call now is passed in. */
import type { Finding } from '../drift/finding.ts';
import type { Directory, Person, Stack } from '../model/directory.ts';
import { isOnCall, rotationName } from '../model/rota.ts';
import type { Actor, CodeVersion } from '../model/run.ts';
import { shortCommit } from '../text/words.ts';

export type Permission = 'approve' | 'reject' | 'cancel' | 'snooze' | 'accept';

export type Right = { readonly ok: true } | { readonly ok: false; readonly refusal: string };

/** Names of `oncall:` entries -> persons on call now; `group:NAME` -> who is in that Slack user group now. */
export type OnCallNow = Readonly<Record<string, readonly string[]>>;

/** What a group that a Slack user group fills is called beside the rotas. */
export function groupName(group: string): string {
  return `group:${group}`;
}

/** Persons that a list of groups, persons and `oncall:NAME` entries stands for now. */
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
 * True where the person may approve the stack at one time or another, on call or not. Who is on call by a chat's
 * user group, or by PagerDuty, is known to them alone, so there everybody could. A group that a user group fills
 * is who is in it now: whoever was taken out of it, or can't be found there, may not any more.
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

/** The on-call rotas that a stack's approvers name. */
export function rotasOf(stack: Stack): readonly string[] {
  return stack.approvers.from.map(rotationName).filter((name) => name !== null);
}

/** Who may, in words: `sre or the person on call (Dana)`. */
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
      : `whoever is on call (${rota}: nobody now)`;
  });
  return words.join(' or ');
}

function wrote(person: Person, code: CodeVersion): boolean {
  const mail = person.email?.toLowerCase();
  return (
    (mail !== undefined && mail === code.authorEmail.toLowerCase()) ||
    person.name.toLowerCase() === code.author.toLowerCase()
  );
}

const DEED_WORDS: Record<Permission, string> = {
  approve: 'approve',
  reject: 'reject',
  cancel: 'cancel runs of',
  snooze: 'snooze',
  accept: 'accept drift of',
};

/**
 * Whether the actor may do the deed on the stack. Approving, rejecting and canceling need an approver;
 * snoozing and accepting an approver or a group named under `may`. No approvers configured means nobody may.
 * With `notTheAuthor`, whoever wrote the code may not approve what the code moved.
 */
export function mayDo(
  deed: Permission,
  actor: Actor,
  stack: Stack,
  directory: Directory,
  onCall: OnCallNow,
  about: { readonly code: CodeVersion | null; readonly findings: readonly Finding[] },
): Right {
  const extra = deed === 'snooze' ? directory.may.snooze : deed === 'accept' ? directory.may.accept : null;
  const entries = [...stack.approvers.from, ...(extra ?? [])];
  if (entries.length === 0) {
    return {
      ok: false,
      refusal: `Nobody may ${DEED_WORDS[deed]} ${stack.name}: no approvers are configured for it. Add "approvers" to the stack in m0.yaml.`,
    };
  }
  const person = directory.people.find((p) => p.key === actor.person);
  if (person === undefined || !personsIn(entries, directory, onCall).has(person.key)) {
    const unknown =
      person === undefined ? ' m0 does not know you: you are not under "people" in m0.yaml.' : '';
    return {
      ok: false,
      refusal: `Only ${describeApprovers(entries, directory, onCall)} may ${DEED_WORDS[deed]} ${stack.name}.${unknown}`,
    };
  }
  const codeMoved = about.findings.some((f) => f.origin !== 'cloud');
  if (
    deed === 'approve' &&
    stack.approvers.notTheAuthor &&
    codeMoved &&
    about.code &&
    wrote(person, about.code)
  ) {
    return {
      ok: false,
      refusal: `You wrote ${shortCommit(about.code.commit)}, so somebody else must approve it (notTheAuthor).`,
    };
  }
  return { ok: true };
}
