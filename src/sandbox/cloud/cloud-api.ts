/** Reads and changes the sample stack's resources in the local cloud. */
import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  EC2Client,
  type IpPermission,
} from '@aws-sdk/client-ec2';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { SAMPLE } from './sample-infra.ts';

/** The current state of the sample stack's resources; null where one does not exist. */
export interface ObservedCloud {
  readonly tags: Readonly<Record<string, string>> | null;
  readonly ingress: readonly string[] | null;
  readonly dnsHostnames: boolean | null;
}

/** Invented credentials. The local cloud does not check them. */
export const LOCAL_CREDENTIALS = {
  accessKeyId: 'AKIASANDBOX000000000',
  secretAccessKey: 'local-sandbox-only',
};

/** Those of the person at the console, so that the local log of events can tell the two apart. */
export const CONSOLE_CREDENTIALS = {
  accessKeyId: 'AKIASANDBOXCONSOLE00',
  secretAccessKey: 'local-sandbox-only',
};

/** The local cloud through Amazon's SDK, as a person at its console would use it. */
export function createCloudApi(url: string) {
  const common = { region: SAMPLE.region, endpoint: url, credentials: CONSOLE_CREDENTIALS };
  const s3 = new S3Client({ ...common, forcePathStyle: true });
  const ec2 = new EC2Client(common);

  async function hasBucket(Bucket: string): Promise<boolean> {
    return s3.send(new HeadBucketCommand({ Bucket })).then(() => true, ifMissing(false));
  }

  /** Tags of the log bucket, or null where the bucket does not exist. */
  async function tags(): Promise<Record<string, string> | null> {
    if (!(await hasBucket(SAMPLE.bucket))) return null;
    const answer = await s3
      .send(new GetBucketTaggingCommand({ Bucket: SAMPLE.bucket }))
      .catch(ifMissing({ TagSet: [] }));
    return Object.fromEntries((answer.TagSet ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
  }

  async function securityGroup(): Promise<{ id: string; rules: readonly IpPermission[] } | null> {
    const filter = { Name: 'group-name', Values: [SAMPLE.securityGroup] };
    const answer = await ec2.send(new DescribeSecurityGroupsCommand({ Filters: [filter] }));
    const group = answer.SecurityGroups?.[0];
    return group?.GroupId === undefined ? null : { id: group.GroupId, rules: group.IpPermissions ?? [] };
  }

  async function dnsHostnames(): Promise<boolean | null> {
    const filter = { Name: 'tag:Name', Values: [SAMPLE.vpcName] };
    const answer = await ec2.send(new DescribeVpcsCommand({ Filters: [filter] }));
    const VpcId = answer.Vpcs?.[0]?.VpcId;
    if (VpcId === undefined) return null;
    const attribute = await ec2.send(
      new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' }),
    );
    return attribute.EnableDnsHostnames?.Value ?? false;
  }

  return {
    async observe(): Promise<ObservedCloud> {
      const group = await securityGroup();
      return {
        tags: await tags(),
        ingress: group === null ? null : group.rules.flatMap(rulesOf).sort(),
        dnsHostnames: await dnsHostnames(),
      };
    },

    async ensureStateBucket(): Promise<void> {
      if (await hasBucket(SAMPLE.stateBucket)) return;
      const CreateBucketConfiguration = { LocationConstraint: SAMPLE.region };
      await s3.send(new CreateBucketCommand({ Bucket: SAMPLE.stateBucket, CreateBucketConfiguration }));
    },

    async removeTags(): Promise<void> {
      await s3.send(new DeleteBucketTaggingCommand({ Bucket: SAMPLE.bucket }));
    },

    async openSsh(): Promise<void> {
      const group = await securityGroup();
      if (group === null) throw new Error(`there is no security group "${SAMPLE.securityGroup}"`);
      const { port, cidr, description } = SAMPLE.hotfix;
      const IpRanges = [{ CidrIp: cidr, Description: description }];
      const permission = { IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges };
      await ec2.send(
        new AuthorizeSecurityGroupIngressCommand({ GroupId: group.id, IpPermissions: [permission] }),
      );
    },

    async deleteBucket(): Promise<void> {
      const Bucket = SAMPLE.bucket;
      const listed = await s3.send(new ListObjectsV2Command({ Bucket }));
      const Objects = (listed.Contents ?? []).map((object) => ({ Key: object.Key ?? '' }));
      if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      await s3.send(new DeleteBucketCommand({ Bucket }));
    },

    close(): void {
      s3.destroy();
      ec2.destroy();
    },
  };
}

export type CloudApi = ReturnType<typeof createCloudApi>;

/** One text per range, such as `443/tcp from 0.0.0.0/0`. */
function rulesOf(rule: IpPermission): string[] {
  const ports = rule.FromPort === rule.ToPort ? `${rule.FromPort}` : `${rule.FromPort}-${rule.ToPort}`;
  return (rule.IpRanges ?? []).map((range) => `${ports}/${rule.IpProtocol} from ${range.CidrIp}`);
}

/** Returns `instead` where the cloud says that something does not exist; other errors are rethrown. */
function ifMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    const name = error instanceof Error ? error.name : '';
    if (['NotFound', 'NoSuchBucket', 'NoSuchTagSet'].includes(name)) return instead;
    throw error;
  };
}
