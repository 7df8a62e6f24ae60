/** The environment variables of m0: the one list that the reader, the secrets and the reference page use. */

interface VariableEntry {
  /** What counts where it is not set, as people read it; null: nothing. */
  readonly default: string | null;
  /** One or two sentences. */
  readonly help: string;
  /** Its value is a secret: m0.yaml may not pass it to a stack. */
  readonly secret?: true;
}

export const VARIABLES = {
  M0_CONFIG: {
    default: '`./m0.yaml`',
    help: 'The configuration: a file, or `git::ADDRESS//FILE?ref=REF`.',
  },
  M0_CONFIG_TOKEN: {
    default: null,
    help: 'With `git::https://…`: the access token for that repository.',
    secret: true,
  },
  M0_CONFIG_TOKEN_FILE: {
    default: null,
    help: 'With `git::https://…`: a file with the token, which is read at each fetch.',
  },
  M0_CONFIG_USERNAME: {
    default: null,
    help: 'With `git::https://…`: the user name that goes with the token.',
  },
  M0_CONFIG_SSH_KEY: { default: null, help: 'With `git::ssh://…`: the file of a private key.' },
  M0_CONFIG_KNOWN_HOSTS: {
    default: null,
    help: 'With `git::ssh://…`: a file of host keys, the only ones that are trusted.',
  },
  M0_DATABASE_URL: {
    default: '`file:.m0/m0.db`',
    help: 'The database: `file:PATH` (SQLite, readable by its owner only), or `postgres://USER:PASSWORD@HOST/DATABASE`: see [PostgreSQL](../how-to/scaling.md).',
    secret: true,
  },
  M0_DATA_DIR: { default: '`.m0`', help: 'Work trees, caches, tools and digests of provider schemas.' },
  M0_ARTIFACTS: {
    default: '`file:`',
    help: 'Saved plans: `file:` (in the data folder), `file:PATH`, or `s3://bucket/prefix` (needs `s3:GetObject`, `PutObject`, `DeleteObject` and `ListBucket`). Only for one m0 with its workers and replicas: m0 deletes all plan files that none of its runs needs.',
  },
  M0_S3_ENDPOINT: { default: 'Amazon S3', help: 'Address of another S3 server.' },
  M0_ARTIFACT_KEY: {
    default: null,
    help: 'Encrypts saved plans before m0 stores them (AES-256-GCM): 32 bytes in base64, from `openssl rand -base64 32`. Workers need it. To change the key, write the new one, a comma, and the old one. Remove the old one when no waiting run has a plan that it encrypted.',
    secret: true,
  },
  M0_CONCURRENCY: {
    default: 'one for each core',
    help: 'How many stacks this process plans and applies at the same time, 1 to 256.',
  },
  M0_TERRAFORM: { default: 'from `PATH`', help: 'Where Terraform is.' },
  M0_TOFU: { default: 'from `PATH`', help: 'Where OpenTofu is.' },
  M0_TERRAGRUNT: { default: 'from `PATH`', help: 'Where Terragrunt is.' },
  M0_OPA: { default: 'from `PATH`', help: 'Where opa is.' },
  M0_PLUGIN_MIRROR: { default: null, help: 'Folder of a provider mirror.' },
  M0_KEEP_PLANS: {
    default: '`0`',
    help: '`1`: saved plan files are kept after their run ends. They contain secrets.',
  },
  M0_WAIT_FOR_OWNER: {
    default: '`0`',
    help: '`1`: the start waits while another m0 works on the same database, as for rolling deployments. `0`: the start says which m0 that is, and exits with 1.',
  },
  M0_STACK_USER: {
    default: 'one for each stack (58000-58999) where m0 runs as root and can, else `self`',
    help: 'The user that runs Terraform and OpenTofu: `FROM-TO` (one for each stack), `NAME`, `UID:GID`, or `self` (the user of m0). See [The user of stacks](../how-to/stack-environment.md#the-user-of-stacks).',
  },
  M0_LOG_LEVEL: {
    default: '`info`',
    help: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.',
  },
  M0_GIT_WEBHOOK_SECRET: {
    default: null,
    help: 'The secret with which your Git server signs webhooks, 16 characters or more. If it is not set, `POST /git/webhook` answers 404.',
    secret: true,
  },
  M0_TEAMS_INSECURE_LOOPBACK: {
    default: '`0`',
    help: '`1`: Teams without an app id, for trying things out. Only with a loopback `HOST`.',
  },
  HOST: { default: '`127.0.0.1`', help: 'The address on which m0 listens.' },
  PORT: { default: '`3978`', help: 'The port on which m0 listens.' },
  SLACK_BOT_TOKEN: { default: null, help: 'Bot User OAuth Token, `xoxb-…`.', secret: true },
  SLACK_APP_TOKEN: {
    default: null,
    help: 'App-level token, `xapp-…`. Only for `chat.slack.mode: socket`.',
    secret: true,
  },
  SLACK_SIGNING_SECRET: {
    default: null,
    help: 'Required for `chat.slack.mode: http`: m0 refuses requests that Slack did not sign within the last five minutes.',
    secret: true,
  },
  SLACK_API_URL: { default: 'Slack', help: 'Address of another Slack server.' },
  PAGERDUTY_TOKEN: {
    default: null,
    help: 'REST API key, required if `oncall` has schedules of PagerDuty. A read-only key is enough.',
    secret: true,
  },
  PAGERDUTY_API_URL: {
    default: '`https://api.pagerduty.com`',
    help: 'The address of another service region, as in `https://api.eu.pagerduty.com`.',
  },
  MICROSOFT_APP_ID: {
    default: null,
    help: 'Id of the Teams app. Without it m0 does not start with `chat.teams`.',
  },
  MICROSOFT_APP_PASSWORD: { default: null, help: 'Client secret of the Teams app.', secret: true },
  MICROSOFT_APP_TENANT_ID: {
    default: null,
    help: 'Your organisation (tenant): m0 refuses requests of others. If it is not set, m0 accepts only requests of people in m0.yaml.',
  },
} as const satisfies Readonly<Record<string, VariableEntry>>;

export type VariableName = keyof typeof VARIABLES;

/** All variables with their entries, in the order of the reference page. */
export const VARIABLE_LIST = Object.entries(VARIABLES) as readonly (readonly [VariableName, VariableEntry])[];

/** m0's own secrets. m0.yaml may not pass them to a stack. */
export const OWN_SECRETS: readonly string[] = VARIABLE_LIST.filter(([, { secret }]) => secret === true).map(
  ([name]) => name,
);
