import { join } from 'node:path';
import { thirdPartyEnvironment } from '../base/base-environment.ts';
import type { Stack } from '../model/directory.ts';

/** Names that would change what a plan is, or hand m0's own access to a stack's code. */
const REFUSED = /^(SLACK_|MICROSOFT_APP_|M0_|TF_CLI_ARGS|TF_REATTACH_PROVIDERS$|PAGERDUTY_TOKEN$)/;

/**
 * The whole environment of one terraform or tofu process, built from nothing: what any tool gets, places of
 * the stack's own, the stack's variables, and what m0 insists on. Throws where the stack sets a variable it
 * may not.
 */
export function childEnvironment(options: {
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly stackEnv: Readonly<Record<string, string>>;
  /** CLI configuration file, which says where providers come from. */
  readonly cliConfig: string;
  readonly dataDir: string;
  /** HOME, which only this stack uses. */
  readonly homeDir: string;
  /** In place of what `awsFiles` says. */
  readonly awsFiles?: Readonly<Record<string, string>>;
  /** TF_PLUGIN_CACHE_DIR; null: what the CLI configuration says. */
  readonly pluginCacheDir: string | null;
  readonly workspace: string;
}): Record<string, string> {
  const refused = Object.keys(options.stackEnv).filter((name) => REFUSED.test(name));
  if (refused.length > 0) throw new Error(`env of the stack may not set ${refused.join(', ')}`);
  return {
    // Providers build huge schemas on each start: a lazier collector saves a fifth of the CPU of a plan, or more.
    GOGC: '500',
    ...thirdPartyEnvironment(options.base),
    HOME: options.homeDir,
    ...(options.awsFiles ?? awsFiles(options.base, options.stackEnv)),
    ...(options.pluginCacheDir === null ? {} : { TF_PLUGIN_CACHE_DIR: options.pluginCacheDir }),
    ...options.stackEnv,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
    GIT_TERMINAL_PROMPT: '0',
    TF_DATA_DIR: options.dataDir,
    ...(options.workspace === 'default' ? {} : { TF_WORKSPACE: options.workspace }),
    TF_CLI_CONFIG_FILE: options.cliConfig,
  };
}

/**
 * Variables with the paths of the AWS files of m0's user. A stack that names a profile means one of his; no
 * other stack is led to those files.
 */
export function awsFiles(
  base: Readonly<Record<string, string | undefined>>,
  stackEnv: Readonly<Record<string, string>>,
): Record<string, string> {
  if (stackEnv.AWS_PROFILE === undefined || stackEnv.HOME !== undefined) return {};
  const config = base.AWS_CONFIG_FILE ?? (base.HOME && join(base.HOME, '.aws/config'));
  const credentials = base.AWS_SHARED_CREDENTIALS_FILE ?? (base.HOME && join(base.HOME, '.aws/credentials'));
  return {
    ...(config ? { AWS_CONFIG_FILE: config } : {}),
    ...(credentials ? { AWS_SHARED_CREDENTIALS_FILE: credentials } : {}),
  };
}

const SECRET_NAME =
  /SECRET|TOKEN|PASS|PWD|CREDENTIAL|PRIVATE|AUTH|(^|_)(KEY|PAT|SAS|DSN)(_|$)|CONNECTION_STRING/i;

/**
 * Values of a stack's environment that must not be repeated anywhere: those m0.yaml gives by reference, and
 * others by their name, or by how they look.
 */
export function secretValues(stack: Pick<Stack, 'env' | 'secrets'>): string[] {
  const secrets = (stack.secrets ?? []).flatMap(withLines);
  for (const [name, value] of Object.entries(stack.env)) {
    if (SECRET_NAME.test(name) || looksRandom(value)) secrets.push(...withLines(value));
    const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:([^/@\s]+)@/i.exec(value)?.[1];
    if (password !== undefined) secrets.push(password);
  }
  return secrets;
}

/** Keys and certificates are quoted line by line. */
function withLines(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return [value, ...(lines.length > 1 ? lines.filter((line) => line.length >= 16) : [])];
}

function looksRandom(value: string): boolean {
  return /^[A-Za-z0-9+/_=-]{20,}$/.test(value) && /\d/.test(value) && /[A-Za-z]/.test(value);
}
