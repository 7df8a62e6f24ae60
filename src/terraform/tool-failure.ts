/** What the end of a tool means: whether it failed, why, and whether it may have applied something. */
import { assertNever } from '../base/assert-never.ts';
import type { HeldLock } from '../model/run.ts';
import type { RunnerPhase } from '../ports/runner-error.ts';
import { minutesText } from '../text/words.ts';
import { condenseErrors, heldLock, lockInWords } from './tool-errors.ts';
import type { ToolOutcome } from './tool-process.ts';

interface ToolFailure {
  /** For people. It may be long and hold secrets. */
  readonly text: string;
  readonly stopped?: ToolOutcome['stopped'];
  readonly locked?: HeldLock;
  readonly mayHaveApplied: boolean;
}

/** What went wrong in a tool that has ended, or null where nothing did. */
export function failureOf(
  phase: RunnerPhase,
  outcome: ToolOutcome,
  call: { readonly limitMs: number; readonly isShortened: boolean; readonly fine?: readonly number[] },
): ToolFailure | null {
  const { exitCode, stopped, stderr } = outcome;
  const fine = exitCode !== null && (call.fine ?? [0]).includes(exitCode);
  // An apply that finished although it was asked to stop has done what was approved.
  if (fine && (stopped === null || phase === 'apply')) return null;
  const mayHaveApplied = phase === 'apply' && !/Saved plan is stale/.test(stderr);
  switch (stopped) {
    case 'aborted':
      return { text: 'it was stopped', stopped, mayHaveApplied };
    case 'time':
      return {
        text: tooLong(phase, call, exitCode === null),
        stopped,
        mayHaveApplied,
      };
    case 'output':
      return { text: 'its answer was too large to read', stopped, mayHaveApplied };
    case null:
      break;
    default:
      return assertNever(stopped);
  }
  const locked = heldLock(stderr);
  // A provider's error may quote anything, so a lock is believed only if the tool has not begun with any
  // resource.
  if (locked !== null && !(phase === 'apply' && hasBegun(outcome.stdout)))
    return { text: lockInWords(locked), locked, mayHaveApplied: false };
  return { text: exitCode === null ? 'it was killed' : condenseErrors(stderr), mayHaveApplied };
}

/**
 * What the limit did, and what a person can do. `killed`: the tool did not end when it was asked to. `isShortened`: its
 * credentials would have ended before its own limit.
 */
function tooLong(
  phase: RunnerPhase,
  { limitMs, isShortened }: { readonly limitMs: number; readonly isShortened: boolean },
  killed: boolean,
): string {
  const end = killed ? 'and was killed, because it did not stop when asked' : 'and was stopped';
  // A killed tool saves no state and releases no lock.
  const left =
    killed && phase === 'apply'
      ? '. Nobody knows how far it came, and its lock on the state may still be held'
      : '';
  // The limits of the other phases are fixed.
  const ownLimit =
    phase === 'plan' || phase === 'apply' ? `. If it needs longer, raise limits.${phase} in m0.yaml` : '';
  const advice = isShortened
    ? ', because its credentials end soon. If it needs longer, raise aws.duration in m0.yaml'
    : ownLimit;
  return `it took longer than ${minutesText(limitMs)} ${end}${left}${advice}`;
}

/** True where the output mentions a resource that is being created, modified, destroyed or read. */
function hasBegun(stdout: Buffer): boolean {
  return /: (Creating|Modifying|Destroying|Reading|Provisioning with|Still \w+)\b/.test(
    stdout.toString('utf8'),
  );
}
