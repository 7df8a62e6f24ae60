/** The command `m0 init`: writes an m0.yaml for a repository. */
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { createLogger } from '../base/log.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { type Config, readConfig } from '../config/load.ts';
import { textDiff } from '../drift/text-diff.ts';
import { scrubUrl } from '../git/address.ts';
import { GitError } from '../git/git-error.ts';
import { type Located, locateRepository } from '../git/locate.ts';
import { createMirrors } from '../git/mirrors.ts';
import { extendedConfig } from '../init/extend-config.ts';
import { type Proposed, propose } from '../init/propose.ts';
import { type RepositoryFacts, readRepository } from '../init/read-repository.ts';
import { configText, discoverLines, type Proposal, stackLines } from '../init/write-config.ts';
import { isValidCron } from '../schedule/cron.ts';
import { visible } from '../text/inert.ts';
import { count, listed } from '../text/words.ts';
import type { ExitCode } from './commands.ts';
import type { Io } from './config.ts';

const USAGE = 'init: say `init [REPOSITORY] [--ref BRANCH] [--write]`\n';
/** Unchanged lines around a change. */
const CONTEXT = 3;

export interface InitIo extends Io {
  /** Asks a question on the terminal, and resolves to true for yes; null: nobody can answer. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
}

interface Asked {
  readonly repository: string | null;
  readonly ref: string | null;
  readonly write: boolean;
}

function read(args: readonly string[]): Asked | null {
  let asked: Asked = { repository: null, ref: null, write: false };
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    const ref = args[i + 1];
    if (arg === '--write') asked = { ...asked, write: true };
    else if (arg === '--ref' && ref !== undefined && !ref.startsWith('-')) {
      asked = { ...asked, ref };
      i += 1;
    } else if (arg.startsWith('-') || asked.repository !== null) return null;
    else asked = { ...asked, repository: arg };
  }
  return asked;
}

/** With `--ref` a repository without a branch of its own is fine. */
async function locate(asked: Asked, from: string, environment: Environment): Promise<Located> {
  try {
    const located = await locateRepository(asked.repository, from, environment.variables);
    return { ...located, ref: asked.ref ?? located.ref };
  } catch (error) {
    if (asked.ref === null || asked.repository === null || !/--ref$/.test(errorText(error))) throw error;
    const address = /:/.test(asked.repository) ? asked.repository : resolve(from, asked.repository);
    return { read: address, address: scrubUrl(address), ref: asked.ref };
  }
}

async function readFacts(
  { read, ref }: Located,
  environment: Environment,
  config: Config | null,
): Promise<RepositoryFacts> {
  const mirrors = createMirrors({
    // Not the mirrors of the m0 that may be running: two processes must not fetch into one.
    dir: join(environment.dataDir, 'cli', 'git'),
    log: createLogger('silent'),
    base: environment.variables,
    credentials: config?.credentials ?? [],
  });
  const { commit } = await mirrors.fetch(read, ref);
  return mirrors.reading(read, 'looking for root modules in', (git) => readRepository(git, commit));
}

function summary({ proposal, roots, covered }: Proposed): string {
  const { entries, stacks, notes } = proposal;
  const byEntries = entries.reduce((n, entry) => n + entry.takes.length, 0);
  const parts = [
    ...(covered === 0 ? [] : [`${covered} in m0.yaml already`]),
    ...(byEntries === 0 ? [] : [`${byEntries} by ${count(entries.length, 'entry', 'entries')} of discover`]),
    ...(stacks.length === 0 ? [] : [`${count(stacks.length, 'stack')} written out`]),
  ];
  return [
    `${count(roots.length, 'root')} in ${proposal.address} (${proposal.ref}, ${proposal.commit.slice(0, 7)}): ${listed(parts)}\n`,
    ...notes.map((note) => `note: ${visible(note)}\n`),
  ].join('');
}

const NEXT = `Next: fill in what is marked FILL IN (the channel, people, approvers), then
  npm run --silent m0 -- config check --reach   # tries repositories, paths, the channel and its scopes
  npm run --silent m0 -- stacks                 # what is watched, and why
  npm start
`;

function diffText(before: string, after: string): string {
  const { hunks } = textDiff(before, after, CONTEXT);
  return hunks
    .map(
      ({ line, lines }) =>
        `@@ line ${line} @@\n${lines.map(({ sign, text }) => `${sign}${text}\n`).join('')}`,
    )
    .join('');
}

/** Never leaves half a file. */
async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.new-${process.pid}`;
  try {
    await writeFile(next, text, { flag: 'wx' });
    await rename(next, path);
  } finally {
    await rm(next, { force: true });
  }
}

/** Adds to the file that exists: shows the difference first. */
async function extend(
  shownAs: string,
  path: string,
  before: string,
  proposed: Proposed,
  io: InitIo,
  write: boolean,
): Promise<ExitCode> {
  const { proposal } = proposed;
  if (proposal.entries.length === 0 && proposal.stacks.length === 0) {
    io.out(`${shownAs}: nothing to add\n`);
    return 0;
  }
  const after = extendedConfig(before, proposal);
  if (after === null) {
    const lines = [...discoverLines(proposal), ...stackLines(proposal)];
    io.out(lines.map((line) => `  ${line}\n`).join(''));
    io.err(`${shownAs}: its lists are written in one line, so add the lines above by hand\n`);
    return 1;
  }
  io.out(diffText(before, after));
  if (!write && !((await io.confirm?.(`Change ${shownAs}? [y/N] `)) ?? false)) {
    io.err(`${shownAs}: not changed; say it again with --write\n`);
    return 1;
  }
  await replaceFile(path, after);
  io.out(`${shownAs}: changed\n`);
  return 0;
}

async function run(asked: Asked, io: InitIo, environment: Environment): Promise<ExitCode> {
  const { variables, configPath } = environment;
  const from = variables.M0_CWD ?? process.cwd();
  const path = resolve(from, configPath);
  const shownAs = configPath.replace(/^\.\//, '');
  const load = (text: string): Promise<Config> => readConfig(text, path, variables, isValidCron, shownAs);
  const before = existsSync(path) ? await readFile(path, 'utf8') : null;
  const existing = before === null ? null : await load(before);
  const located = await locate(asked, from, environment);
  const { address, ref } = located;
  const facts = await readFacts(located, environment, existing);
  const textWith = (proposal: Proposal): string =>
    before === null ? configText(proposal) : (extendedConfig(before, proposal) ?? configText(proposal));
  const proposed = await propose({
    ...{ facts, address, ref, existing },
    configWith: (proposal) => load(textWith(proposal)),
  });
  if (proposed.roots.length === 0) {
    io.err(
      `init: ${address} (${ref}) has no root module: no folder with a backend or cloud block, none with a provider and resources that no other folder uses as a module, no project of Atlantis and no unit of Terragrunt. Name another repository or branch.\n`,
    );
    return 1;
  }
  io.out(summary(proposed));
  if (before !== null) return extend(shownAs, path, before, proposed, io, asked.write);
  await writeFile(path, configText(proposed.proposal), { flag: 'wx' });
  io.out(`${shownAs}: written\n${NEXT}`);
  return 0;
}

/**
 * `init [REPOSITORY] [--ref BRANCH] [--write]`. Writes the file of M0_CONFIG (m0.yaml) where there is none. Where there
 * is one, shows what would be added, and adds it with `--write` or after a yes on the terminal. Resolves with the exit
 * code: 0; 1 if there is no root, or nothing was changed although something is to be; 2 if the command is wrong, or the
 * repository or the file can't be read.
 */
export async function initCommand(
  args: readonly string[],
  io: InitIo,
  environment: Environment,
): Promise<ExitCode> {
  const asked = read(args);
  if (asked === null) {
    io.err(USAGE);
    return 2;
  }
  try {
    return await run(asked, io, environment);
  } catch (error) {
    if (error instanceof ConfigError) for (const problem of error.problems) io.err(`${problem}\n`);
    else if (error instanceof GitError) io.err(`init: ${error.message}\n`);
    else throw error;
    return 2;
  }
}
