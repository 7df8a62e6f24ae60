/** Turns m0.yaml as it is written into the configuration that m0 works with. */

import { resolve } from 'node:path';
import type { Rule } from '../discovery/rule.ts';
import type { GitCredential, WriteCredential } from '../git/credentials.ts';
import type { Approvers, Directory, Person, Place, PolicySource, Stack } from '../model/directory.ts';
import { ringIn } from '../model/order.ts';
import type { Rota } from '../model/rota.ts';
import { onCallEntry, rotationName } from '../model/rota.ts';
import { misspelled } from '../text/nearest.ts';
import { capitalize } from '../text/words.ts';
import type { Context } from './context.ts';
import { readCredentials } from './credentials.ts';
import { NO_CHANNEL, readDiscover, readMayOverride } from './discover.ts';
import type { RawConfig, RawStack } from './schema.ts';
import { BadReference, referredValues, resolveReferences } from './secrets.ts';
import { mergeSettings, readSettings, type Settings, settle } from './settings.ts';
import type { Path } from './source.ts';
import { suggestion } from './suggestion.ts';
import { isInsideRepository, VAR_FILE_INSIDE } from './var-files.ts';
import { writeSecretsOf } from './write-secrets.ts';

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
  /** With the stacks of `stacks`; those that `discover` finds are added when their repositories are read. */
  readonly directory: Directory;
  readonly discover: readonly Rule[];
  /** Access to private repositories, for policies and for stacks. */
  readonly credentials: readonly GitCredential[];
  /** Access for pushing m0's own branches and for pull requests; never for reading. */
  readonly writeCredentials: readonly WriteCredential[];
  readonly digests: readonly Digest[];
  /** The channels of `defaults`, which also get what is about m0.yaml itself. */
  readonly channels: readonly Place[];
  /** How long ended runs are kept, and after what time clean checks are folded. In ms. */
  readonly retention: { readonly runsMs: number; readonly checksMs: number };
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
  const writeSecrets = writeSecretsOf(raw.credentials, context);
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

  function readApprovers(path: Path, approvers: NonNullable<RawStack['approvers']>): Approvers {
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

  function readEnv(path: Path, values: Readonly<Record<string, string>>): Pick<Settings, 'env' | 'secrets'> {
    const resolved: Record<string, string> = {};
    const secrets: Record<string, readonly string[]> = {};
    for (const [key, value] of Object.entries(values)) {
      const named = writeSecrets.inEnv(value, null);
      if (named !== null) {
        report([...path, key], named);
        continue;
      }
      try {
        resolved[key] = resolveReferences(value, context.env, context.base);
        const held = writeSecrets.inEnv(value, resolved[key]);
        if (held !== null) report([...path, key], held);
        secrets[key] = referredValues(value, context.env, context.base);
      } catch (error) {
        if (!(error instanceof BadReference)) throw error;
        report([...path, key], error.message);
      }
    }
    return { env: resolved, secrets };
  }

  function policyNames(path: Path, used: readonly string[]): readonly string[] {
    const names = Object.keys(raw.policies);
    used.forEach((name, i) => {
      checkName([...path, i], 'policy', name, names);
    });
    return used;
  }

  function varFiles(path: Path, folder: string, files: readonly string[]): readonly string[] {
    files.forEach((file, i) => {
      if (!isInsideRepository(folder, file)) report([...path, i], VAR_FILE_INSIDE);
    });
    return files;
  }

  /** Stacks that `discover` finds are not known yet: with it, src/discovery looks at the names. */
  function followed(path: Path, names: readonly string[]): readonly string[] {
    const stacks = raw.stacks.map(({ name }) => name);
    names.forEach((name, i) => {
      if (raw.discover.length === 0) checkName([...path, i], 'stack', name, stacks);
    });
    return names;
  }

  return {
    base: context.base,
    approverNames,
    followed,
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
    checkToolFile(path: Path, file: string): void {
      const problem = writeSecrets.inFile(file);
      if (problem !== null) report(path, problem);
    },
    varFiles,
    policyNames,
    milliseconds,
    report,
  };
}

type Reader = ReturnType<typeof createReader>;

function readStack(
  stack: RawStack,
  path: Path,
  below: readonly Settings[],
  policies: ReadonlyMap<string, PolicySource>,
  read: Reader,
): Stack {
  const own = readSettings(stack, path, read);
  const merged = mergeSettings([...below, own]);
  own.after.forEach((name, i) => {
    if (name === stack.name) read.report([...path, 'after', i], 'is the stack itself: name another one');
  });
  if ((merged.channels ?? []).length === 0) read.report([...path, 'channels'], NO_CHANNEL);
  if (stack.runs !== undefined && merged.tool !== 'terragrunt') {
    const tool = merged.tool ?? 'terraform';
    read.report([...path, 'runs'], `says what Terragrunt runs, and the tool of this stack is ${tool}`);
  }
  return {
    name: stack.name,
    environment: stack.environment,
    source: { ...stack.source, git: read.git([...path, 'source', 'git'], stack.source.git) },
    workspace: stack.workspace,
    varFiles: read.varFiles([...path, 'varFiles'], stack.source.path, stack.varFiles),
    ...settle({ name: stack.name, merged, own, path }, policies, read),
  };
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
  // Each place is checked once, and not for each stack that uses it.
  const ofDefaults = readSettings(defaults, ['defaults'], read);
  const ofEnvironment = new Map(
    Object.entries(raw.environments).map(([name, settings]) => [
      name,
      readSettings(settings, ['environments', name], read),
    ]),
  );
  const belowStack = (environment: string): readonly Settings[] => {
    const settings = ofEnvironment.get(environment);
    return settings === undefined ? [ofDefaults] : [ofDefaults, settings];
  };
  if (raw.stacks.length + raw.discover.length === 0) {
    context.report(['stacks'], 'must name at least one stack, or let discover find them');
  }

  const mayOverride = readMayOverride(raw.mayOverride, ['mayOverride'], context.report);
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

  const stacks = raw.stacks.map((stack, i) =>
    readStack(stack, ['stacks', i], belowStack(stack.environment), policies, read),
  );
  const ring = ringIn(stacks);
  if (ring !== null) {
    const at = raw.stacks.findIndex(({ name }) => name === ring[0]);
    context.report(['stacks', at, 'after'], `makes a ring: ${ring.join(' → ')}; take one of them out`);
  }
  return {
    path: context.path,
    chat: { slack: chat.slack ?? null, teams: chat.teams ?? null },
    directory: {
      stacks,
      people: read.readPeople(),
      ...read.readGroups(),
      oncall: read.readOnCall(),
      may: {
        snooze: raw.may.snooze === undefined ? null : read.approverNames(['may', 'snooze'], raw.may.snooze),
        accept: raw.may.accept === undefined ? null : read.approverNames(['may', 'accept'], raw.may.accept),
        codify: raw.may.codify === undefined ? null : read.approverNames(['may', 'codify'], raw.may.codify),
        pause: raw.may.pause === undefined ? null : read.approverNames(['may', 'pause'], raw.may.pause),
      },
      timezone: defaults.timezone,
      forges: raw.forges,
    },
    channels: ofDefaults.channels ?? [],
    ...readCredentials(raw.credentials, context),
    retention: {
      runsMs: milliseconds(raw.retention.runs),
      checksMs: milliseconds(raw.retention.checks),
    },
    discover: raw.discover.map((entry, i) =>
      readDiscover(entry, i, {
        read,
        readerWith: (report) => createReader(raw, { ...context, report }),
        policies,
        belowStack,
        mayOverride:
          entry.mayOverride === undefined
            ? mayOverride
            : readMayOverride(entry.mayOverride, ['discover', i, 'mayOverride'], context.report),
      }),
    ),
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
