/**
 * Answers of CloudTrail's LookupEvents, in the shapes of its documentation: "CloudTrail userIdentity element", "CloudTrail
 * record contents" (user guide), and the logging pages of each service. Ids, names and times are made up.
 */

const ACCOUNT = '123456789012';

/** A record as it stands in `CloudTrailEvent`, with the names that LookupEvents lists under `Resources`. */
export interface Logged {
  readonly resources: readonly string[];
  readonly record: Readonly<Record<string, unknown>> & {
    readonly eventID: string;
    readonly eventName: string;
    readonly eventTime: string;
  };
}

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A user of IAM Identity Center in the console: a session of the role that a permission set has made. */
export const SSO = {
  type: 'AssumedRole',
  principalId: 'AROAEXAMPLE:dana@acme.dev',
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/dana@acme.dev`,
  accountId: ACCOUNT,
  sessionContext: {
    sessionIssuer: {
      type: 'Role',
      principalId: 'AROAEXAMPLE',
      arn: `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0123456789abcdef`,
      accountId: ACCOUNT,
      userName: 'AWSReservedSSO_Admin_0123456789abcdef',
    },
    attributes: { creationDate: '2026-03-02T10:41:00Z', mfaAuthenticated: 'false' },
  },
};

export const IAM_USER = {
  type: 'IAMUser',
  principalId: 'AIDAEXAMPLE',
  arn: `arn:aws:iam::${ACCOUNT}:user/kim`,
  accountId: ACCOUNT,
  userName: 'kim',
};

export function session(role: string, name: string, more: object = {}): object {
  return {
    type: 'AssumedRole',
    principalId: `AROAEXAMPLE:${name}`,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${name}`,
    accountId: ACCOUNT,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAEXAMPLE',
        arn: `arn:aws:iam::${ACCOUNT}:role/${role}`,
        accountId: ACCOUNT,
        userName: role,
      },
      attributes: { creationDate: '2026-03-02T10:41:00Z', mfaAuthenticated: 'false' },
      ...more,
    },
  };
}

let made = 0;
function logged(
  eventTime: string,
  service: string,
  eventName: string,
  requestParameters: object | null,
  resources: readonly string[],
  more: object = {},
): Logged {
  made += 1;
  return {
    resources,
    record: {
      ...{ eventVersion: '1.11', userIdentity: SSO, eventTime, eventSource: `${service}.amazonaws.com` },
      ...{ eventName, awsRegion: 'eu-central-1', sourceIPAddress: '198.51.100.7' },
      userAgent: `console.${service}.amazonaws.com`,
      ...{ requestParameters, responseElements: null, eventID: id(made), readOnly: false },
      ...{ eventType: 'AwsApiCall', managementEvent: true, recipientAccountId: ACCOUNT },
      ...more,
    },
  };
}

const rule = (port: number, cidrIp: string): object => ({
  groupId: 'sg-0a1b2c3d4e5f60718',
  ipPermissions: {
    items: [
      {
        ...{ ipProtocol: 'tcp', fromPort: port, toPort: port, groups: {} },
        ...{ ipRanges: { items: [{ cidrIp }] }, ipv6Ranges: {}, prefixListIds: {} },
      },
    ],
  },
});
const SG = ['sg-0a1b2c3d4e5f60718'];
const KIM_CLI = {
  userIdentity: IAM_USER,
  userAgent: 'aws-cli/2.13.5 Python/3.11.4 command/sqs.set-queue-attributes',
};
const QUEUE = `https://sqs.eu-central-1.amazonaws.com/${ACCOUNT}/jobs`;

/** What the account's log has, in no order. */
export const LOG: readonly Logged[] = [
  logged('2026-03-02T11:40:00Z', 'ec2', 'AuthorizeSecurityGroupIngress', rule(443, '0.0.0.0/0'), SG, {
    userIdentity: session('deploy', 'GitHubActions'),
    userAgent:
      'APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/5.100.0',
  }),
  logged('2026-03-02T11:58:04Z', 'ec2', 'AuthorizeSecurityGroupIngress', rule(22, '203.0.113.7/32'), SG),
  logged('2026-03-02T11:50:00Z', 'ec2', 'RevokeSecurityGroupIngress', rule(22, '203.0.113.7/32'), SG, {
    userIdentity: session('shared-deploy', 'GitHubActions'),
    userAgent:
      '[APN/1.0 HashiCorp/1.0 Terraform/1.11.4 terraform-provider-aws/5.100.0 team/1.0 m0/prod-network/42]',
  }),
  logged('2026-03-02T11:59:00Z', 'ec2', 'DescribeSecurityGroups', {}, SG, { readOnly: true }),
  logged('2026-03-02T11:59:30Z', 'ec2', 'RevokeSecurityGroupIngress', rule(22, '203.0.113.7/32'), SG, {
    userIdentity: session('audit', 'eve'),
    ...{ errorCode: 'Client.UnauthorizedOperation', errorMessage: 'You are not authorized' },
  }),
  logged('2026-03-02T11:59:40Z', 'ec2', 'AuthorizeSecurityGroupIngress', rule(22, '203.0.113.7/32'), SG, {
    userIdentity: session('m0-apply', 'm0-prod-network-42'),
    userAgent: 'APN/1.0 HashiCorp/1.0 Terraform/1.11.4',
  }),
  logged('2026-03-02T12:30:00Z', 'ec2', 'AuthorizeSecurityGroupIngress', rule(22, '203.0.113.7/32'), SG, {
    userIdentity: session('late', 'later'),
  }),
  logged('2026-03-02T11:50:00Z', 's3', 'DeleteBucketTagging', { bucketName: 'acme-logs', tagging: '' }, [
    'acme-logs',
  ]),
  logged(
    '2026-03-02T11:51:00Z',
    'sqs',
    'SetQueueAttributes',
    { queueUrl: QUEUE, attributes: { VisibilityTimeout: '60' } },
    [],
    KIM_CLI,
  ),
  logged(
    '2026-03-02T11:51:30Z',
    'sqs',
    'SetQueueAttributes',
    { queueUrl: `${QUEUE}-other`, attributes: {} },
    [],
  ),
  logged(
    '2026-03-02T11:52:00Z',
    'lambda',
    'UpdateFunctionConfiguration20150331v2',
    { functionName: 'api', memorySize: 512 },
    ['api'],
    {
      userIdentity: session('ops', 'break-glass', { sourceIdentity: 'kim@acme.dev' }),
      userAgent: 'Boto3/1.34 md/Botocore#1.34 lang/python#3.12',
    },
  ),
  logged(
    '2026-03-02T11:53:00Z',
    'rds',
    'ModifyDBInstance',
    {
      dBInstanceIdentifier: 'prod-db',
      backupRetentionPeriod: 0,
      masterUserPassword: '****',
      applyImmediately: true,
    },
    ['prod-db'],
    {
      userIdentity: {
        type: 'Root',
        principalId: ACCOUNT,
        arn: `arn:aws:iam::${ACCOUNT}:root`,
        accountId: ACCOUNT,
      },
    },
  ),
  logged(
    '2026-03-02T11:54:00Z',
    'logs',
    'PutRetentionPolicy',
    { logGroupName: '/app/web', retentionInDays: 7 },
    ['/app/web'],
    {
      userIdentity: {
        ...{ type: 'IdentityCenterUser', accountId: ACCOUNT, userName: 'kim' },
        onBehalfOf: {
          userId: '544894e8-80c1-707f-60e3-3ba6510dfac1',
          identityStoreArn: 'arn:aws:identitystore::1:identitystore/d-1',
        },
      },
      sessionCredentialFromConsole: 'true',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
    },
  ),
  logged(
    '2026-03-02T11:55:00Z',
    'autoscaling',
    'SetDesiredCapacity',
    { autoScalingGroupName: 'web', desiredCapacity: 9 },
    ['web'],
    {
      userIdentity: session('AWSServiceRoleForApplicationAutoScaling', 'AutoScaling'),
      userAgent: 'autoscaling.amazonaws.com',
    },
  ),
  logged('2026-03-02T11:56:00Z', 'dynamodb', 'DeleteTable', { tableName: 'orders' }, [
    `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/orders`,
  ]),
  logged(
    '2026-03-02T11:57:00Z',
    'iam',
    'UpdateAssumeRolePolicy',
    { roleName: 'app', policyDocument: '{"Statement":[]}' },
    ['app', `arn:aws:iam::${ACCOUNT}:role/app`],
    {
      awsRegion: 'us-east-1',
      userIdentity: session('pipeline', 'botocore-session-1700000000'),
      userAgent: 'aws-sdk-go-v2/1.30.3',
    },
  ),
  // More than a page of events that only touched the bucket.
  ...Array.from({ length: 70 }, (_, i) =>
    logged(
      `2026-03-01T10:${String(i % 60).padStart(2, '0')}:00Z`,
      's3',
      'PutBucketLogging',
      { bucketName: 'acme-big' },
      ['acme-big'],
    ),
  ),
  logged(
    '2026-03-01T09:00:00Z',
    's3',
    'PutBucketVersioning',
    { bucketName: 'acme-big', VersioningConfiguration: { Status: 'Suspended' } },
    ['acme-big'],
  ),
];
