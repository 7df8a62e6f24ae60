/** What holds applies back, as changes of the step that it belongs to: pauses, and the brake on healing. Pure. */
import { brakeOn, brakeReason, DEFAULT_HEAL_LIMIT } from '../model/brake.ts';
import type { Exemption } from '../model/exemption.ts';
import type { PausableStack, Pause } from '../model/pause.ts';
import type { Run } from '../model/run.ts';
import type { HoldChange, HoldRefusal } from '../ports/pause-store.ts';
import type { RunEvent } from './run-event.ts';

/** The stack as far as applies of it are held back. */
export interface HeldStack extends PausableStack {
  readonly healLimit?: number | undefined;
}

/** The most runs that policies apply in an hour in the stack's environment before this stack asks a person. */
export function healLimitOf(stack: Pick<HeldStack, 'healLimit'>): number {
  return stack.healLimit ?? DEFAULT_HEAL_LIMIT;
}

/**
 * The changes that are stored with a step from `was` to `run`. The step to `applying`, and each approval, is refused by
 * the store while the stack is paused, so that no apply begins after a pause was stored.
 *
 * @param now ms since epoch
 */
export function holdChanges(
  was: Run,
  run: Run,
  event: RunEvent,
  stack: HeldStack,
  now: number,
): readonly HoldChange[] {
  const { name, environment } = stack;
  const unlessPaused: HoldChange = { type: 'unless.paused', stack: { name, environment } };
  switch (event.type) {
    case 'approve':
      return [unlessPaused];
    case 'confirmed': {
      const { id, version, scope, approvals } = run;
      const byPolicy = approvals.length === 0;
      const heals = { stack: name, environment, run: id, version, at: now, byPolicy, scope };
      return [unlessPaused, { type: 'heals.add', heals, limit: healLimitOf(stack) }];
    }
    case 'locked':
    case 'postponed':
      return [{ type: 'heals.undo', run: run.id, version: was.version }];
    case 'decided': {
      const findings = run.findings.filter((f) => f.actionable);
      return [{ type: 'heals.seen', stack: name, findings, at: was.plan?.madeAt ?? now }];
    }
    default:
      return [];
  }
}

/** The event of an approved run whose apply the store refused. */
export function afterRefusal(run: Run, refusal: HoldRefusal, exemptions: readonly Exemption[]): RunEvent {
  if (refusal.type === 'paused') return { type: 'held', pause: refusal.pause };
  const { brakes } = refusal;
  const decided = run.decision?.findings ?? [];
  const findings = decided.flatMap((entry) => {
    const brake = brakeOn(entry, brakes);
    if (brake === undefined) return [];
    const reason = { policy: null, commit: null, rule: 'm0' as const, text: brakeReason(brake) };
    return [{ ...entry, verdict: 'human' as const, reasons: [reason] }];
  });
  const decision = { warnings: [], bundles: {}, ...run.decision, findings };
  return { type: 'objected', decision, reasons: findings.flatMap((f) => f.reasons), exemptions, brakes };
}

/** Why nothing of the stack is applied, for the sender of a command, without a full stop. */
export function pauseText({ by, target, reason }: Pick<Pause, 'by' | 'target' | 'reason'>): string {
  return `${by.name} paused ${target}: “${reason}”`;
}

/** Why the store refused a step, as a sentence for people. */
export function refusalText(refusal: HoldRefusal): string {
  if (refusal.type === 'paused') return `nothing is applied, because ${pauseText(refusal.pause)}`;
  return `nothing is applied: ${refusal.brakes.map(brakeReason)[0] ?? 'the brake holds it back'}`;
}
