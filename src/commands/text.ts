/**
 * The command texts that buttons carry: the same that a person can type, so that a click and a typed command do the
 * same. parseCommand reads each of them back unchanged.
 */
import type { CommandName } from './command.ts';

/** How many characters of a fingerprint a button carries. */
const SEEN_LENGTH = 8;

/** Approves a run as it was shown. `seen`: the digest (hex) of the findings that waited; null if not known. */
export function approveText(run: number, seen: string | null): string {
  return seen === null || seen === '' ? `approve #${run}` : `approve #${run} ${seen.slice(0, SEEN_LENGTH)}`;
}

export function rejectText(run: number): string {
  return `reject #${run}`;
}

/** Without a duration, so a form asks for it. `address` null: everything that waits in the run. */
export function snoozeText(run: number, address: string | null = null): string {
  return words(`snooze #${run}`, address);
}

export function unsnoozeText(run: number, address: string | null = null): string {
  return words(`unsnooze #${run}`, address);
}

/** Without a reason, so a form asks for it. */
export function acceptText(run: number, address: string | null = null): string {
  return words(`accept #${run}`, address);
}

/** `address` null: the only finding that can be, or a form asks. */
export function codifyText(run: number, address: string | null = null): string {
  return words(`codify #${run}`, address);
}

export function unacceptText(run: number, address: string | null = null): string {
  return words(`unaccept #${run}`, address);
}

/** Ends the exemptions of one stack. `address` null: all of them. */
export function endExemptionText(kind: 'snooze' | 'accept', stack: string, address: string | null): string {
  return words(`un${kind} stack:${stack}`, address);
}

/** Lets m0 continue with a policy's last good commit, for this one problem. */
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

/** Checks a target again. null: the stacks of the channel. */
export function driftText(target: string | null): string {
  return words('drift', target);
}

export const HOME_TEXT = 'home';

export function statusText(target: string | null): string {
  return words('status', target);
}

export function stacksText(target: string | null): string {
  return words('stacks', target);
}

/** `month`: as `2026-11`. */
export function reportText(target: string | null, month: string): string {
  return words(words('report', target), month);
}

export function historyText(target: string | null): string {
  return words('history', target);
}

/** Without a reason, so a form asks for it. `target` null: the form asks for the target as well. */
export function pauseCommand(target: string | null = null): string {
  return words('pause', target);
}

export function resumeText(target: string): string {
  return `resume ${target}`;
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
