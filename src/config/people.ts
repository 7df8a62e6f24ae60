/** Reads people, groups and on-call rotations of m0.yaml. */

import type { Directory, Person } from '../model/directory.ts';
import type { Rota } from '../model/rota.ts';
import { misspelled } from '../text/nearest.ts';
import { capitalize } from '../text/words.ts';
import type { Context } from './context.ts';
import { milliseconds } from './formats.ts';
import type { RawConfig } from './schema.ts';
import type { Path } from './source.ts';

interface PeopleParts extends Pick<Context, 'report'> {
  readonly raw: RawConfig;
}

/**
 * A person in a group or a rota need not be under `people`: that person can't act without an id, and notes.ts
 * says so. A name that is similar to a known one is reported as a mistake.
 */
function checkMember(path: Path, name: string, { raw, report }: PeopleParts): void {
  const people = Object.keys(raw.people);
  const meant = people.includes(name) ? null : misspelled(name, people);
  if (meant !== null) report(path, `there is no person "${name}", did you mean "${meant}"?`);
}

function checkSlack(path: Path, { raw, report }: PeopleParts): void {
  if (raw.chat.slack === undefined) report(path, 'slack is not set up: add slack under chat');
}

/** Reads `people`, and reports ids that two of them have. */
export function readPeople({ raw, report }: PeopleParts): readonly Person[] {
  const groups = Object.keys(raw.groups);
  const ownerOfId = new Map<string, string>();
  return Object.entries(raw.people).map(
    ([key, { name, slack, teams, email, gitEmails = [], aws = [], github, gitlab, pagerduty }]) => {
      if (groups.includes(key)) report(['people', key], 'is also a group: give one of them another name');
      const ids = { slack, teams, email: email?.toLowerCase(), pagerduty };
      for (const [field, id] of Object.entries(ids)) {
        if (id === undefined) continue;
        // A person with two entries could approve twice.
        const other = ownerOfId.get(`${field} ${id}`);
        if (other !== undefined)
          report(['people', key, field], `is also that of ${other}: one person, one entry`);
        ownerOfId.set(`${field} ${id}`, key);
      }
      aws.forEach((id, i) => {
        const name = `aws ${id.toLowerCase()}`;
        const other = ownerOfId.get(name) ?? key;
        ownerOfId.set(name, other);
        if (other !== key) report(['people', key, 'aws', i], `is also that of ${other}`);
      });
      gitEmails.forEach((address, i) => {
        const id = `email ${address.toLowerCase()}`;
        const other = ownerOfId.get(id) ?? key;
        if (other !== key) report(['people', key, 'gitEmails', i], `is also that of ${other}`);
        ownerOfId.set(id, key);
      });
      return {
        key,
        name: name ?? capitalize(key),
        slack: slack ?? null,
        teams: teams ?? null,
        email: email ?? null,
        ...(gitEmails.length === 0 ? {} : { gitEmails }),
        ...(aws.length === 0 ? {} : { aws }),
        ...(github === undefined ? {} : { github }),
        ...(gitlab === undefined ? {} : { gitlab }),
        ...(pagerduty === undefined ? {} : { pagerduty }),
      };
    },
  );
}

/** Reads `groups`, and reports members whose names are misspelled. */
export function readGroups(parts: PeopleParts): Pick<Directory, 'groups' | 'usergroups'> {
  const { raw } = parts;
  const named: Record<string, readonly string[]> = {};
  const usergroups: Record<string, string> = {};
  for (const [group, members] of Object.entries(raw.groups)) {
    if ('slackUsergroup' in members) {
      checkSlack(['groups', group, 'slackUsergroup'], parts);
      usergroups[group] = members.slackUsergroup;
      continue;
    }
    members.forEach((name, i) => {
      checkMember(['groups', group, i], name, parts);
    });
    named[group] = members;
  }
  return { groups: named, ...(Object.keys(usergroups).length === 0 ? {} : { usergroups }) };
}

/** Reads `oncall`, and reports people whose names are misspelled. */
export function readOnCall(parts: PeopleParts): Directory['oncall'] {
  const { raw } = parts;
  const rotas: Record<string, Rota> = {};
  for (const [key, { rotation, slackUsergroup, pagerduty }] of Object.entries(raw.oncall)) {
    if (pagerduty !== undefined) {
      rotas[key] = { kind: 'pagerduty', schedule: pagerduty.schedule };
    }
    if (slackUsergroup !== undefined) {
      checkSlack(['oncall', key, 'slackUsergroup'], parts);
      rotas[key] = { kind: 'slackUsergroup', id: slackUsergroup };
    }
    if (rotation !== undefined) {
      rotation.people.forEach((person, i) => {
        checkMember(['oncall', key, 'rotation', 'people', i], person, parts);
      });
      const everyMs = milliseconds(rotation.every);
      rotas[key] = { kind: 'rotation', people: rotation.people, everyMs, from: Date.parse(rotation.from) };
    }
  }
  return rotas;
}
