/** The rows of `m0 doctor` about m0.yaml. */
import { existsSync } from 'node:fs';
import { errorText } from '../base/error-text.ts';
import { createLogger } from '../base/log.ts';
import { ConfigError } from '../config/config-error.ts';
import { configSourceOf, loadConfigOf, shownSource } from '../config/config-source.ts';
import { type Environment, isGitSource } from '../config/environment.ts';
import { GitError } from '../git/git-error.ts';
import { readConfigInUse } from '../reload.ts';
import { isValidCron } from '../schedule/cron.ts';
import { hasSandbox } from '../setup/has-sandbox.ts';
import type { Row } from '../setup/inspect.ts';
import { openValues } from '../store/read-only.ts';

type Loaded = Awaited<ReturnType<typeof loadConfigOf>>;
/** One reading for each run of the command: each row asks, and Git is asked once. */
const readings = new WeakMap<Environment, Promise<Loaded>>();

function load(env: Environment): Promise<Loaded> {
  const reading = readings.get(env) ?? loadConfigOf(env, isValidCron, { log: createLogger('silent') });
  readings.set(env, reading);
  return reading;
}

/** True if there is an m0.yaml, or M0_CONFIG says that it is in Git. */
export function isConfigured(env: Environment): boolean {
  return isGitSource(env.configPath) || existsSync(env.configPath);
}

/** m0.yaml; null if it can't be used, which `configRow` reports. */
export async function configOrNull(env: Environment): Promise<Loaded | null> {
  try {
    return await load(env);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof GitError) return null;
    throw error;
  }
}

/** Whether m0.yaml can be used as it is now. */
export async function configRow(env: Environment): Promise<Row> {
  const what = 'configuration';
  if (!isConfigured(env)) {
    const found = `no ${env.configPath}`;
    if (env.variables.M0_CONFIG)
      return { what, state: 'missing', found, todo: 'make it, or unset M0_CONFIG' };
    return hasSandbox()
      ? { what, state: 'ok', found: `${found}: the sandbox starts` }
      : { what, state: 'missing', found, todo: 'make it, or name one in M0_CONFIG' };
  }
  try {
    const { config, text } = await load(env);
    const shown = isGitSource(env.configPath) ? shownSource(configSourceOf(env.configPath)) : env.configPath;
    const at = text.commit === null ? '' : ` at ${text.commit.slice(0, 7)}`;
    return { what, state: 'ok', found: `${shown}${at}, stacks: ${config.directory.stacks.length}` };
  } catch (error) {
    if (error instanceof ConfigError) {
      const todo = 'correct it; config check says the same';
      return { what, state: 'missing', found: error.problems.join('; '), todo };
    }
    if (!(error instanceof GitError)) throw error;
    const todo = 'check M0_CONFIG, and the access that M0_CONFIG_TOKEN or M0_CONFIG_SSH_KEY gives';
    return { what, state: 'missing', found: error.message, todo };
  }
}

/** Which m0.yaml the m0 on this memory uses, and since when; no row where none has run yet. */
export async function inUseRows(env: Environment): Promise<readonly Row[]> {
  const what = 'm0.yaml in use';
  let values: ReturnType<typeof openValues> = null;
  try {
    values = openValues(env.databaseUrl);
    const used = values === null ? null : await readConfigInUse(values);
    if (used === null) return [];
    const which =
      used.commit === null ? `sha256 ${used.digest.slice(0, 12)}` : `commit ${used.commit.slice(0, 7)}`;
    const found = `${used.shown}, ${which}, since ${new Date(used.since).toISOString()}`;
    const now = await configOrNull(env);
    if (now === null || now.text.digest === used.digest) return [{ what, state: 'ok', found }];
    const todo =
      'it is another text than is written now: a running m0 takes it within a minute, or says why not';
    return [{ what, state: 'warning', found, todo }];
  } catch (error) {
    return [{ what, state: 'warning', found: errorText(error), todo: 'check M0_DATABASE_URL' }];
  } finally {
    await values?.close();
  }
}
