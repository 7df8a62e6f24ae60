/** Who is on call in a rota now, and what is wrong with the rota. Pure. */

import type { Directory, Person } from '../model/directory.ts';
import type { OnDuty, ScheduleAnswer } from '../model/rota.ts';
import { onCallNow, onCallUntil, type Rotation } from '../model/rota.ts';
import { instant } from '../text/instant.ts';
import { listed } from '../text/words.ts';

/** The state of one rota. Times in ms since epoch. */
export interface RotaNow {
  /** Keys under `people`, each once. */
  readonly people: readonly string[];
  /** When the people on call change next; null if that is not known, or never. */
  readonly until: number | null;
  /** Person -> when that person's turn ends. People whose end is not known are left out. */
  readonly ends: Readonly<Record<string, number>>;
  /** The rota could not be resolved, has nobody, or names people who are not in m0.yaml; null if all is well. */
  readonly problem: string | null;
}

/** A rota with nobody on call. Nobody may approve in its place. */
export function nobodyOnCall(problem: string): RotaNow {
  return { people: [], until: null, ends: {}, problem };
}

/** Who is on call in a rotation of m0.yaml at `now` (ms since epoch). */
export function rotationNow(rota: Rotation, { people }: Directory, now: number): RotaNow {
  const person = onCallNow(rota, now);
  const until = onCallUntil(rota, now);
  if (person === null) {
    const first = until === null ? '' : `: its first turn begins ${instant(until)}`;
    return { ...nobodyOnCall(`nobody is on call yet${first}`), until };
  }
  if (!people.some((p) => p.key === person)) {
    return { ...nobodyOnCall(`${person} is on call, who is not under people`), until };
  }
  return { people: [person], until, ends: until === null ? {} : { [person]: until }, problem: null };
}

/** `members`: Slack ids of the members of the user group. Members who are not in m0.yaml are ignored. */
export function usergroupNow(id: string, members: readonly string[], { people }: Directory): RotaNow {
  const ids = new Set(members);
  const known = people.filter((p) => p.slack !== null && ids.has(p.slack)).map((p) => p.key);
  if (known.length > 0) return { people: known, until: null, ends: {}, problem: null };
  return nobodyOnCall(
    ids.size === 0 ? `the user group ${id} is empty` : `nobody in the user group ${id} is under people`,
  );
}

/**
 * The person of m0.yaml with that PagerDuty id. The e-mail address (in any case) counts only for people without an
 * id, so that an id which is set always decides.
 */
function personOf(onDuty: OnDuty, people: readonly Person[]): Person | undefined {
  const mail = onDuty.email?.toLowerCase();
  return (
    people.find((p) => p.pagerduty === onDuty.id) ??
    people.find(
      (p) => (p.pagerduty ?? null) === null && mail !== undefined && p.email?.toLowerCase() === mail,
    )
  );
}

/** Who is on call by an answer of PagerDuty, and which people in it are not in m0.yaml. */
export function pagerdutyNow(schedule: string, answer: ScheduleAnswer, { people }: Directory): RotaNow {
  const ends = new Map<string, number | null>();
  const unknownPeople: string[] = [];
  for (const onDuty of answer.onDuty) {
    const key = personOf(onDuty, people)?.key;
    if (key === undefined) unknownPeople.push(`${onDuty.name} (${onDuty.id})`);
    else ends.set(key, laterEnd(ends.get(key), onDuty.until));
  }
  const known = [...ends].flatMap(([key, end]) => (end === null ? [] : [[key, end] as const]));
  const problems = [
    ...(answer.trouble === null ? [] : [answer.trouble]),
    ...(unknownPeople.length === 0
      ? []
      : [
          `PagerDuty says ${listed(unknownPeople)} ${unknownPeople.length === 1 ? 'is' : 'are'} on call, who ${
            unknownPeople.length === 1 ? 'is' : 'are'
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

/** The later of two ends; null means no end. `undefined`: there is no first end yet. */
function laterEnd(a: number | null | undefined, b: number | null): number | null {
  if (a === undefined) return b;
  return a === null || b === null ? null : Math.max(a, b);
}
