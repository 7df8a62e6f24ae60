/** Sessions of AWS roles, for the tools of stacks. */
import { readFile } from 'node:fs/promises';
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { errorText } from '../base/error-text.ts';
import type { AwsRoles } from '../model/cloud-roles.ts';
import type { OpenAccess } from '../ports/cloud-access.ts';

/** A role to assume, with the environment of the stack that it is for. */
export interface RoleRequest {
  readonly roles: AwsRoles;
  readonly role: string;
  readonly session: string;
  /** The stack's environment: the region, other endpoints, and the identity that assumes the role if it names one. */
  readonly env: Readonly<Record<string, string>>;
}

const REQUEST_MS = 15_000;
const DEFAULT_REGION = 'us-east-1';

/**
 * Assumes the role. Resolves with the session as environment variables, rejects with an Error that names the role, who
 * m0 is there, and what to do. m0 calls AWS itself: a tool with the identity that may assume the role for plans could
 * assume the one for applies too.
 */
export async function assumeRole(request: RoleRequest): Promise<OpenAccess> {
  const { roles, role, session } = request;
  const about = {
    RoleArn: role,
    RoleSessionName: session,
    DurationSeconds: Math.floor(roles.durationMs / 1000),
  };
  const client = clientFor(request);
  try {
    const credentials =
      roles.webIdentityTokenFile === null
        ? await client.send(
            new AssumeRoleCommand({
              ...about,
              ...(roles.externalId === null ? {} : { ExternalId: roles.externalId }),
            }),
          )
        : await client.send(
            new AssumeRoleWithWebIdentityCommand({
              ...about,
              WebIdentityToken: await tokenIn(roles.webIdentityTokenFile),
            }),
          );
    return toAccess(credentials.Credentials);
  } catch (cause) {
    const who = await whoIs(client, roles);
    throw new Error(
      `assuming ${role} as ${session}: ${scrubbed(errorText(cause), request).replace(/\.$/, '')}. ${who}. ${advice(roles)}`,
    );
  } finally {
    client.destroy();
  }
}

/** Who the credentials are, as AWS says: the session's ARN. Rejects with the reason. */
export async function callerOf(access: OpenAccess, env: Readonly<Record<string, string>>): Promise<string> {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = access.env;
  const client = new STSClient({
    ...placeOf(env),
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
      ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
    },
  });
  try {
    return (await client.send(new GetCallerIdentityCommand({}))).Arn ?? 'nobody that AWS names';
  } finally {
    client.destroy();
  }
}

function placeOf(env: Readonly<Record<string, string>>) {
  const endpoint = env.AWS_ENDPOINT_URL_STS ?? env.AWS_ENDPOINT_URL;
  return {
    region:
      env.AWS_REGION ??
      env.AWS_DEFAULT_REGION ??
      process.env.AWS_REGION ??
      process.env.AWS_DEFAULT_REGION ??
      DEFAULT_REGION,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 3,
    requestHandler: {
      ...{ requestTimeout: REQUEST_MS, connectionTimeout: REQUEST_MS },
      // Else the SDK only warns of a request that takes too long.
      throwOnRequestTimeout: true,
    },
  };
}

/** Signs with the identity in the stack's environment, or with m0's own (the SDK's default chain). */
function clientFor({ env }: RoleRequest): STSClient {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key, AWS_SESSION_TOKEN: token } = env;
  if (id !== undefined && key !== undefined) {
    const sessionToken = token === undefined ? {} : { sessionToken: token };
    return new STSClient({
      ...placeOf(env),
      credentials: { accessKeyId: id, secretAccessKey: key, ...sessionToken },
    });
  }
  const profile = env.AWS_PROFILE === undefined ? {} : { profile: env.AWS_PROFILE };
  return new STSClient({ ...placeOf(env), ...profile });
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new Error(`the token in ${file} can't be read (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
}

function toAccess(credentials: Credentials | undefined): OpenAccess {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
    throw new Error('AWS answered without complete credentials');
  }
  return {
    env: {
      AWS_ACCESS_KEY_ID: AccessKeyId,
      AWS_SECRET_ACCESS_KEY: SecretAccessKey,
      AWS_SESSION_TOKEN: SessionToken,
      // If the session were refused, the tool would go on with the identity of the machine.
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    files: {},
    secrets: [AccessKeyId, SecretAccessKey, SessionToken],
    endsAt: Expiration.getTime(),
  };
}

/** Who m0 is where it asks for the role, as a sentence. */
async function whoIs(client: STSClient, roles: AwsRoles): Promise<string> {
  if (roles.webIdentityTokenFile !== null) {
    return `m0 is whom the token in ${roles.webIdentityTokenFile} names${await subjectIn(roles.webIdentityTokenFile)}`;
  }
  try {
    return `m0 is ${(await client.send(new GetCallerIdentityCommand({}))).Arn ?? 'nobody that AWS names'}`;
  } catch (error) {
    return `who m0 is can't be told either (${errorText(error)})`;
  }
}

/** Issuer and subject of a JSON web token, which are no secrets; '' where it is none. */
async function subjectIn(file: string): Promise<string> {
  try {
    const payload = (await tokenIn(file)).split('.')[1] ?? '';
    const { iss, sub } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<
      string,
      unknown
    >;
    return typeof sub === 'string' ? `: ${sub}${typeof iss === 'string' ? ` of ${iss}` : ''}` : '';
  } catch {
    return '';
  }
}

function advice(roles: AwsRoles): string {
  const external = roles.externalId === null ? '' : ' with this external id';
  return roles.webIdentityTokenFile === null
    ? `Let the role's trust policy name it${external}, let it call sts:AssumeRole, and see that the role allows sessions as long as aws.duration; or correct aws in m0.yaml`
    : "Let the role's trust policy name its issuer and subject, and see that the role allows sessions as long as aws.duration; or correct aws in m0.yaml";
}

function scrubbed(text: string, { env }: RoleRequest): string {
  const secrets = [env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN].filter((each) => each !== undefined);
  return secrets.reduce(
    (out, secret) => (secret.length < 8 ? out : out.replaceAll(secret, '[redacted]')),
    text,
  );
}
