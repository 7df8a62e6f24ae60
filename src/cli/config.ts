/** The commands `m0 config check` and `m0 config schema`. */
import { join } from 'node:path';
import { createLogger } from '../base/log.ts';
import { ConfigError } from '../config/config-error.ts';
import { configSourceOf, loadConfigOf, shownSource } from '../config/config-source.ts';
import type { Environment } from '../config/environment.ts';
import { notesOn } from '../config/notes.ts';
import { configSchema } from '../config/schema.ts';
import { GitError } from '../git/git-error.ts';
import { PLACEHOLDER_CHANNEL } from '../init/write-config.ts';
import { isValidCron } from '../schedule/cron.ts';
import { table } from '../setup/table.ts';
import { stacksWithoutBackend } from '../terraform/own-state.ts';
import type { ExitCode } from './commands.ts';
import { reachRows } from './reach.ts';

/** The output of a command. `text` includes its line breaks. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Why the repository of m0.yaml can't be read. Throws every other error again. */
function problemsOfGit(error: unknown): readonly string[] {
  if (error instanceof GitError) return [error.message];
  throw error;
}

const USAGE = 'config: say `config check [FILE] [--reach]` or `config schema`\n';

async function check(file: string, reach: boolean, io: Io, env: Environment): Promise<ExitCode> {
  try {
    // npm runs scripts in the package's folder, but a path starts at the folder in which the command was typed.
    const from = env.variables.M0_CWD ?? '.';
    const { config, text } = await loadConfigOf(env, isValidCron, {
      ...{ log: createLogger('silent'), config: file, from },
    });
    const { length } = config.directory.stacks;
    const found = config.discover.length === 0 ? '' : ', and those that discover finds (see `m0 stacks`)';
    const shown = shownSource(configSourceOf(file));
    io.out(`${shown}: fine, ${length} stack${length === 1 ? '' : 's'}${found}\n`);
    if (text.text.includes(PLACEHOLDER_CHANNEL)) {
      io.out(`note: the channel is still the one that \`m0 init\` writes: slack:${PLACEHOLDER_CHANNEL}\n`);
    }
    for (const note of notesOn(config)) io.out(`note: ${note}\n`);
    const names = await stacksWithoutBackend(join(env.dataDir, 'work'), config.directory.stacks);
    if (names.length > 0) {
      io.out(`note: without a backend, so their state is in ${env.dataDir} alone: ${names.join(', ')}\n`);
    }
    if (!reach) return 0;
    const rows = await reachRows(config, env);
    for (const line of table(rows)) io.out(`${line}\n`);
    return rows.some((row) => row.state === 'missing') ? 1 : 0;
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : problemsOfGit(error);
    for (const problem of problems) io.err(`${problem}\n`);
    return 2;
  }
}

/**
 * `config check [FILE] [--reach]` (default: the file of M0_CONFIG) and `config schema`. `--reach` also looks whether all
 * that the file names can be reached. Resolves with the exit code: 0; 1 if something can't be reached; 2 if the configuration can't be used or the command is wrong, with one line per problem on stderr.
 */
export async function configCommand(args: readonly string[], io: Io, env: Environment): Promise<ExitCode> {
  const [command, ...rest] = args;
  const [file, ...more] = rest.filter((arg) => arg !== '--reach');
  if (command === 'check' && more.length === 0 && !file?.startsWith('-')) {
    return check(file ?? env.configPath, rest.includes('--reach'), io, env);
  }
  if (command === 'schema' && rest.length === 0) {
    io.out(`${JSON.stringify(configSchema(), null, 2)}\n`);
    return 0;
  }
  io.err(USAGE);
  return 2;
}
