/** Turns m0.yaml as it is written into the configuration that m0 works with. */

import type { Rule } from '../discovery/rule.ts';
import type { GitCredential, WriteCredential } from '../git/credentials.ts';
import type { Directory, Place, PolicySource, Stack } from '../model/directory.ts';
import { ringIn } from '../model/order.ts';
import type { Context } from './context.ts';
import { readCredentials } from './credentials.ts';
import { NO_CHANNEL, readDiscover, readMayOverride } from './discover.ts';
import { milliseconds } from './formats.ts';
import { readGroups, readOnCall, readPeople } from './people.ts';
import { createReader, type Reader } from './reader.ts';
import type { RawConfig, RawStack } from './schema.ts';
import { mergeSettings, readSettings, type Settings, settle } from './settings.ts';
import type { Path } from './source.ts';

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
  const parts = { raw, report: context.report };
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
      people: readPeople(parts),
      ...readGroups(parts),
      oncall: readOnCall(parts),
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
