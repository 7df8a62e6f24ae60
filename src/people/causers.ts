/** Who made drift in the cloud, as people of m0.yaml. Whoever did counts as its author. Pure. */
import type { Finding } from '../drift/finding.ts';
import { type Cause, causeOf, gradeOf, type Principal } from '../model/cause.ts';
import type { Directory, Person } from '../model/directory.ts';

/** Findings, and what is known of who made them. */
export interface Caused {
  readonly findings: readonly Pick<Finding, 'fingerprint'>[];
  /** Of the stack. Left out: nobody was asked. */
  readonly causes?: readonly Cause[] | undefined;
}

/** True if the log means this person: an e-mail, or an id under `aws` in m0.yaml. Nobody proves a session's name. */
export function isPrincipal(person: Person, { ids }: Pick<Principal, 'ids'>): boolean {
  const own = [person.email, ...(person.gitEmails ?? []), ...(person.aws ?? [])].flatMap((one) =>
    one === null ? [] : [one.toLowerCase()],
  );
  return ids.some((id) => own.includes(id.toLowerCase()));
}

/** The person of m0.yaml that the log means; undefined: nobody of it, or more than one. */
export function personOf(principal: Pick<Principal, 'ids'>, directory: Directory): Person | undefined {
  const found = directory.people.filter((person) => isPrincipal(person, principal));
  return found.length === 1 ? found[0] : undefined;
}

/** Who made the findings: those whose events name an attribute, else all whose events touched the resource. */
export function causersOf({ findings, causes = [] }: Caused): readonly Principal[] {
  const all = findings.flatMap((finding) => {
    const cause = causeOf(finding, causes);
    if (cause === undefined) return [];
    const best = gradeOf(cause);
    return cause.events.filter((event) => event.grade === best).map((event) => event.who);
  });
  const people = all.filter(({ kind }) => kind !== 'service');
  return [...new Map(people.map((one) => [JSON.stringify([one.name, one.via]), one])).values()];
}

/** True if the person made some of the findings, so that under `notTheAuthor` somebody else must answer them. */
export function causedIt(person: Person, about: Caused): boolean {
  return causersOf(about).some((principal) => isPrincipal(person, principal));
}
