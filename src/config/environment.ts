/** Reads and checks the environment variables of m0. */
import { availableParallelism } from 'node:os';
import { errorText } from '../base/error-text.ts';
import { artifactKeys } from './artifact-keys.ts';
import { ConfigError } from './config-error.ts';
import type { VariableName } from './variables.ts';

/** Environment variables by name, as in process.env. */
export type Variables = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** m0's settings from the environment, with defaults applied. Tokens and passwords in it are secret. */
export interface Environment {
  /** The file m0.yaml: its path, or `git::ADDRESS//FILE?ref=REF`. */
  readonly configPath: string;
  /** Access to the repository of a `git::` address; null where m0's user has it. */
  readonly configGit: {
    readonly username: string | null;
    readonly token: string | null;
    /** A file with the token, which is read at each fetch. */
    readonly tokenFile: string | null;
    readonly sshKey: string | null;
    readonly knownHosts: string | null;
  };
  readonly databaseUrl: string;
  readonly dataDir: string;
  /** `file:` (under the data folder), `file:PATH`, or `s3://bucket/prefix`. */
  readonly artifacts: string;
  /** The first encrypts plan files, all decrypt them. None: they are stored as they are. */
  readonly artifactKeys: readonly Buffer[];
  /** The URL of another S3 server; null: Amazon S3. */
  readonly s3Endpoint: string | null;
  /** How many runs may work at the same time; by default one per CPU core. */
  readonly concurrency: number;
  /** Paths or names of tools; null: found on PATH. */
  readonly terraform: string | null;
  readonly tofu: string | null;
  readonly terragrunt: string | null;
  readonly opa: string | null;
  readonly pluginMirror: string | null;
  /** Keeps saved plan files after their run ends, for debugging. They contain secrets. */
  readonly keepPlans: boolean;
  /** A start waits while another m0 owns the memory; else it is refused. */
  readonly waitForOwner: boolean;
  /** The user that stacks' tools run as: NAME, UID:GID, FROM-TO or self; null: separate users, if m0 can use them. */
  readonly stackUser: string | null;
  readonly logLevel: LogLevel;
  readonly host: string;
  readonly port: number;
  /** The secret with which Git servers sign webhooks; null: there is no webhook endpoint. */
  readonly gitWebhookSecret: string | null;
  readonly slack: {
    readonly botToken: string | null;
    readonly appToken: string | null;
    readonly signingSecret: string | null;
    /** The URL of another Slack server; null: Slack's own. */
    readonly apiUrl: string | null;
  };
  readonly pagerduty: {
    readonly token: string | null;
    readonly apiUrl: string;
  };
  readonly teams: {
    readonly appId: string | null;
    readonly appPassword: string | null;
    readonly tenantId: string | null;
    /**
     * Only true together with a loopback HOST, because then everybody who reaches the port can claim any identity.
     */
    readonly insecureLoopback: boolean;
  };
  /** All variables, for `${env:NAME}` in m0.yaml and for the tools. Contains secrets: never log it. */
  readonly variables: Variables;
}

/** How M0_CONFIG begins if m0.yaml is read from Git. */
export const GIT_SOURCE = 'git::';

/** True if m0.yaml is read from Git. */
export function isGitSource(config: string): boolean {
  return config.startsWith(GIT_SOURCE);
}

const LEAST_SECRET = 16;
const PAGERDUTY_API = 'https://api.pagerduty.com';

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Reads and checks m0's environment variables (docs/reference/environment.md lists them). An empty variable counts
 * as not set. Throws a ConfigError with every problem; its text never contains a secret.
 */
export function readEnvironment(env: Variables = process.env): Environment {
  const problems: string[] = [];
  const text = (name: VariableName): string | null => {
    const value = env[name]?.trim();
    return value === undefined || value === '' ? null : value;
  };
  const whole = (name: VariableName, min: number, max: number): number | null => {
    const value = text(name);
    if (value === null) return null;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    problems.push(`${name}: "${value}" is not a whole number from ${min} to ${max}`);
    return null;
  };
  const address = (name: VariableName): string | null => {
    const value = text(name);
    if (value === null) return null;
    const url = URL.canParse(value) ? new URL(value) : null;
    if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return value;
    problems.push(`${name}: is not an address: set it to one that starts with https:// or http://`);
    return null;
  };
  const prefixed = (name: VariableName, prefix: string): string | null => {
    const value = text(name);
    // Another Slack server may have tokens of another form. Slack's own two kinds are easily mixed up, so they are
    // checked.
    if (value !== null && text('SLACK_API_URL') === null && !value.startsWith(prefix)) {
      problems.push(
        `${name}: is not a token that starts with ${prefix}: copy it from the Slack app's settings`,
      );
    }
    return value;
  };

  const databaseUrl = text('M0_DATABASE_URL') ?? 'file:.m0/m0.db';
  // Not shown, because the URL of a Postgres database contains its password.
  if (!/^(file:.+|postgres(ql)?:\/\/.+)$/.test(databaseUrl)) {
    problems.push(
      'M0_DATABASE_URL: is no database: set it to file:PATH, as in file:.m0/m0.db, or to postgres://USER:PASSWORD@HOST/DATABASE',
    );
  }
  const artifacts = text('M0_ARTIFACTS') ?? 'file:';
  if (!/^(file:.*|s3:\/\/[^/]+.*)$/.test(artifacts)) {
    problems.push(`M0_ARTIFACTS: "${artifacts}" is no place: set it to file:PATH or s3://bucket/prefix`);
  }
  let keys: readonly Buffer[] = [];
  try {
    const value = text('M0_ARTIFACT_KEY');
    if (value !== null) keys = artifactKeys(value);
  } catch (error) {
    problems.push(`M0_ARTIFACT_KEY: ${errorText(error)}`);
  }
  const logLevel = text('M0_LOG_LEVEL') ?? 'info';
  if (!(LOG_LEVELS as readonly string[]).includes(logLevel)) {
    problems.push(`M0_LOG_LEVEL: "${logLevel}" is no level: set it to one of ${LOG_LEVELS.join(', ')}`);
  }
  const gitWebhookSecret = text('M0_GIT_WEBHOOK_SECRET');
  if (gitWebhookSecret !== null && gitWebhookSecret.length < LEAST_SECRET) {
    problems.push(
      `M0_GIT_WEBHOOK_SECRET: is shorter than ${LEAST_SECRET} characters and can be guessed: take a random one`,
    );
  }
  const pagerdutyToken = text('PAGERDUTY_TOKEN');
  if (pagerdutyToken !== null && !/^[!-~]+$/.test(pagerdutyToken)) {
    problems.push('PAGERDUTY_TOKEN: has characters that no key has: copy it again');
  }
  const pagerdutyUrl = address('PAGERDUTY_API_URL') ?? PAGERDUTY_API;
  const { protocol, hostname, username, password } = new URL(pagerdutyUrl);
  if (protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
    problems.push('PAGERDUTY_API_URL: sends the key unencrypted: set it to an https:// address');
  }
  if (username !== '' || password !== '') {
    problems.push('PAGERDUTY_API_URL: holds a user or a password: the key goes into PAGERDUTY_TOKEN');
  }
  const host = text('HOST') ?? '127.0.0.1';
  const insecure = text('M0_TEAMS_INSECURE_LOOPBACK');
  const keepPlans = text('M0_KEEP_PLANS');
  const waitForOwner = text('M0_WAIT_FOR_OWNER');
  for (const [name, value] of [
    ['M0_TEAMS_INSECURE_LOOPBACK', insecure],
    ['M0_KEEP_PLANS', keepPlans],
    ['M0_WAIT_FOR_OWNER', waitForOwner],
  ]) {
    if (value !== null && value !== '0' && value !== '1') {
      problems.push(`${name}: "${value}" is neither 1 nor 0`);
    }
  }
  if (insecure === '1' && !isLoopback(host)) {
    problems.push(
      'M0_TEAMS_INSECURE_LOOPBACK: HOST must be 127.0.0.1 with it: else anybody on the network is an approver',
    );
  }

  const environment: Environment = {
    configPath: text('M0_CONFIG') ?? './m0.yaml',
    configGit: {
      username: text('M0_CONFIG_USERNAME'),
      token: text('M0_CONFIG_TOKEN'),
      tokenFile: text('M0_CONFIG_TOKEN_FILE'),
      sshKey: text('M0_CONFIG_SSH_KEY'),
      knownHosts: text('M0_CONFIG_KNOWN_HOSTS'),
    },
    databaseUrl,
    dataDir: text('M0_DATA_DIR') ?? '.m0',
    artifacts,
    artifactKeys: keys,
    s3Endpoint: address('M0_S3_ENDPOINT'),
    concurrency: whole('M0_CONCURRENCY', 1, 256) ?? availableParallelism(),
    terraform: text('M0_TERRAFORM'),
    tofu: text('M0_TOFU'),
    terragrunt: text('M0_TERRAGRUNT'),
    opa: text('M0_OPA'),
    pluginMirror: text('M0_PLUGIN_MIRROR'),
    keepPlans: keepPlans === '1',
    waitForOwner: waitForOwner === '1',
    stackUser: text('M0_STACK_USER'),
    logLevel: logLevel as LogLevel,
    host,
    port: whole('PORT', 0, 65_535) ?? 3978,
    gitWebhookSecret,
    slack: {
      botToken: prefixed('SLACK_BOT_TOKEN', 'xoxb-'),
      appToken: prefixed('SLACK_APP_TOKEN', 'xapp-'),
      signingSecret: text('SLACK_SIGNING_SECRET'),
      apiUrl: address('SLACK_API_URL'),
    },
    pagerduty: { token: pagerdutyToken, apiUrl: pagerdutyUrl },
    teams: {
      appId: text('MICROSOFT_APP_ID'),
      appPassword: text('MICROSOFT_APP_PASSWORD'),
      tenantId: text('MICROSOFT_APP_TENANT_ID'),
      insecureLoopback: insecure === '1',
    },
    variables: env,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return environment;
}
