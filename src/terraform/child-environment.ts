/** Builds the environment of a stack's terraform or tofu process, and finds the secrets in it. */
import { join } from 'node:path';
import { thirdPartyEnvironment } from '../base/base-environment.ts';
import type { Stack } from '../model/directory.ts';
import { refusedSettings, type TerragruntUse, terragruntEnvironment } from './terragrunt.ts';

/** Variables that would change the meaning of a plan, or give m0's own access to a stack's code. */
const REFUSED = /^(SLACK_|MICROSOFT_APP_|M0_|TF_CLI_ARGS|TF_REATTACH_PROVIDERS$|PAGERDUTY_TOKEN$)/;

/**
 * The complete environment of one terraform or tofu process. It inherits nothing: it holds what every tool
 * gets, the stack's own directories, the stack's variables, and the values that m0 requires. Throws where the
 * stack sets a variable it may not set.
 */
export function childEnvironment(options: {
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly stackEnv: Readonly<Record<string, string>>;
  /** CLI configuration file; it says where providers come from. */
  readonly cliConfig: string;
  readonly dataDir: string;
  /** HOME of this stack only. */
  readonly homeDir: string;
  /** Replaces the result of `awsFiles`. */
  readonly awsFiles?: Readonly<Record<string, string>>;
  /** TF_PLUGIN_CACHE_DIR; null: the one of the CLI configuration. */
  readonly pluginCacheDir: string | null;
  readonly workspace: string;
  /** Set where the process is Terragrunt. */
  readonly terragrunt?: TerragruntUse | null;
}): Record<string, string> {
  const terragrunt = options.terragrunt ?? null;
  const names = Object.keys(options.stackEnv);
  const refused = [
    ...names.filter((name) => REFUSED.test(name)),
    ...(terragrunt === null ? [] : refusedSettings(names)),
  ];
  if (refused.length > 0) throw new Error(`env of the stack may not set ${refused.join(', ')}`);
  return {
    // Providers build large schemas at each start. Less frequent garbage collection saves a fifth of a plan's
    // CPU time or more.
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
    // Terragrunt runs the tool in several folders, for a unit and for the outputs of its dependencies. Each has its own.
    ...(terragrunt === null ? { TF_DATA_DIR: options.dataDir } : terragruntEnvironment(terragrunt)),
    ...(options.workspace === 'default' ? {} : { TF_WORKSPACE: options.workspace }),
    TF_CLI_CONFIG_FILE: options.cliConfig,
  };
}

/** Paths of the AWS files of m0's user, as variables. Only a stack that names a profile gets them. */
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
 * Values of a stack's environment that must never be shown: those that m0.yaml gives by reference, and others
 * whose name or form suggests a secret.
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

/** Error messages quote keys and certificates line by line, so each line is a secret too. */
function withLines(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return [value, ...(lines.length > 1 ? lines.filter((line) => line.length >= 16) : [])];
}

function looksRandom(value: string): boolean {
  return /^[A-Za-z0-9+/_=-]{20,}$/.test(value) && /\d/.test(value) && /[A-Za-z]/.test(value);
}
