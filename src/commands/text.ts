/**
 * The texts that buttons carry: the same that a person may type, so that a click and a typed command are one
 * thing. Each is read back by parseCommand as it was meant.
 */
import type { CommandName } from './command.ts';

/** How much of a fingerprint goes into an approval, in characters. */
const SEEN_LENGTH = 8;

/** Approves a run as it was seen: `seen` is the digest of what waited (hex), null where it is not known. */
export function approveText(run: number, seen: string | null): string {
  return seen === null || seen === '' ? `approve #${run}` : `approve #${run} ${seen.slice(0, SEEN_LENGTH)}`;
}

export function rejectText(run: number): string {
  return `reject #${run}`;
}

/** Lacks how long: a form asks. `address` null: all that waits in the run. */
export function snoozeText(run: number, address: string | null = null): string {
  return words(`snooze #${run}`, address);
}

export function unsnoozeText(run: number, address: string | null = null): string {
  return words(`unsnooze #${run}`, address);
}

/** Lacks the reason: a form asks. */
export function acceptText(run: number, address: string | null = null): string {
  return words(`accept #${run}`, address);
}

export function unacceptText(run: number, address: string | null = null): string {
  return words(`unaccept #${run}`, address);
}

/** Ends what is kept of one stack; `address` null: of all of it. */
export function endExemptionText(kind: 'snooze' | 'accept', stack: string, address: string | null): string {
  return words(`un${kind} stack:${stack}`, address);
}

/** Lets m0 go on with a policy's last good commit, for the trouble named and no other. */
export function seenText(policy: string, trouble: string): string {
  return `seen ${policy} ${trouble.slice(0, SEEN_LENGTH)}`;
}

export function showText(run: number): string {
  return `show #${run}`;
}

export function whyText(run: number): string {
  return `why #${run}`;
}

export function askText(run: number): string {
  return `ask #${run}`;
}

export function cancelText(run: number): string {
  return `cancel #${run}`;
}

/** Checks a target anew; null: what the channel is about. */
export function driftText(target: string | null): string {
  return words('drift', target);
}

export const HOME_TEXT = 'home';

export function statusText(target: string | null): string {
  return words('status', target);
}

export function historyText(target: string | null): string {
  return words('history', target);
}

export function subscribeText(target: string): string {
  return words('subscribe', target);
}

export function unsubscribeText(target: string): string {
  return words('unsubscribe', target);
}

export function helpText(topic: CommandName | null): string {
  return words('help', topic);
}

function words(head: string, tail: string | null): string {
  return tail === null ? head : `${head} ${tail}`;
}
