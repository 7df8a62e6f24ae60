/** Makes a stack of the folder of a person's working copy, without an m0.yaml. */
import { readFile, rename, rm } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorText } from '../../base/error-text.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { Environment, Variables } from '../../config/environment.ts';
import { type Config, readConfig } from '../../config/load.ts';
import type { Mirrors } from '../../git/mirrors.ts';
import { openWorkingCopy, type Snapshot, snapshotOf, type WorkingCopy } from '../../git/working-copy.ts';
import { environmentIndex } from '../../init/environments.ts';
import { type RepositoryFacts, readRepository } from '../../init/read-repository.ts';
import { ENVIRONMENT, findInitRoots, type InitRoot, NO_ENVIRONMENT } from '../../init/roots.ts';
import { wantedTool } from '../../init/versions.ts';
import type { Stack } from '../../model/directory.ts';
import { isValidCron } from '../../schedule/cron.ts';
import { refusedSettings } from '../../terraform/terragrunt.ts';
import { listed } from '../../text/words.ts';
import { type OwnBackend, ownBackend } from './own-backend.ts';
import type { KnownCode } from './try-stack.ts';

const POLICIES = fileURLToPath(new URL('../../../policies', import.meta.url));
/** The recommended starter policies, see policies/README.md. The first one decides. */
export const STARTER_POLICIES = [
  ...['known-safe-auto', 'network-human', 'identity-human', 'data-human', 'blast-radius'],
] as const;
/** In the folder of the copy: the name of a file there that the person does not have. */
const OVERRIDE = 'm0_check_override.tf.json';
/** How many root modules an error names. */
const MOST_ROOTS = 3;
/** Of a channel that nothing is posted to. */
const NO_CHANNEL = 'slack:C0CHECK0000';
/** Variables of the shell, of npm and of m0 itself; what else would change the meaning of a plan, or its output. */
const NOT_PASSED =
  /^(SLACK_|MICROSOFT_APP_|M0_|PAGERDUTY_|npm_|NODE_|TF_CLI_ARGS|TF_REATTACH_PROVIDERS$|TF_DATA_DIR$|TF_WORKSPACE$|TF_CLI_CONFIG_FILE$|TF_PLUGIN_CACHE_DIR$|TF_LOG|TF_IN_AUTOMATION$|TF_INPUT$|INIT_CWD$|PWD$|OLDPWD$|SHLVL$|_$|LS_COLORS$|TMPDIR$|GIT_)/;

export interface OwnFolder {
  readonly config: Config;
  readonly stack: Stack;
  readonly backend: OwnBackend;
  /** What people know the code as; without a commit where the copy is no commit of theirs. */
  readonly code: KnownCode;
  readonly copy: WorkingCopy;
  readonly snapshot: Snapshot;
}

export interface OwnFolderParts {
  /** The folder, absolute. */
  readonly folder: string;
  /** Var files as they were typed, absolute. */
  readonly varFiles: readonly string[];
  /** A folder of this command alone. */
  readonly scratch: string;
  readonly environment: Environment;
  readonly mirrors: Mirrors;
}

/** The person's own environment: the tool must reach the state and the cloud as it does for that person. */
export function ownVariables(variables: Variables, terragrunt: boolean): Readonly<Record<string, string>> {
  const passed = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined || NOT_PASSED.test(name) ? [] : [[name, value] as const],
  );
  const refused = new Set(terragrunt ? refusedSettings(passed.map(([name]) => name)) : []);
  return Object.fromEntries(passed.filter(([name]) => !refused.has(name)));
}

/**
 * Copies the working copy and describes the folder as a stack: its tool and version as `m0 init` finds them, its backend,
 * its workspace and the person's environment as they are. Rejects with a GitError or a ConfigError.
 */
export async function openOwnFolder(parts: OwnFolderParts): Promise<OwnFolder> {
  const { folder, scratch, environment, mirrors } = parts;
  const { variables: base } = environment;
  const copy = await openWorkingCopy(folder, base);
  const backend = await ownBackend(folder, join(scratch, 'state'), base);
  const varFiles = await readVarFiles(parts.varFiles);
  const at = (name: string): string => (copy.path === '' ? name : `${copy.path}/${name}`);
  const take = (into: string, more: ReadonlyMap<string, string>, states: boolean): Promise<Snapshot> =>
    snapshotOf(copy, { into: join(scratch, into), base, files: more, states, without: environment.dataDir });
  const given = new Map([...varFiles].map(([name, text]) => [at(name), text]));
  let snapshot = await take(repositoryName(copy), given, true);
  const { commit } = await mirrors.fetch(snapshot.repository, snapshot.ref);
  const facts = await mirrors.reading(snapshot.repository, 'looking for code in', (git) =>
    readRepository(git, commit),
  );
  const root = rootAt(facts, copy.path, folder);
  if (root.tool !== 'terragrunt') {
    // Terragrunt writes a backend of its own, and finds local states where they are.
    const override = JSON.stringify({ terraform: { backend: backend.override } });
    const files = backend.override === null ? given : new Map([...given, [at(OVERRIDE), override]]);
    snapshot = await take(join('code', repositoryName(copy)), files, false);
  }
  const policies = await starterPolicies(parts);
  const config = await configOf({ root, copy, snapshot, policies, backend, varFiles: [...varFiles.keys()] });
  const [written] = config.directory.stacks;
  if (written === undefined) throw new Error(`describing ${folder} as a stack: there is none`);
  const stack = { ...written, env: ownVariables(base, root.tool === 'terragrunt') };
  return {
    ...{ stack, backend, copy, snapshot },
    config: { ...config, directory: { ...config.directory, stacks: [stack] } },
    code: {
      ...(snapshot.changed || copy.head === null ? {} : { ...copy.head, ...copy.touched }),
      ...{ repository: copy.head?.repository ?? copy.top, ref: copy.head?.ref ?? snapshot.ref },
    },
  };
}

/**
 * Always in the same place and the same commit, so that what was compiled of it is used again by the next command.
 */
async function starterPolicies({ scratch, environment }: OwnFolderParts): Promise<Snapshot> {
  const { dataDir, variables: base } = environment;
  const made = await snapshotOf(
    { top: POLICIES, path: '', head: null, gitDir: null },
    { into: join(scratch, 'policies.git'), base, states: false, without: dataDir, at: 0 },
  );
  const repository = resolve(dataDir, 'cli', 'starter-policies.git');
  try {
    await rm(repository, { recursive: true, force: true });
    await rename(made.repository, repository);
    return { ...made, repository };
  } catch {
    // Another command has just put its own there.
    return made;
  }
}

const repositoryName = ({ top }: WorkingCopy): string => `${basename(top) || 'code'}.git`;

/** The texts of var files, by the names that they get in the copy. */
async function readVarFiles(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const [i, path] of paths.entries()) {
    const ending = extname(path) === '.json' ? '.tfvars.json' : '.tfvars';
    try {
      files.set(`m0-check-${i + 1}${ending}`, await readFile(path, 'utf8'));
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const why = missing ? 'there is no such file' : errorText(error);
      throw new ConfigError([`check: --var-file ${path}: ${why}`], { cause: error });
    }
  }
  return files;
}

/** The path of a folder below another one; null where it is not below it. */
function relativeTo(top: string, path: string): string | null {
  if (top === '') return path;
  return path.startsWith(`${top}/`) ? path.slice(top.length + 1) : null;
}

/** What the folder is; also where `m0 init` would take it for an example or a module. */
function rootAt(facts: RepositoryFacts, path: string, folder: string): InitRoot {
  const { roots } = findInitRoots(facts);
  const found = roots.find((root) => root.path === path);
  if (found !== undefined) return found;
  const code = facts.folders.find((one) => one.path === path && one.code);
  if (code === undefined) {
    const below = roots.flatMap((root) => relativeTo(path, root.path) ?? []);
    const there = below.length === 0 ? '' : `, such as ${listed(below.slice(0, MOST_ROOTS))} in it`;
    const problem = 'there is no Terraform, OpenTofu or Terragrunt code in this folder: name a root module';
    throw new ConfigError([`check: ${folder}: ${problem}${there}`]);
  }
  const { tool, version } = wantedTool(path, facts.versionFiles, {
    ...code.facts,
    usesTofu: code.usesTofu,
  });
  const at = environmentIndex(path);
  return { path, at, hasState: true, workspaces: null, varFiles: [], tool, runs: 'terraform', version };
}

async function configOf(of: {
  readonly root: InitRoot;
  readonly copy: WorkingCopy;
  readonly snapshot: Snapshot;
  readonly policies: Snapshot;
  readonly backend: OwnBackend;
  readonly varFiles: readonly string[];
}): Promise<Config> {
  const { root, copy, snapshot, policies, backend } = of;
  const environment = root.at === null ? NO_ENVIRONMENT : (copy.path.split('/')[root.at] ?? NO_ENVIRONMENT);
  const replaced = backend.workspace === 'default' ? environment : backend.workspace;
  const found = root.varFiles.map((file) => file.replaceAll(ENVIRONMENT, replaced));
  const text = JSON.stringify({
    chat: { slack: {}, teams: {} },
    // Somebody who may approve, so that the card has its buttons.
    people: { you: { slack: 'U0CHECK0000' } },
    policies: Object.fromEntries(
      STARTER_POLICIES.map((name, i) => [
        name,
        {
          ...{ git: policies.repository, ref: policies.ref, path: name },
          ...(i === 0 ? {} : { mode: 'guardrail' }),
        },
      ]),
    ),
    defaults: { realign: 'policy', channels: [NO_CHANNEL], policies: STARTER_POLICIES },
    stacks: [
      {
        name: nameOf(copy),
        environment,
        source: { git: snapshot.repository, ref: snapshot.ref, path: copy.path === '' ? '.' : copy.path },
        tool: root.tool,
        ...(root.tool === 'terragrunt' && root.runs !== 'terraform' ? { runs: root.runs } : {}),
        ...(root.version === null ? {} : { version: root.version }),
        ...(backend.workspace === 'default' ? {} : { workspace: backend.workspace }),
        varFiles: of.varFiles.length > 0 ? of.varFiles : found,
        approvers: { from: ['you'], need: 1 },
      },
    ],
  });
  return readConfig(text, resolve(copy.top, 'm0.yaml'), {}, isValidCron, 'the folder');
}

/** `envs/prod/network` of `infra` is `envs-prod-network`; the top is `infra`. */
function nameOf({ top, path }: WorkingCopy): string {
  const name = path === '' ? basename(top) : path.replaceAll('/', '-');
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'stack';
}
