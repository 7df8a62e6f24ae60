/** Who a rota puts on call now, and what is wrong with it. */

import type { Directory, Person } from '../model/directory.ts';
import type { OnDuty, ScheduleAnswer } from '../model/rota.ts';
import { onCallNow, onCallUntil, type Rotation } from '../model/rota.ts';
import { whenText } from '../text/when.ts';
import { listed } from '../text/words.ts';

export interface RotaNow {
  /** Keys under `people`, each once. */
  readonly people: readonly string[];
  /** When that changes next, as far as it is known, in ms since epoch; null: not known, or never. */
  readonly until: number | null;
  /** Person -> until when that person is on call; nothing of those of whom it is not known. */
  readonly ends: Readonly<Record<string, number>>;
  /** It could not be asked, has nobody, or names people whom m0 does not know; null where all is well. */
  readonly problem: string | null;
}

/** Nobody is on call: which never means anybody. */
export function nobody(problem: string): RotaNow {
  return { people: [], until: null, ends: {}, problem };
}

export function rotationNow(rota: Rotation, { people, timezone }: Directory, now: number): RotaNow {
  const person = onCallNow(rota, now);
  const until = onCallUntil(rota, now);
  if (person === null) {
    const first = until === null ? '' : `: its first turn begins ${whenText(until, now, timezone)}`;
    return { ...nobody(`nobody is on call yet${first}`), until };
  }
  if (!people.some((p) => p.key === person)) {
    return { ...nobody(`${person} is on call, who is not under people`), until };
  }
  return { people: [person], until, ends: until === null ? {} : { [person]: until }, problem: null };
}

/** `members`: the Slack ids of those in the user group. Groups may well hold people who are none of m0's. */
export function usergroupNow(id: string, members: readonly string[], { people }: Directory): RotaNow {
  const ids = new Set(members);
  const known = people.filter((p) => p.slack !== null && ids.has(p.slack)).map((p) => p.key);
  if (known.length > 0) return { people: known, until: null, ends: {}, problem: null };
  return nobody(
    ids.size === 0 ? `the user group ${id} is empty` : `nobody in the user group ${id} is under people`,
  );
}

/**
 * Who of m0.yaml this is: by the id given there; by e-mail, however it is written, only where none is given, so
 * that an id once set is the last word.
 */
function personOf(one: OnDuty, people: readonly Person[]): Person | undefined {
  const mail = one.email?.toLowerCase();
  return (
    people.find((p) => p.pagerduty === one.id) ??
    people.find(
      (p) => (p.pagerduty ?? null) === null && mail !== undefined && p.email?.toLowerCase() === mail,
    )
  );
}

export function pagerdutyNow(schedule: string, answer: ScheduleAnswer, { people }: Directory): RotaNow {
  const ends = new Map<string, number | null>();
  const strangers: string[] = [];
  for (const one of answer.onDuty) {
    const key = personOf(one, people)?.key;
    if (key === undefined) strangers.push(`${one.name} (${one.id})`);
    else ends.set(key, later(ends.get(key), one.until));
  }
  const known = [...ends].flatMap(([key, end]) => (end === null ? [] : [[key, end] as const]));
  const problems = [
    ...(answer.trouble === null ? [] : [answer.trouble]),
    ...(strangers.length === 0
      ? []
      : [
          `PagerDuty says ${listed(strangers)} ${strangers.length === 1 ? 'is' : 'are'} on call, who ${
            strangers.length === 1 ? 'is' : 'are'
          } not under people`,
        ]),
    ...(answer.onDuty.length > 0
      ? []
      : [
          `PagerDuty names nobody for schedule ${schedule}: it has a gap now, is in no escalation policy, or is not there`,
        ]),
  ];
  return {
    people: [...ends.keys()],
    until: known.length === 0 ? null : Math.min(...known.map(([, end]) => end)),
    ends: Object.fromEntries(known),
    problem: problems.length === 0 ? null : problems.join('; '),
  };
}

/** The later of two ends; null is no end. `undefined`: there is no first one yet. */
function later(a: number | null | undefined, b: number | null): number | null {
  if (a === undefined) return b;
  return a === null || b === null ? null : Math.max(a, b);
}
