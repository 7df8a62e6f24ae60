/** Looks whether all that m0.yaml names can be reached: repositories, refs, folders, var files, roles, workspaces, channels. */
import { join, posix } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { createLogger } from '../base/log.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/load.ts';
import { filesAt } from '../discovery/read-snapshot.ts';
import { scrubUrl } from '../git/address.ts';
import { createMirrors, type Mirrors } from '../git/mirrors.ts';
import type { Place, Stack } from '../model/directory.ts';
import { countLeft } from '../model/watching.ts';
import type { Row } from '../setup/inspect.ts';
import { count } from '../text/words.ts';
import { look } from './look.ts';
import { roleRows } from './reach-roles.ts';
import { slackReachRows } from './reach-slack.ts';
import { workspaceRows } from './reach-workspaces.ts';
import { writeRows } from './reach-write.ts';

interface Wanted {
  readonly git: string;
  readonly ref: string;
  readonly stacks: readonly Stack[];
  /** Policies that are read there, by their folders. */
  readonly policies: readonly { readonly name: string; readonly path: string }[];
}

/** Each repository and ref once, with what is read there. */
function wantedOf(stacks: readonly Stack[]): readonly Wanted[] {
  const policies = new Map(stacks.flatMap((s) => s.policies).map((policy) => [policy.name, policy]));
  const all = [
    ...stacks.map((stack) => ({ git: stack.source.git, ref: stack.source.ref, stack, policy: null })),
    ...[...policies.values()].map((policy) => ({ git: policy.git, ref: policy.ref, stack: null, policy })),
  ];
  return [...Map.groupBy(all, ({ git, ref }) => JSON.stringify([git, ref])).values()].map((same) => ({
    git: same[0]?.git ?? '',
    ref: same[0]?.ref ?? '',
    stacks: same.flatMap(({ stack }) => stack ?? []),
    policies: same.flatMap(({ policy }) => policy ?? []),
  }));
}

/** What of the stacks and policies is not in the repository. */
function missingIn(files: ReadonlySet<string>, { stacks, policies }: Wanted): readonly Row[] {
  const folders = new Set([...files].flatMap((file) => parentsOf(file)));
  const has = (path: string): boolean =>
    folders.has(posix.normalize(path === '' ? '.' : path).replace(/\/$/, ''));
  const rows = stacks.flatMap((stack): Row[] => {
    const { path } = stack.source;
    // Terragrunt generates such a folder from a terragrunt.stack.hcl.
    if (!has(path) && stack.terragrunt !== true) {
      const found = `there is no folder ${path}`;
      return [{ what: stack.name, state: 'missing', found, todo: 'correct source.path in m0.yaml' }];
    }
    return stack.varFiles
      .map((file) => posix.join(path, file))
      .filter((file) => !files.has(file))
      .map((file) => ({
        ...{ what: stack.name, state: 'missing' as const, found: `there is no var file ${file}` },
        todo: 'correct varFiles in m0.yaml',
      }));
  });
  const gone = policies.filter(({ path }) => !has(path));
  return [
    ...rows,
    ...gone.map(({ name, path }) => ({
      ...{ what: `policy ${name}`, state: 'missing' as const, found: `there is no folder ${path}` },
      todo: 'correct its path in m0.yaml',
    })),
  ];
}

function parentsOf(file: string): readonly string[] {
  const parents = ['.'];
  for (let at = posix.dirname(file); at !== '.'; at = posix.dirname(at)) parents.push(at);
  return parents;
}

async function repositoryRows(mirrors: Mirrors, wanted: Wanted): Promise<readonly Row[]> {
  const what = `${scrubUrl(wanted.git)} (${wanted.ref})`;
  try {
    const { commit } = await mirrors.fetch(wanted.git, wanted.ref);
    const entries = await mirrors.reading(wanted.git, 'listing the files of', (git) => filesAt(git, commit));
    const missing = missingIn(new Set(entries.map(({ path }) => path)), wanted);
    const parts = [
      ...(wanted.stacks.length === 0 ? [] : [count(wanted.stacks.length, 'stack')]),
      ...(wanted.policies.length === 0 ? [] : [count(wanted.policies.length, 'policy', 'policies')]),
    ];
    return [{ what, state: 'ok', found: `${commit.slice(0, 7)}, ${parts.join(' and ')}` }, ...missing];
  } catch (error) {
    const todo = 'check the address, the ref and credentials in m0.yaml';
    return [{ what, state: 'missing', found: errorText(error), todo }];
  }
}

/** All stacks, those that `discover` finds as well, and what is wrong with these. */
async function stacksOf(
  config: Config,
  env: Environment,
): Promise<{ readonly stacks: readonly Stack[]; readonly rows: readonly Row[] }> {
  if (config.discover.length === 0) return { stacks: config.directory.stacks, rows: [] };
  const what = 'discover';
  try {
    const { stacks, watching } = await look(config, env);
    const { excluded, unwatched } = countLeft(watching);
    const problems = [
      ...watching.problems,
      ...watching.stacks.flatMap(({ stack, notes }) => notes.map((note) => `${stack}: ${note}`)),
    ];
    const found = `${count(stacks.length, 'stack')}, ${excluded} excluded by rule, ${unwatched} unwatched`;
    return {
      stacks,
      rows: [
        unwatched === 0
          ? { what, state: 'ok', found }
          : { what, state: 'warning', found, todo: 'm0 stacks says which, and why' },
        ...problems.map((problem) => ({ what, state: 'warning' as const, found: problem })),
      ],
    };
  } catch (error) {
    const todo = 'check the address, the ref and credentials in m0.yaml';
    return {
      stacks: config.directory.stacks,
      rows: [{ what, state: 'missing', found: errorText(error), todo }],
    };
  }
}

function channelsOf(places: readonly Place[], platform: Place['platform']): readonly string[] {
  const ids = places.flatMap((place) =>
    place.platform === platform && 'channel' in place ? [place.channel] : [],
  );
  return [...new Set(ids)].sort();
}

/** One row for each thing that is named, or for what is wrong with it. Asks only, and changes nothing. Never rejects. */
export async function reachRows(config: Config, env: Environment): Promise<readonly Row[]> {
  const mirrors = createMirrors({
    // Not the mirrors of the m0 that may be running: two processes must not fetch into one.
    dir: join(env.dataDir, 'cli', 'git'),
    log: createLogger('silent'),
    base: env.variables,
    credentials: config.credentials,
  });
  const { stacks, rows } = await stacksOf(config, env);
  const repositories: Row[] = [];
  for (const wanted of wantedOf(stacks)) repositories.push(...(await repositoryRows(mirrors, wanted)));
  const places = [...stacks, ...config.digests].flatMap((each) => each.channels);
  const teams = channelsOf(places, 'teams');
  return [
    ...rows,
    ...repositories,
    ...(await writeRows(config, env, stacks, mirrors)),
    ...(await roleRows(stacks)),
    ...(await workspaceRows(config, env, stacks)),
    ...(config.chat.slack === null ? [] : await slackReachRows(env, channelsOf(places, 'slack'))),
    ...teams.map((channel): Row => {
      const found =
        'a bot is told only where somebody has added it; m0 names the channels it waits for at its start';
      return { what: `teams:${channel}`, state: 'warning', found };
    }),
  ];
}
