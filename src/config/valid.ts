/** Turns m0.yaml as it is written into the configuration that m0 works with. */

import { resolve } from 'node:path';
import type { GitCredential } from '../git/credentials.ts';
import type { Approvers, Directory, Person, Place, PolicySource, Stack } from '../model/directory.ts';
import type { Rota } from '../model/rota.ts';
import { onCallEntry, rotationName } from '../model/rota.ts';
import { misspelled } from '../text/nearest.ts';
import { capitalize } from '../text/words.ts';
import { checkAsking, readAsking } from './asking.ts';
import type { Context } from './context.ts';
import { readCredentials } from './credentials.ts';
import type { RawConfig, RawStack } from './schema.ts';
import { BadReference, referredValues, resolveReferences } from './secrets.ts';
import type { Path } from './source.ts';
import { suggestion } from './suggestion.ts';

/** When and where a digest is posted, and about which stacks. */
export interface Digest {
  readonly schedule: readonly string[];
  readonly timezone: string;
  readonly channels: readonly Place[];
  /** Stacks, environments or globs; empty: all stacks. */
  readonly targets: readonly string[];
}

/** The configuration that m0 works with: defaults applied, names checked, references to secrets resolved. */
export interface Config {
  /** Absolute path of m0.yaml. */
  readonly path: string;
  readonly chat: {
    readonly slack: { readonly mode: 'socket' | 'http'; readonly matchByEmail: boolean } | null;
    readonly teams: Readonly<Record<string, never>> | null;
  };
  readonly directory: Directory;
  /** Access to private repositories, for policies and for stacks. */
  readonly credentials: readonly GitCredential[];
  readonly digests: readonly Digest[];
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

function milliseconds(duration: string): number {
  return Number(duration.slice(0, -1)) * UNITS[duration.slice(-1) as keyof typeof UNITS];
}

function toPlace(text: string): Place {
  const colon = text.indexOf(':');
  return { platform: text.slice(0, colon) as Place['platform'], channel: text.slice(colon + 1) };
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

/** The functions that read the parts of one raw configuration and report its problems. */
function createReader(raw: RawConfig, context: Context) {
  const { report } = context;
  const people = Object.keys(raw.people);
  const groups = Object.keys(raw.groups);

  function checkName(path: Path, what: string, name: string, names: readonly string[]): boolean {
    if (names.includes(name)) return true;
    report(path, `there is no ${what} "${name}"${suggestion(name, names)}`);
    return false;
  }

  /**
   * A person in a group or a rota need not be under `people`: that person can't act without an id, and notes.ts
   * says so. A name that is similar to a known one is reported as a mistake.
   */
  function checkMember(path: Path, name: string): void {
    const meant = people.includes(name) ? null : misspelled(name, people);
    if (meant !== null) report(path, `there is no person "${name}", did you mean "${meant}"?`);
  }

  /** Each of `names` must be a group, a person or `oncall:NAME`. */
  function approverNames(path: Path, names: readonly string[]): readonly string[] {
    const all = [...groups, ...people, ...Object.keys(raw.oncall).map(onCallEntry)];
    names.forEach((name, i) => {
      checkName([...path, i], 'group, person or rota', name, all);
    });
    return names;
  }

  function zone(path: Path, name: string): string {
    if (!isZone(name)) report(path, `there is no time zone "${name}": use a name such as Europe/Berlin`);
    return name;
  }

  function crons(path: Path, schedule: string | readonly string[]): readonly string[] {
    const list = typeof schedule === 'string' ? [schedule] : schedule;
    list.forEach((cron, i) => {
      if (context.isValidCron(cron)) return;
      const where = typeof schedule === 'string' ? path : [...path, i];
      report(where, `"${cron}" is not a cron: write minute hour day month weekday, as in "0 */2 * * *"`);
    });
    return list;
  }

  function places(path: Path, texts: readonly string[]): readonly Place[] {
    return texts.map((text, i) => {
      const place = toPlace(text);
      if (raw.chat[place.platform] === undefined) {
        report([...path, i], `${place.platform} is not set up: add ${place.platform} under chat`);
      }
      return place;
    });
  }

  function git(path: Path, address: string): string {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
      if (URL.canParse(address) && new URL(address).password !== '') {
        // Cards and logs show the repository, so everybody could read a password in it.
        report(path, 'holds a password: take it out and name it under credentials, by reference');
      }
      return address;
    }
    // git@host:path; anything else is a path.
    return /^[^/\\:]+:/.test(address) ? address : resolve(context.base, address);
  }

  function readPeople(): readonly Person[] {
    const ownerOfId = new Map<string, string>();
    return Object.entries(raw.people).map(([key, { name, slack, teams, email, pagerduty }]) => {
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
      return {
        key,
        name: name ?? capitalize(key),
        slack: slack ?? null,
        teams: teams ?? null,
        email: email ?? null,
        ...(pagerduty === undefined ? {} : { pagerduty }),
      };
    });
  }

  function readGroups(): Pick<Directory, 'groups' | 'usergroups'> {
    const named: Record<string, readonly string[]> = {};
    const usergroups: Record<string, string> = {};
    for (const [group, members] of Object.entries(raw.groups)) {
      if ('slackUsergroup' in members) {
        if (raw.chat.slack === undefined) {
          report(['groups', group, 'slackUsergroup'], 'slack is not set up: add slack under chat');
        }
        usergroups[group] = members.slackUsergroup;
        continue;
      }
      members.forEach((name, i) => {
        checkMember(['groups', group, i], name);
      });
      named[group] = members;
    }
    return { groups: named, ...(Object.keys(usergroups).length === 0 ? {} : { usergroups }) };
  }

  function readOnCall(): Directory['oncall'] {
    const rotas: Record<string, Rota> = {};
    for (const [key, { rotation, slackUsergroup, pagerduty }] of Object.entries(raw.oncall)) {
      if (pagerduty !== undefined) {
        rotas[key] = { kind: 'pagerduty', schedule: pagerduty.schedule };
      }
      if (slackUsergroup !== undefined) {
        if (raw.chat.slack === undefined) {
          report(['oncall', key, 'slackUsergroup'], 'slack is not set up: add slack under chat');
        }
        rotas[key] = { kind: 'slackUsergroup', id: slackUsergroup };
      }
      if (rotation !== undefined) {
        rotation.people.forEach((person, i) => {
          checkMember(['oncall', key, 'rotation', 'people', i], person);
        });
        const everyMs = milliseconds(rotation.every);
        rotas[key] = { kind: 'rotation', people: rotation.people, everyMs, from: Date.parse(rotation.from) };
      }
    }
    return rotas;
  }

  function readPolicies(): ReadonlyMap<string, PolicySource> {
    return new Map(
      Object.entries(raw.policies).map(([name, policy]) => [
        name,
        { ...policy, name, git: git(['policies', name, 'git'], policy.git) },
      ]),
    );
  }

  /** The largest number of people who can approve; Infinity if only the chat or PagerDuty knows. */
  function possibleApprovers(from: readonly string[]): number {
    const persons = new Set<string>();
    for (const entry of from) {
      const named = rotationName(entry);
      const rota = named === null ? undefined : raw.oncall[named];
      if (rota?.slackUsergroup !== undefined || rota?.pagerduty !== undefined)
        return Number.POSITIVE_INFINITY;
      // A rotation has one person on call at a time, so it adds one.
      if (rota?.rotation !== undefined) persons.add(entry);
      const group = raw.groups[entry] ?? [];
      if ('slackUsergroup' in group) return Number.POSITIVE_INFINITY;
      for (const person of group) if (people.includes(person)) persons.add(person);
      if (people.includes(entry)) persons.add(entry);
    }
    return persons.size;
  }

  function readApprovers(path: Path, approvers: RawStack['approvers']): Approvers {
    // Without approvers nobody can approve. It never means that anybody can.
    if (approvers === undefined) return { from: [], need: 1, notTheAuthor: false };
    approverNames([...path, 'from'], approvers.from);
    const possible = possibleApprovers(approvers.from);
    if (approvers.from.length > 0 && approvers.need > possible) {
      report(
        [...path, 'need'],
        `needs ${approvers.need} people, but at most ${possible} can approve: name more or need less`,
      );
    }
    return approvers;
  }

  function readEnv(
    path: Path,
    values: Readonly<Record<string, string>>,
  ): Pick<Stack, 'env'> & { readonly secrets: readonly string[] } {
    const resolved: Record<string, string> = {};
    const secrets: string[] = [];
    for (const [key, value] of Object.entries(values)) {
      try {
        resolved[key] = resolveReferences(value, context.env, context.base);
        secrets.push(...referredValues(value, context.env, context.base));
      } catch (error) {
        if (!(error instanceof BadReference)) throw error;
        report([...path, key], error.message);
      }
    }
    return { env: resolved, secrets };
  }

  function varFiles(path: Path, folder: string, files: readonly string[]): readonly string[] {
    files.forEach((file, i) => {
      const steps = `${folder}/${file}`.split(/[/\\]/).filter((step) => step !== '' && step !== '.');
      let depth = 0;
      const leavesRepository = steps.some((step) => {
        depth += step === '..' ? -1 : 1;
        return depth < 0;
      });
      if (leavesRepository || /^[/\\-]/.test(file))
        report([...path, i], "must be a path from the stack's folder, inside the repository");
    });
    return files;
  }

  return {
    approverNames,
    zone,
    crons,
    places,
    git,
    readPeople,
    readGroups,
    readOnCall,
    readPolicies,
    readApprovers,
    readEnv,
    varFiles,
    checkName,
    milliseconds,
    report,
  };
}

function readStack(
  raw: RawConfig,
  stack: RawStack,
  path: Path,
  policies: ReadonlyMap<string, PolicySource>,
  read: ReturnType<typeof createReader>,
  context: Context,
): Stack {
  const { defaults } = raw;
  const names = [...policies.keys()];
  stack.policies.forEach((name, i) => {
    read.checkName([...path, 'policies', i], 'policy', name, names);
  });
  if ((stack.channels ?? defaults.channels).length === 0) {
    context.report(
      [...path, 'channels'],
      'has no channel, so nobody would see its drift: name one, here or in defaults',
    );
  }
  const used = [...new Set([...defaults.policies, ...stack.policies])];
  return {
    name: stack.name,
    environment: stack.environment,
    source: { ...stack.source, git: read.git([...path, 'source', 'git'], stack.source.git) },
    tool: stack.tool ?? defaults.tool,
    toolVersion: stack.version ?? null,
    workspace: stack.workspace,
    varFiles: read.varFiles([...path, 'varFiles'], stack.source.path, stack.varFiles),
    ...read.readEnv([...path, 'env'], stack.env),
    schedule:
      stack.schedule === undefined
        ? crons(defaults.schedule)
        : read.crons([...path, 'schedule'], stack.schedule),
    pollMs: pollMs(stack.push ?? defaults.push),
    timezone:
      stack.timezone === undefined ? defaults.timezone : read.zone([...path, 'timezone'], stack.timezone),
    realign: stack.realign ?? defaults.realign,
    policies: used.flatMap((name) => policies.get(name) ?? []),
    channels:
      stack.channels === undefined
        ? defaults.channels.map(toPlace)
        : read.places([...path, 'channels'], stack.channels),
    approvers:
      stack.approvers === undefined
        ? (defaults.approvers ?? { from: [], need: 1, notTheAuthor: false })
        : read.readApprovers([...path, 'approvers'], stack.approvers),
    ignore: [...defaults.ignore, ...stack.ignore],
    ...readAsking(raw, stack, path, stack.timezone ?? defaults.timezone, read),
  };
}

function pollMs(push: RawConfig['defaults']['push']): number | null {
  return push === 'off' ? null : milliseconds(push.poll);
}

function crons(schedule: string | readonly string[]): readonly string[] {
  return typeof schedule === 'string' ? [schedule] : schedule;
}

/**
 * Applies defaults, checks every name that refers to another part of the file, and reports all problems to
 * `context`.
 */
export function toValid(raw: RawConfig, context: Context): Config {
  const read = createReader(raw, context);
  const { defaults, chat } = raw;
  if (chat.slack === undefined && chat.teams === undefined) {
    context.report(['chat'], 'has no platform: add slack: {}');
  }
  const policies = read.readPolicies();
  // The defaults are checked once here, and not for each stack that uses them.
  read.zone(['defaults', 'timezone'], defaults.timezone);
  read.crons(['defaults', 'schedule'], defaults.schedule);
  read.places(['defaults', 'channels'], defaults.channels);
  defaults.policies.forEach((name, i) => {
    read.checkName(['defaults', 'policies', i], 'policy', name, [...policies.keys()]);
  });
  read.readApprovers(['defaults', 'approvers'], defaults.approvers);
  checkAsking(raw, read);

  const first = new Map<string, number>();
  raw.stacks.forEach(({ name }, i) => {
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, i);
    else
      context.report(
        ['stacks', i, 'name'],
        `"${name}" is also the name of stacks[${earlier}]: names must differ`,
      );
  });

  return {
    path: context.path,
    chat: { slack: chat.slack ?? null, teams: chat.teams ?? null },
    directory: {
      stacks: raw.stacks.map((stack, i) => readStack(raw, stack, ['stacks', i], policies, read, context)),
      people: read.readPeople(),
      ...read.readGroups(),
      oncall: read.readOnCall(),
      may: {
        snooze: raw.may.snooze === undefined ? null : read.approverNames(['may', 'snooze'], raw.may.snooze),
        accept: raw.may.accept === undefined ? null : read.approverNames(['may', 'accept'], raw.may.accept),
      },
      timezone: defaults.timezone,
    },
    credentials: readCredentials(raw.credentials, context),
    digests: raw.digests.map((digest, i) => ({
      schedule: read.crons(['digests', i, 'schedule'], digest.schedule),
      timezone:
        digest.timezone === undefined
          ? defaults.timezone
          : read.zone(['digests', i, 'timezone'], digest.timezone),
      channels: read.places(['digests', i, 'channels'], digest.channels),
      targets: digest.targets,
    })),
  };
}
