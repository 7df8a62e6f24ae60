/** The identities that a stack's tool has in its clouds: one for plans, another one for applies. */

/** What a process of the tool is for. Only `terraform apply` itself is an `apply`; its `init` counts as `plan`. */
export type ToolUse = 'plan' | 'apply';

/** Roles of AWS, which m0 assumes for the tool. */
export interface AwsRoles {
  readonly planRole: string;
  /** Null: nothing is ever applied. */
  readonly applyRole: string | null;
  readonly externalId: string | null;
  /** How long a session lasts, in ms. */
  readonly durationMs: number;
  /** A file with a token, for AssumeRoleWithWebIdentity; null: AssumeRole with m0's or the stack's own identity. */
  readonly webIdentityTokenFile: string | null;
}

/** What m0 may read to tell who changed the cloud. */
export interface CauseSettings {
  /** CloudTrail's LookupEvents. Null: it is not asked. */
  readonly cloudtrail: CauseLog | null;
  /** A table over the bucket of a trail. Null: it is not asked. Without either only the code's history is told. */
  readonly athena: (CauseLog & AthenaTable) | null;
  /** True: the person who may have done it is asked in a direct message. */
  readonly ask: boolean;
}

/** The role that reads a log, and nothing else. */
export interface CauseIdentity {
  readonly role: string;
  readonly externalId: string | null;
  readonly webIdentityTokenFile: string | null;
}

export interface CauseLog extends CauseIdentity {
  /** Where to look if the resource does not say; at least one. */
  readonly regions: readonly string[];
}

/** Where Athena finds the trail's events. */
export interface AthenaTable {
  /** Of the table and the workgroup. */
  readonly region: string;
  readonly database: string;
  readonly table: string;
  readonly workgroup: string;
  /** `s3://…`, where Athena writes what it finds; null: where the workgroup says. */
  readonly output: string | null;
}

/** Applications of Microsoft Entra that trust a token (workload identity), each with a token of its own. */
export interface AzureIdentities {
  readonly tenantId: string;
  readonly subscriptionId: string | null;
  readonly planClientId: string;
  readonly planTokenFile: string;
  readonly applyClientId: string | null;
  readonly applyTokenFile: string | null;
}

/** Service accounts of Google that the tool impersonates, each by way of other credentials. */
export interface GoogleAccounts {
  readonly planServiceAccount: string;
  readonly planCredentials: string;
  readonly applyServiceAccount: string | null;
  readonly applyCredentials: string | null;
}

/** What a stack has of these; paths are absolute. Left out: the tool gets what `env` of the stack says. */
export interface CloudRoles {
  readonly aws?: AwsRoles;
  readonly azure?: AzureIdentities;
  readonly google?: GoogleAccounts;
}

/** The longest name of a session that AWS allows (RoleSessionName of AssumeRole). */
const SESSION_NAME = 64;

/**
 * The session's name in AWS's logs: `m0-prod-network-42`, for the run #42. Of a long stack name the end is cut. `run`
 * null: without a number.
 */
export function sessionName(stack: string, run: number | null): string {
  const end = run === null ? '' : `-${run}`;
  const start = `m0-${stack}`.replace(/[^\w+=,.@-]/g, '-');
  return `${start.slice(0, SESSION_NAME - end.length)}${end}`;
}

/**
 * Variables through which a cloud's libraries find an identity. Where m0 provides the identity, the tool gets none of
 * them from elsewhere: an identity that can assume the role for applies must not reach a plan.
 */
const WITHHELD: Readonly<Record<keyof CloudRoles, RegExp>> = {
  aws: /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|SECURITY_TOKEN|(DEFAULT_)?PROFILE|ROLE_\w+|WEB_IDENTITY_TOKEN_FILE|CONTAINER_\w+|CONFIG_FILE|SHARED_CREDENTIALS_FILE|CREDENTIAL_\w+|EC2_METADATA_\w+)$/,
  azure:
    /^(ARM_(CLIENT_\w+|TENANT_ID|SUBSCRIPTION_ID|OIDC_\w+|USE_(OIDC|MSI|CLI|AKS_WORKLOAD_IDENTITY)|MSI_\w+|ADO_\w+)|AZURE_(CLIENT_\w+|TENANT_ID|FEDERATED_TOKEN_FILE|CONFIG_DIR))$/,
  google:
    /^(GOOGLE_(CREDENTIALS|APPLICATION_CREDENTIALS|OAUTH_ACCESS_TOKEN|IMPERSONATE_\w+|BACKEND_\w+|CLOUD_KEYFILE_JSON)|GCLOUD_KEYFILE_JSON|CLOUDSDK_(CONFIG|AUTH_\w+))$/,
};

/** Settings of Terragrunt by which it gets another identity, in any cloud, for what it runs. */
const OF_TERRAGRUNT = /^(TG|TERRAGRUNT)_(IAM_\w+|AUTH_PROVIDER_CMD)$/;

/** The clouds in which m0 gives the stack's tool its identity. */
export function cloudsWithRoles(stack: CloudRoles): readonly (keyof CloudRoles)[] {
  return (['aws', 'azure', 'google'] as const).filter((cloud) => stack[cloud] !== undefined);
}

/** The variables that may reach the stack's tool: all but those of identities in clouds that have roles. */
export function withoutIdentities(
  stack: CloudRoles,
  env: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const clouds = cloudsWithRoles(stack);
  const withheld = clouds.length === 0 ? [] : [OF_TERRAGRUNT, ...clouds.map((cloud) => WITHHELD[cloud])];
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !withheld.some((pattern) => pattern.test(name))),
  );
}
