/**
 * The state machine of a run: a pure function from a run and an event to the next run and its effects, or to a
 * refusal, which people see. It uses no clock and no I/O. RUN_STATES is the table of allowed state changes.
 */

import { assertNever } from '../base/assert-never.ts';
import { RUN_STATES, type Run, type RunState, TAKES_EXEMPTIONS } from '../model/run.ts';
import { afterDecision } from './after-decision.ts';
import { afterApproval, afterConfirmation, afterRecount } from './approval.ts';
import { pauseText } from './hold-changes.ts';
import {
  afterExemption,
  afterExpiry,
  afterLocked,
  afterMoved,
  afterObjection,
  afterRestore,
} from './not-applied.ts';
import { afterFailure, afterVerify } from './outcomes.ts';
import type { Next, RunEvent, RunEventName, Transition } from './run-event.ts';

/** The states in which each event is allowed; in all other states it is refused. */
export const EVENT_STATES: Record<RunEventName, readonly RunState[]> = {
  start: ['queued'],
  planned: ['planning'],
  decided: ['deciding'],
  approve: ['awaiting_approval'],
  recounted: ['awaiting_approval'],
  reject: ['awaiting_approval'],
  cancel: ['queued', 'planning', 'deciding', 'awaiting_approval', 'approved'],
  supersede: ['queued', 'planning', 'deciding', 'awaiting_approval', 'approved'],
  kept: TAKES_EXEMPTIONS,
  expire: ['approved'],
  restored: ['approved', 'awaiting_approval'],
  confirmed: ['approved'],
  objected: ['approved'],
  held: ['approved'],
  moved: ['approved'],
  locked: ['applying'],
  postponed: ['applying'],
  applied: ['applying'],
  verified: ['verifying'],
  lost: ['applying'],
  fail: ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'],
  requeue: ['planning', 'deciding'],
};

const STATE_WORDS: Record<RunState, string> = {
  queued: 'is still queued',
  planning: 'is still planning',
  deciding: 'is being decided',
  awaiting_approval: 'waits for approval',
  approved: 'is approved already',
  applying: 'is being applied',
  verifying: 'is being verified',
  clean: 'found nothing to do',
  quiet: 'has nothing that waits',
  realigned: 'is realigned',
  denied: 'was denied by policy',
  state_empty: 'found the state empty',
  rejected: 'was rejected',
  canceled: 'was canceled',
  superseded: 'was superseded by a newer run',
  expired: 'has expired',
  failed: 'has failed',
  apply_unknown: 'stopped in the middle of its apply',
};

/** The state of a run as a sentence, for refusals: `run #42 was rejected`. */
export function describeState(run: Run): string {
  const by = run.relatedRun !== null && run.state === 'superseded' ? ` (#${run.relatedRun})` : '';
  return `run #${run.id} ${STATE_WORDS[run.state]}${by}`;
}

function refuse(refusal: string): Transition {
  return { ok: false, refusal };
}

function next(run: Run, event: RunEvent, now: number): Next | string {
  switch (event.type) {
    case 'start':
      return { to: 'planning' };
    case 'planned':
      return { to: 'deciding', change: { ...event.planned } };
    case 'decided':
      return afterDecision(run, event, now);
    case 'approve':
      return afterApproval(run, event, now);
    case 'recounted':
      return afterRecount(run, event, now);
    case 'reject':
      return {
        to: 'rejected',
        change: { ending: { by: event.by, at: now, reason: event.reason } },
        effects: [
          { type: 'refresh' },
          { type: 'history', text: `${event.by.name} rejected run #${run.id}${because(event.reason)}` },
        ],
      };
    case 'cancel':
      return {
        to: 'canceled',
        change: { ending: { by: event.by, at: now, reason: event.reason }, scope: [] },
        effects: [
          { type: 'refresh' },
          { type: 'history', text: `${event.by.name} canceled run #${run.id}${because(event.reason)}` },
        ],
      };
    case 'supersede':
      return { to: 'superseded', change: { relatedRun: event.by, scope: [] } };
    case 'kept':
      return afterExemption(run, event, now);
    case 'expire':
      return afterExpiry(run, now);
    case 'restored':
      return afterRestore(run);
    case 'confirmed':
      return afterConfirmation(run, event);
    case 'objected':
      return afterObjection(run, event, now);
    case 'held':
      return {
        to: 'approved',
        change: { plan: null },
        effects: [
          { type: 'refresh' },
          { type: 'history', text: `Not applied yet: ${pauseText(event.pause)}` },
        ],
      };
    case 'moved':
      return afterMoved(run, event, now);
    case 'locked':
      return afterLocked(run, event, now);
    case 'postponed':
      return {
        to: 'approved',
        change: { plan: null },
        effects: [
          { type: 'refresh' },
          {
            type: 'history',
            text: 'Not applied yet: m0 could not store that the apply begins. It plans again',
          },
        ],
      };
    case 'applied':
      return {
        to: 'verifying',
        change: {
          interrupted: null,
          lock: null,
          applied: [
            ...run.applied,
            {
              scope: run.scope,
              findings: run.findings.filter((f) => run.scope.some((s) => s.address === f.address)),
              decisions: (run.decision?.findings ?? []).filter((d) =>
                run.scope.some((s) => s.address === d.address),
              ),
              approvedBy: run.approvals.map((a) => a.by),
              at: now,
              verifiedAt: null,
              ...(run.alongside === undefined || run.alongside.length === 0
                ? {}
                : { alongside: run.alongside }),
              ...(run.commits === undefined ? {} : { commits: run.commits }),
            },
          ],
        },
        effects: [{ type: 'refresh' }],
      };
    case 'verified':
      return afterVerify(run, event, now);
    case 'lost':
      return {
        to: 'apply_unknown',
        effects: [
          { type: 'refresh' },
          {
            type: 'history',
            text: `m0 stopped while applying run #${run.id}. It will not try again by itself`,
          },
          {
            type: 'check',
            trigger: 'verify',
            forceHuman: `m0 stopped while applying run #${run.id}, so a person decides what is left`,
            interrupted: { run: run.id, addresses: run.scope.map((s) => s.address) },
          },
        ],
      };
    case 'fail':
      return afterFailure(run, event.failure);
    case 'requeue':
      return { to: 'queued' };
    default:
      return assertNever(event);
  }
}

function because(reason: string | null): string {
  return reason === null ? '' : `: ${reason}`;
}

/**
 * Applies an event to a run. Promises: RUN_STATES allows the state change, the version grows by one, and each entry
 * of `scope` was decided `auto` or approved by as many people as needed. A refusal is a sentence for people.
 *
 * @param now ms since epoch
 */
export function transition(run: Run, event: RunEvent, now: number): Transition {
  if (!EVENT_STATES[event.type].includes(run.state)) return refuse(describeState(run));
  const step = next(run, event, now);
  if (typeof step === 'string') return refuse(step);
  const legal: readonly string[] = RUN_STATES[run.state];
  if (!legal.includes(step.to)) return refuse(`run #${run.id} can't go from ${run.state} to ${step.to}`);
  return {
    ok: true,
    run: { ...run, ...step.change, state: step.to, version: run.version + 1, updatedAt: now },
    effects: step.effects ?? [],
  };
}
