/** Collects what cards show of pauses, and the channels of the message about one. */
import type { PauseCardView, PauseChoices, PauseView } from '../messages/view-pause.ts';
import type { PauseAlert } from '../model/alert.ts';
import type { Clock, Directory, Place } from '../model/directory.ts';
import { type PausableStack, type Pause, pauseCovers, pausesOf } from '../model/pause.ts';
import type { Store } from '../ports/store.ts';
import { compareTexts } from '../text/words.ts';

/** The names of the stacks that the target covers, sorted. */
export function pausedNames(target: string, stacks: readonly PausableStack[]): readonly string[] {
  return stacks
    .filter((stack) => pauseCovers(target, stack))
    .map((stack) => stack.name)
    .sort(compareTexts);
}

function toView({ target, by, at, reason }: Pause, stacks: readonly PausableStack[]): PauseView {
  const who = { person: by.person, name: by.name };
  return { target, by: who, at, reason, stacks: pausedNames(target, stacks) };
}

/** The pauses that hold and cover one of these stacks, oldest first. */
export async function pauseViews(
  store: Pick<Store, 'pauses'>,
  stacks: readonly PausableStack[],
): Promise<readonly PauseView[]> {
  const covering = (await store.pauses()).map((pause) => toView(pause, stacks));
  return covering.filter((pause) => pause.stacks.length > 0);
}

/** All pauses that hold, also those that cover no stack of m0.yaml any more. */
export async function allPauseViews(
  store: Pick<Store, 'pauses'>,
  directory: Directory,
): Promise<readonly PauseView[]> {
  return (await store.pauses()).map((pause) => toView(pause, directory.stacks));
}

/** What a person can choose to pause. */
export function pauseChoices({ stacks }: Directory): PauseChoices {
  return {
    environments: [...new Set(stacks.map((s) => s.environment))].sort(compareTexts),
    stacks: stacks.map((s) => s.name).sort(compareTexts),
  };
}

/** True if one of the pauses covers the stack. */
export function isPaused(pauses: readonly Pause[], stack: PausableStack): boolean {
  return pausesOf(pauses, stack).length > 0;
}

/** The channels of the stacks that the pause covers, each once. */
export function placesOfPause({ stacks }: Directory, target: string): readonly Place[] {
  const places = stacks.filter((s) => pauseCovers(target, s)).flatMap((s) => s.channels);
  return [...new Map(places.map((p) => [JSON.stringify(p), p])).values()];
}

/** What the message about a pause shows now. */
export function pauseCardView(
  parts: { readonly directory: Directory; readonly clock: Clock },
  alert: PauseAlert,
): PauseCardView {
  const { by, reason } = alert.details;
  return {
    target: alert.subject,
    by: { person: by.person, name: by.name },
    at: alert.firstSeenAt,
    reason,
    stacks: pausedNames(alert.subject, parts.directory.stacks),
    outcome: alert.state === 'open' ? null : (alert.outcome ?? 'resumed'),
    now: parts.clock(),
    zone: parts.directory.timezone,
  };
}
