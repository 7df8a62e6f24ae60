/** Reads records of CloudTrail, wherever they come from: which of them explain a finding, and how well. */
import { isRecord } from '../base/is-record.ts';
import type { CauseEvent } from '../model/cause.ts';
import { eventUrl } from '../model/links/aws-console.ts';
import { hasToolMark } from '../model/tool-mark.ts';
import type { CauseQuestion } from '../ports/cause.ts';
import { type Fit, fitOf, plainEventName } from './attributes.ts';
import { howOf, principalOf, roleOf } from './identity.ts';

/** The event's time is in whole seconds. */
export const SECOND_MS = 1_000;
/** How far m0's clock and the cloud's may be apart. */
const CLOCKS_MS = 5_000;

/** A record of CloudTrail, as its user guide describes it. */
export type CloudTrailRecord = Readonly<Record<string, unknown>>;

export interface Found {
  readonly event: CauseEvent;
  readonly fit: Fit;
}

/** The record that a JSON text holds; null: it holds none. */
export function recordIn(json: string | undefined): CloudTrailRecord | null {
  if (json === undefined) return null;
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** What a log says of an event besides its record. */
export interface Listed {
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** ms since epoch; NaN if it is not known. */
  readonly at: number;
}

/**
 * Empty for what changed nothing: a read, a failed request; and for what m0 did itself. `role`: that reads the log.
 */
export function readEvent(
  record: CloudTrailRecord | null,
  { id, name, at }: Listed,
  question: CauseQuestion,
  role: string,
): readonly Found[] {
  if (record === null || id === undefined || name === undefined || Number.isNaN(at)) return [];
  if (at < question.from - SECOND_MS || at > question.to) return [];
  if (record.readOnly === true || record.readOnly === 'true') return [];
  if (typeof record.errorCode === 'string' || isOwn(record, at, question, role)) return [];
  const fit = fitOf(plainEventName(name), record.requestParameters, question);
  const region = typeof record.awsRegion === 'string' ? record.awsRegion : '';
  return [
    {
      fit,
      event: {
        ...{ id, name, at },
        grade: fit.size > 0 ? 'event names the attribute' : 'event touched the resource',
        who: principalOf(record),
        how: howOf(record),
        link: eventUrl({ role, region, id }),
      },
    },
  ];
}

/**
 * True for what m0 did for this stack: in a session of a role of its own, whose name alone proves nothing, because
 * everybody who may assume a role chooses it; or with the mark of an apply while that apply ran.
 */
function isOwn(
  event: CloudTrailRecord,
  at: number,
  { stack, applies }: CauseQuestion,
  logRole: string,
): boolean {
  const { userAgent } = event;
  if (
    typeof userAgent === 'string' &&
    applies.some(({ mark, from, to }) => {
      return at >= from - CLOCKS_MS && at <= to + CLOCKS_MS && hasToolMark(userAgent, mark);
    })
  )
    return true;
  const roles = [stack.aws?.planRole, stack.aws?.applyRole, logRole];
  const role = roleOf(event);
  return role !== null && roles.includes(role) && (principalOf(event).session?.startsWith('m0-') ?? false);
}

/**
 * For each attribute the newest of the events that mention most of its values: what was before it, it has replaced. Then
 * the events that only touched the resource. Each once.
 */
export function best(found: readonly Found[]): readonly CauseEvent[] {
  const chosen = new Map<string, CauseEvent>();
  for (const path of new Set(found.flatMap(({ fit }) => [...fit.keys()]))) {
    const naming = found.filter(({ fit }) => fit.has(path));
    const most = Math.max(...naming.map(({ fit }) => fit.get(path) ?? 0));
    const [newest] = naming
      .filter(({ fit }) => fit.get(path) === most)
      .sort((a, b) => b.event.at - a.event.at);
    if (newest !== undefined) chosen.set(newest.event.id, newest.event);
  }
  const others = found.filter(({ fit }) => fit.size === 0).map(({ event }) => [event.id, event] as const);
  return [...chosen.values(), ...new Map(others).values()];
}
