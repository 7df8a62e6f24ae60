/** The command `m0 check`: what m0 would post about a stack now. It stores nothing and applies nothing. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorText } from '../../base/error-text.ts';
import { createLogger } from '../../base/log.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadConfigOf } from '../../config/config-source.ts';
import { type Environment, isGitSource } from '../../config/environment.ts';
import type { Config } from '../../config/load.ts';
import { fingerprintKey } from '../../fingerprint-key.ts';
import type { Stack } from '../../model/directory.ts';
import { emailIn } from '../../people/email.ts';
import { createPolicies } from '../../policy/policies.ts';
import type { Store } from '../../ports/store.ts';
import { isValidCron } from '../../schedule/cron.ts';
import { copyToRead } from '../../store/back-up.ts';
import { isPostgres, openStore } from '../../store/open.ts';
import { visible } from '../../text/inert.ts';
import { nearest } from '../../text/nearest.ts';
import { listed } from '../../text/words.ts';
import type { ExitCode } from '../commands.ts';
import type { Io } from '../config.ts';
import { look } from '../look.ts';
import { createSideRunner, type SideRunner } from '../side-runner.ts';
import { checkJson } from './check-json.ts';
import { type CheckOptions, readOptions } from './options.ts';
import { openOwnFolder } from './own-folder.ts';
import { postOnce, requireCredentials } from './post.ts';
import { type CheckedStack, report } from './report.ts';
import { type KnownCode, type Tried, tryStack } from './try-stack.ts';

export interface CheckIo extends Io {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Aborts when the person stops the command: what it made is deleted all the same. */
  readonly signal: AbortSignal;
}

/** A stack to try, with all that it needs. */
interface Subject extends CheckedStack {
  readonly config: Config;
  readonly code: KnownCode | null;
  readonly side: SideRunner;
  readonly memory: Store;
}

const TRY = 'check-';
const NOT_READ =
  "m0's database is PostgreSQL, which check does not read: snoozes, accepted drift, pauses and causes do not count here";
/** How many stacks an error names. */
const MOST_NAMES = 10;

/**
 * `check [STACK] | --dir FOLDER`, with `--json` or `--post PLACE`. Plans, asks the policies and prints the card that m0
 * would post. Resolves with the exit code: 0 if nothing would be posted; 1 if something drifted, or conditions of the
 * code fail; 2 if the command is wrong, the stack can't be planned, or the card can't be posted.
 */
export async function checkCommand(
  args: readonly string[],
  io: CheckIo,
  environment: Environment,
): Promise<ExitCode> {
  const options = readOptions(args);
  if ('problem' in options) {
    io.err(`${visible(options.problem)}\n`);
    return 2;
  }
  const cli = resolve(environment.dataDir, 'cli');
  await mkdir(cli, { recursive: true, mode: 0o700 });
  await removeLeft(cli);
  const scratch = await mkdtemp(join(cli, `${TRY}${process.pid}-`));
  try {
    return await run(options, scratch, io, environment);
  } catch (error) {
    if (io.signal.aborted) {
      io.err('check: stopped\n');
      return 130;
    }
    const problems =
      error instanceof ConfigError ? error.problems : `check: ${errorText(error)}`.trimEnd().split('\n');
    for (const problem of problems) io.err(`${visible(problem)}\n`);
    return 2;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Deletes what a command that was killed has left: it may hold copies of states. */
async function removeLeft(cli: string): Promise<void> {
  for (const name of await readdir(cli)) {
    const pid = new RegExp(`^${TRY}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(join(cli, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function run(
  options: CheckOptions,
  scratch: string,
  io: CheckIo,
  environment: Environment,
): Promise<ExitCode> {
  if (options.post !== null) requireCredentials(options.post, environment);
  const remembers = options.dir === null || options.post?.platform === 'teams';
  const copied = remembers && copyToRead(environment.databaseUrl, join(scratch, 'memory.db'));
  if (remembers && isPostgres(environment.databaseUrl)) io.err(`note: ${NOT_READ}\n`);
  const memory = await openStore({
    url: copied ? `file:${join(scratch, 'memory.db')}` : 'file::memory:',
    log: createLogger('silent'),
  });
  try {
    const subject = await (options.dir === null
      ? ofConfig(options.stack, memory, environment)
      : ofFolder(options.dir, options.varFiles, scratch, memory, environment));
    io.err(`planning ${visible(subject.stack.name)} …\n`);
    const tried = await tryOut(subject, environment, io.signal);
    const { failure } = tried.run;
    if (options.json && failure !== null)
      io.err(`check: ${visible(`${failure.phase}: ${failure.message}`)}\n`);
    else io.out(options.json ? checkJson(subject, tried) : report(subject, tried, io));
    if (options.post !== null && tried.cards.length > 0) {
      await postOnce(options.post, tried.cards, { environment, memory });
      io.err(
        `shown once in ${options.post.platform}:${'channel' in options.post ? options.post.channel : ''}\n`,
      );
    }
    if (failure !== null) return 2;
    return tried.cards.length > 0 ? 1 : 0;
  } finally {
    await memory.close();
  }
}

async function tryOut(
  { config, stack, code, side, memory }: Subject,
  environment: Environment,
  signal: AbortSignal,
): Promise<Tried> {
  const { directory } = config;
  const policies = createPolicies({
    dataDir: join(environment.dataDir, 'cli'),
    opa: side.tools.opa,
    mirrors: side.mirrors,
    log: createLogger('silent'),
    clock: Date.now,
    emailOf: emailIn(directory),
  });
  try {
    return await tryStack(stack, {
      ...{ memory, runner: side.runner, policies, directory, code, signal },
      ...{ clock: Date.now, log: createLogger('silent'), usergroup: async () => [] },
    });
  } finally {
    policies.close();
  }
}

async function ofConfig(name: string | null, memory: Store, environment: Environment): Promise<Subject> {
  const from = environment.variables.M0_CWD ?? '.';
  const { configPath } = environment;
  if (!isGitSource(configPath) && !existsSync(resolve(from, configPath))) {
    const problem = 'there is no such file: make it with m0 init, or say `check --dir FOLDER` without one';
    throw new ConfigError([`check: ${configPath}: ${problem}`]);
  }
  const log = createLogger('silent');
  const { config } = await loadConfigOf(environment, isValidCron, { log, from });
  const stacks =
    config.discover.length === 0 ? config.directory.stacks : (await look(config, environment)).stacks;
  const stack = chosen(stacks, name);
  const key = await fingerprintKey(memory);
  const side = await createSideRunner(config, environment, {
    dataDir: join(environment.dataDir, 'cli'),
    key,
  });
  const directory = { ...config.directory, stacks };
  return { config: { ...config, directory }, stack, code: null, side, memory, folder: null };
}

function chosen(stacks: readonly Stack[], name: string | null): Stack {
  const names = stacks.map((stack) => stack.name).sort();
  if (name === null) {
    const [only, ...more] = stacks;
    if (only === undefined) throw new ConfigError(['check: m0.yaml has no stack']);
    if (more.length === 0) return only;
    throw new ConfigError(['check: name one of the stacks:', ...names.map((each) => `  ${each}`)]);
  }
  const found = stacks.find((stack) => stack.name === name);
  if (found !== undefined) return found;
  const near = nearest(name, names);
  const hint =
    near.length === 0
      ? `there are ${listed(names.slice(0, MOST_NAMES))}`
      : `did you mean ${listed(near, 'or')}?`;
  throw new ConfigError([`check: m0.yaml has no stack ${name}: ${hint}`]);
}

async function ofFolder(
  dir: string,
  varFiles: readonly string[],
  scratch: string,
  memory: Store,
  environment: Environment,
): Promise<Subject> {
  const from = environment.variables.M0_CWD ?? process.cwd();
  const key = await fingerprintKey(memory);
  const side = await createSideRunner({ credentials: [] }, environment, {
    ...{ dataDir: scratch, key, asOwnUser: true },
  });
  const own = await openOwnFolder({
    ...{ folder: resolve(from, dir), varFiles: varFiles.map((file) => resolve(from, file)) },
    ...{ scratch, environment, mirrors: side.mirrors },
  });
  return { ...own, side, memory, folder: own };
}
