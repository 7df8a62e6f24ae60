import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { configSchema } from '../config/schema.ts';
import { isValidCron } from '../schedule/cron.ts';

/** Where a command writes; `text` has its own line breaks. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const USAGE = 'config: say `config check [FILE]` or `config schema`\n';

async function check(path: string, io: Io, env: Environment): Promise<number> {
  try {
    const { directory } = await loadConfig(path, env.variables, isValidCron);
    const nobody = directory.stacks.filter((s) => s.approvers.from.length === 0).map((s) => s.name);
    const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
    io.out(`${path}: fine, ${count(directory.stacks.length, 'stack')}\n`);
    if (nobody.length > 0) io.out(`nobody can approve on: ${nobody.join(', ')} (no approvers)\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) io.err(`${problem}\n`);
    return 2;
  }
}

/**
 * `config check [FILE]` (M0_CONFIG's where no file is named) and `config schema`. Resolves with the exit code:
 * 0 fine, 2 where the configuration can't be used or the command is wrong, one line on stderr a problem.
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
