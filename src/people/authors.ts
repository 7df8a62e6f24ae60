/** Who wrote the code of a stack or changed its cloud, as people of m0.yaml, and how many approvals that costs. Pure. */
import type { Finding } from '../drift/finding.ts';
import { type Cause, waitsForCause } from '../model/cause.ts';
import type { CodeAuthor, CodeVersion } from '../model/code-version.ts';
import type { Directory, Person, Stack } from '../model/directory.ts';
import { causedIt, causersOf, isPrincipal } from './causers.ts';

/** What an approval is about: the code of the plan, and the findings that wait. */
export interface Waiting {
  readonly code: CodeVersion | null;
  readonly findings: readonly Pick<Finding, 'origin' | 'fingerprint' | 'actionable'>[];
  /** What is known of who changed the cloud. Left out: nothing. */
  readonly causes?: readonly Cause[];
  /** ms since epoch. A cause that the cloud's log does not have yet is waited for only for a time. */
  readonly now: number;
}

/** How many people must approve, and why it is one more than m0.yaml says. */
export interface NeededApprovals {
  readonly need: number;
  /** Authors who are nobody of m0.yaml. One of them may be the person who approves, so one more must. */
  readonly strangers: readonly CodeAuthor[];
  /**
   * Until when m0 waits for the cloud's log to tell who changed the cloud, in ms since epoch; null: it does not. Until
   * then whoever approves may be that person, so one more must.
   */
  readonly causeUntil: number | null;
}

/** Everybody who wrote what the plan was made from. A run of an older version knows only the head's author. */
function authorsOf(code: CodeVersion): readonly CodeAuthor[] {
  return code.inputs?.authors ?? [{ name: code.author, email: code.authorEmail }];
}

function isPerson(person: Person, author: CodeAuthor): boolean {
  const mail = author.email.trim().toLowerCase();
  const mails = [person.email, ...(person.gitEmails ?? [])].map((one) => one?.toLowerCase());
  return (
    (mail !== '' && mails.includes(mail)) || person.name.toLowerCase() === author.name.trim().toLowerCase()
  );
}

/** True if an author matters: the stack does not let authors approve, and the code changed some of what waits. */
function authorsCount(stack: Stack, { code, findings }: Waiting): boolean {
  return stack.approvers.notTheAuthor && code !== null && findings.some((f) => f.origin !== 'cloud');
}

/** How the person has a part in what waits, so that under `notTheAuthor` somebody else must answer; null: in no way. */
export function partIn(person: Person, stack: Stack, about: Waiting): 'wrote' | 'caused' | null {
  if (stack.approvers.notTheAuthor && causedIt(person, about)) return 'caused';
  if (about.code === null || !authorsCount(stack, about)) return null;
  return authorsOf(about.code).some((author) => isPerson(person, author)) ? 'wrote' : null;
}

/**
 * How many people must approve what waits on the stack. One more than m0.yaml says if an author is nobody of it, if the
 * authors are not known because an older version made the plan, or if the cloud's log may yet name who changed the cloud.
 */
export function neededApprovals(stack: Stack, directory: Directory, about: Waiting): NeededApprovals {
  const { need, notTheAuthor } = stack.approvers;
  if (!notTheAuthor) return { need, strangers: [], causeUntil: null };
  const { code, findings, causes = [], now } = about;
  const causers = causersOf(about)
    .filter((who) => !directory.people.some((person) => isPrincipal(person, who)))
    .map(({ name }) => ({ name, email: '' }));
  const authors =
    code === null || !authorsCount(stack, about)
      ? []
      : authorsOf(code).filter((author) => !directory.people.some((person) => isPerson(person, author)));
  const strangers = [...authors, ...causers];
  const untilTimes = findings.flatMap((finding) => waitsForCause(finding, causes, false, now) ?? []);
  const causeUntil = untilTimes.length === 0 ? null : Math.max(...untilTimes);
  const authorsUnknown = code !== null && code.inputs === undefined && authorsCount(stack, about);
  const oneMore = strangers.length > 0 || authorsUnknown || causeUntil !== null;
  return { need: need + (oneMore ? 1 : 0), strangers, causeUntil };
}
