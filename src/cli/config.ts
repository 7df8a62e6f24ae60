/** The commands `m0 config check` and `m0 config schema`. */
import { resolve } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { notesOn } from '../config/notes.ts';
import { configSchema } from '../config/schema.ts';
import { isValidCron } from '../schedule/cron.ts';

/** The output of a command. `text` includes its line breaks. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const USAGE = 'config: say `config check [FILE]` or `config schema`\n';

async function check(file: string, io: Io, env: Environment): Promise<number> {
  // npm runs scripts in the package's folder, but a path starts at the folder in which the command was typed.
  const path = resolve(env.variables.M0_CWD ?? '.', file);
  try {
    const config = await loadConfig(path, env.variables, isValidCron, file);
    const { length } = config.directory.stacks;
    io.out(`${file}: fine, ${length} stack${length === 1 ? '' : 's'}\n`);
    for (const note of notesOn(config)) io.out(`note: ${note}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) io.err(`${problem}\n`);
    return 2;
  }
}

/**
 * `config check [FILE]` (default: the file of M0_CONFIG) and `config schema`. Resolves with the exit code: 0; 2 if
 * the configuration can't be used or the command is wrong, with one line per problem on stderr.
 */
export async function configCommand(args: readonly string[], io: Io, env: Environment): Promise<number> {
  const [command, file, ...more] = args;
  if (command === 'check' && more.length === 0 && !file?.startsWith('-')) {
    return check(file ?? env.configPath, io, env);
  }
  if (command === 'schema' && file === undefined) {
    io.out(`${JSON.stringify(configSchema(), null, 2)}\n`);
    return 0;
  }
  io.err(USAGE);
  return 2;
}
