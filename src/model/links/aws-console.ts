/** Pages of the AWS console, from the ARN of a resource. */
import { encoded, webUrl } from './web-url.ts';

/** Hosts of the console, by partition: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
const HOSTS: Readonly<Record<string, string>> = {
  aws: 'console.aws.amazon.com',
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
};
const ARN =
  /^arn:(aws|aws-cn|aws-us-gov):([a-z0-9-]{1,40}):([a-z]{2}(?:-[a-z]+)+-\d{1,2})?:(\d{12})?:([\x21-\x7e]{1,1000})$/;

interface Arn {
  readonly whole: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** Part of a page: its path, and what comes after `#`. A page with a region gets it as a query. */
interface Page {
  readonly path: readonly string[];
  readonly hash?: string | null;
  readonly query?: readonly (readonly [string, string])[];
}

/** A page of one kind of resource. `pattern` is matched against what follows the account in the ARN. */
interface Rule {
  readonly service: string;
  readonly pattern: RegExp;
  /** False for services without regions. */
  readonly regional: boolean;
  readonly page: (match: readonly string[], arn: Arn) => Page;
}

/** `text` with each part encoded; null if one can't be. */
function hashOf(text: string, ...parts: readonly string[]): string | null {
  let out = text;
  for (const part of parts) {
    const safe = encoded(part);
    if (safe === null) return null;
    out = out.replace('%s', () => safe);
  }
  return out;
}

const rule = (
  service: string,
  pattern: RegExp,
  path: readonly string[],
  hash?: string,
  regional = true,
): Rule => ({
  ...{ service, pattern, regional },
  page: ([, ...parts]) => ({ path, ...(hash === undefined ? {} : { hash: hashOf(hash, ...parts) }) }),
});
const byArn = (
  service: string,
  pattern: RegExp,
  path: readonly string[],
  hash: string,
  regional = true,
): Rule => ({
  ...{ service, pattern, regional },
  page: (_match, { whole }) => ({ path, hash: hashOf(hash, whole) }),
});

const EC2 = ['ec2', 'home'];
const VPC = ['vpcconsole', 'home'];
const IAM = ['iam', 'home'];
const NAME = '([^/:]+)';

const RULES: readonly Rule[] = [
  rule('ec2', /^security-group\/(sg-\w+)$/, EC2, 'SecurityGroup:groupId=%s'),
  rule('ec2', /^instance\/(i-\w+)$/, EC2, 'InstanceDetails:instanceId=%s'),
  rule('ec2', /^volume\/(vol-\w+)$/, EC2, 'VolumeDetails:volumeId=%s'),
  rule('ec2', /^vpc\/(vpc-\w+)$/, VPC, 'VpcDetails:VpcId=%s'),
  rule('ec2', /^subnet\/(subnet-\w+)$/, VPC, 'SubnetDetails:subnetId=%s'),
  rule('ec2', /^route-table\/(rtb-\w+)$/, VPC, 'RouteTableDetails:RouteTableId=%s'),
  rule('ec2', /^network-acl\/(acl-\w+)$/, VPC, 'NetworkAclDetails:networkAclId=%s'),
  byArn('elasticloadbalancing', /^loadbalancer\/(app|net|gwy)\/./, EC2, 'LoadBalancer:loadBalancerArn=%s'),
  byArn('elasticloadbalancing', /^targetgroup\/./, EC2, 'TargetGroup:targetGroupArn=%s'),
  rule('iam', /^role\/(?:.*\/)?([^/]+)$/, IAM, '/roles/details/%s', false),
  rule('iam', /^user\/(?:.*\/)?([^/]+)$/, IAM, '/users/details/%s', false),
  rule('iam', /^group\/(?:.*\/)?([^/]+)$/, IAM, '/groups/details/%s', false),
  byArn('iam', /^policy\/./, IAM, '/policies/details/%s', false),
  rule('lambda', new RegExp(`^function:${NAME}$`), ['lambda', 'home'], '/functions/%s'),
  rule('rds', new RegExp(`^db:${NAME}$`), ['rds', 'home'], 'database:id=%s;is-cluster=false'),
  rule('rds', new RegExp(`^cluster:${NAME}$`), ['rds', 'home'], 'database:id=%s;is-cluster=true'),
  rule('dynamodb', new RegExp(`^table/${NAME}$`), ['dynamodbv2', 'home'], 'table?name=%s'),
  byArn('sns', new RegExp(`^${NAME}$`), ['sns', 'v3', 'home'], '/topic/%s'),
  rule('kms', /^key\/([0-9a-f-]+)$/, ['kms', 'home'], '/kms/keys/%s'),
  rule('eks', new RegExp(`^cluster/${NAME}$`), ['eks', 'home'], '/clusters/%s'),
  rule('cloudfront', /^distribution\/(\w+)$/, ['cloudfront', 'v4', 'home'], '/distributions/%s', false),
  rule('route53', /^hostedzone\/(\w+)$/, ['route53', 'v2', 'hostedzones'], 'ListRecordSets/%s', false),
  {
    ...{ service: 's3', pattern: new RegExp(`^${NAME}$`), regional: false },
    page: ([, bucket = '']) => ({ path: ['s3', 'buckets', bucket] }),
  },
  {
    ...{ service: 'sqs', pattern: new RegExp(`^${NAME}$`), regional: true },
    page: ([, queue = ''], { region, account, partition }) => {
      const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
      const address = `https://sqs.${region}.${domain}/${account}/${queue}`;
      return { path: ['sqs', 'v3', 'home'], hash: hashOf('/queues/%s', address) };
    },
  },
  {
    ...{ service: 'logs', pattern: /^log-group:([^:]+)(?::\*)?$/, regional: true },
    page: ([, group = '']) => ({
      path: ['cloudwatch', 'home'],
      // This console reads escapes with `$` in place of `%`, twice.
      hash: hashOf('logsV2:log-groups/log-group/%s', group)?.replaceAll('%', '$25') ?? null,
    }),
  },
  {
    ...{ service: 'ecs', pattern: new RegExp(`^cluster/${NAME}$`), regional: true },
    page: ([, cluster = '']) => ({ path: ['ecs', 'v2', 'clusters', cluster] }),
  },
  {
    ...{ service: 'ecs', pattern: new RegExp(`^service/${NAME}/${NAME}$`), regional: true },
    page: ([, cluster = '', service = '']) => ({
      path: ['ecs', 'v2', 'clusters', cluster, 'services', service],
    }),
  },
  {
    ...{ service: 'secretsmanager', pattern: /^secret:([^:]+)-\w{6}$/, regional: true },
    page: ([, secret = '']) => ({ path: ['secretsmanager', 'secret'], query: [['name', secret]] }),
  },
  {
    ...{ service: 'ecr', pattern: /^repository\/(.+)$/, regional: true },
    page: ([, repository = ''], { account }) => ({
      path: ['ecr', 'repositories', 'private', account, ...repository.split('/')],
    }),
  },
];

/** The console's page of a resource; null if the text is no ARN, or of a kind whose page m0 does not know. */
export function awsConsoleUrl(text: string): string | null {
  const found = ARN.exec(text);
  if (found === null) return null;
  const [whole, partition = '', service = '', region = '', account = '', rest = ''] = found;
  const host = HOSTS[partition];
  for (const one of RULES) {
    const match = one.service === service ? one.pattern.exec(rest) : null;
    if (match === null || host === undefined) continue;
    if (one.regional && region === '') return null;
    const { path, hash, query = [] } = one.page(match, { whole, partition, region, account });
    if (hash === null) return null;
    return webUrl({
      ...{ host, path, query: [...(one.regional ? ([['region', region]] as const) : []), ...query] },
      ...(hash === undefined ? {} : { hash }),
    });
  }
  return null;
}

const EVENT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/;

/** The page of an event of CloudTrail. `role`: an ARN of the same partition. Null if a part is not of its known form. */
export function eventUrl(event: {
  readonly role: string;
  readonly region: string;
  readonly id: string;
}): string | null {
  const { role, region, id } = event;
  const host = HOSTS[role.split(':')[1] ?? ''];
  if (host === undefined || !EVENT_ID.test(id) || !REGION.test(region)) return null;
  return webUrl({
    ...{ host, path: ['cloudtrailv2', 'home'], query: [['region', region]] },
    hash: `/events/${id}`,
  });
}
