/** Reads the values that several parts of m0.yaml have: names of other parts, places, crons, addresses, variables. */

import { resolve } from 'node:path';
import type { Approvers, Place, PolicySource } from '../model/directory.ts';
import { onCallEntry, rotationName } from '../model/rota.ts';
import type { Context } from './context.ts';
import { milliseconds } from './formats.ts';
import type { RawConfig, RawStack } from './schema.ts';
import { BadReference, referredValues, resolveReferences } from './secrets.ts';
import type { Settings } from './settings.ts';
import type { Path } from './source.ts';
import { suggestion } from './suggestion.ts';
import { isInsideRepository, VAR_FILE_INSIDE } from './var-files.ts';
import { writeSecretsOf } from './write-secrets.ts';

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

/** Creates the functions that read values of one raw configuration and report their problems. */
export function createReader(raw: RawConfig, context: Context) {
  const { report } = context;
  const writeSecrets = writeSecretsOf(raw.credentials, context);
  const people = Object.keys(raw.people);
  const groups = Object.keys(raw.groups);

  function checkName(path: Path, what: string, name: string, names: readonly string[]): boolean {
    if (names.includes(name)) return true;
    report(path, `there is no ${what} "${name}"${suggestion(name, names)}`);
    return false;
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

export type Reader = ReturnType<typeof createReader>;
