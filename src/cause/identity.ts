/** Who sent a request, and with what, as CloudTrail's `userIdentity` and `userAgent` say. */
import { isRecord } from '../base/is-record.ts';
import type { How, Principal } from '../model/cause.ts';

type Json = Readonly<Record<string, unknown>>;

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const record = (value: unknown): Json => (isRecord(value) ? value : {});
const isMail = (value: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value);

/** The role's name in `arn:aws:iam::1:role/path/NAME`. */
function lastStep(arn: string): string {
  return arn.split('/').at(-1) ?? arn;
}

/** The roles that IAM Identity Center makes for its permission sets: `AWSReservedSSO_Admin_0123456789abcdef`. */
const SSO_ROLE = /^AWSReservedSSO_(.+)_[0-9a-f]{16}$/;
/** Names that SDKs and services give to sessions, which name nobody. */
const NAMELESS =
  /^(botocore-session-\d+|aws-sdk-.*|AWSCLI-Session|GitHubActions|i-[0-9a-f]{8,}|\d+|terraform-.*|eks-.*|[0-9a-f-]{32,})$/i;

/**
 * The principal of an event. A session is a person where something names one: IAM Identity Center, a source identity, or
 * an e-mail as the session's name; otherwise it is the role.
 */
export function principalOf(event: Json): Principal {
  const identity = record(event.userIdentity);
  const type = text(identity.type);
  const service = text(identity.invokedBy);
  if (type === 'AWSService' || type === 'AWSAccount') {
    const name = service ?? text(identity.accountId) ?? 'AWS';
    return { kind: 'service', name, via: 'service', role: null, session: null, ids: [] };
  }
  if (type === 'Root') {
    const account = text(identity.accountId) ?? '';
    return {
      kind: 'person',
      name: 'root',
      via: `root of account ${account}`,
      role: null,
      session: null,
      ids: [],
    };
  }
  if (type === 'IdentityCenterUser') return identityCenterUser(identity);
  if (type === 'IAMUser') {
    const name = text(identity.userName) ?? text(identity.principalId) ?? 'an IAM user';
    const arn = text(identity.arn);
    const ids = arn === null ? [name] : [name, arn];
    return { kind: 'person', name, via: 'IAM user', role: null, session: null, ids };
  }
  if (type === 'AssumedRole') return sessionOf(identity, service);
  const name =
    text(identity.userName) ?? text(identity.arn) ?? text(identity.principalId) ?? service ?? 'unknown';
  // A federated user or a web identity has a name that its issuer chose.
  const isNamed = type === 'FederatedUser' || type === 'SAMLUser' || type === 'WebIdentityUser';
  return {
    kind: isNamed ? 'person' : 'role',
    ...{ name: lastStep(name), via: type ?? 'unknown', role: null, session: null, ids: [lastStep(name)] },
  };
}

function identityCenterUser(identity: Json): Principal {
  const user = text(record(identity.onBehalfOf).userId);
  const name = text(identity.userName) ?? user ?? 'a user of Identity Center';
  const ids = [name, ...(user === null ? [] : [user])];
  return { kind: 'person', name, via: 'SSO', role: null, session: null, ids: [...new Set(ids)] };
}

function sessionOf(identity: Json, service: string | null): Principal {
  const context = record(identity.sessionContext);
  const issuer = record(context.sessionIssuer);
  const arn = text(identity.arn) ?? '';
  // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
  const [, ofArn = null, sessionName = null] = arn.split('/');
  const role = text(issuer.userName) ?? ofArn ?? 'a role';
  const session = text(sessionName);
  const source = text(context.sourceIdentity) ?? text(identity.sourceIdentity);
  const user = text(record(identity.onBehalfOf).userId) ?? text(record(context.onBehalfOf).userId);
  const sso = SSO_ROLE.exec(role);
  const ids = [...new Set([source, session, user].filter((each) => each !== null))];
  const named = source ?? (session !== null && !NAMELESS.test(session) ? session : null);
  if (/^AWSServiceRoleFor/.test(role) || (service !== null && named === null)) {
    return { kind: 'service', name: service ?? role, via: 'service', role, session, ids: [] };
  }
  if (sso !== null && session !== null) {
    return { kind: 'person', name: source ?? session, via: 'SSO', role: sso[1] ?? role, session, ids };
  }
  if (source !== null || (named !== null && isMail(named))) {
    return { kind: 'person', name: named ?? role, via: `role ${role}`, role, session, ids };
  }
  const via = session === null ? 'role' : `role, session ${session}`;
  return { kind: 'role', name: role, via, role, session, ids };
}

const AGENTS: readonly (readonly [RegExp, How])[] = [
  [/HashiCorp\/1\.0|\bTerraform\/|terraform-provider-|OpenTofu\/|\bpulumi/i, 'terraform'],
  [/^cloudformation\.amazonaws\.com$/, 'cloudformation'],
  [
    /^(console|signin)\.([a-z0-9-]+\.)?(amazonaws|aws\.amazon)\.com$|^Mozilla\/|S3Console\/|AWS-?Console/i,
    'console',
  ],
  [/\baws-cli\//i, 'cli'],
  [/\b(aws-sdk|boto3?|botocore|aws-cdk)\b/i, 'sdk'],
  [/^[a-z0-9.-]+\.amazonaws\.com$|^AWS Internal$/, 'service'],
];

/** What the request was sent with. The console says so in the session as well. */
export function howOf(event: Json): How {
  const agent = text(event.userAgent) ?? '';
  const [, how] = AGENTS.find(([pattern]) => pattern.test(agent)) ?? [];
  if (how === 'terraform') return how;
  if (event.sessionCredentialFromConsole === 'true' || event.sessionCredentialFromConsole === true)
    return 'console';
  return how ?? 'other';
}

/** The ARN of the role whose session sent the request; null for others. */
export function roleOf(event: Json): string | null {
  const identity = record(event.userIdentity);
  return text(record(record(identity.sessionContext).sessionIssuer).arn);
}
