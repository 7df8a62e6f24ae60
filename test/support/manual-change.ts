/** Makes a manual change in the local AWS, as an engineer would in the console. */
import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { CONSOLE_CREDENTIALS } from '../../src/sandbox/cloud/cloud-api.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import type { SandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';

/** Adds an ingress rule to the sample's security group, the one that the sandbox's hotfix changes too. */
export async function openPort(cloud: Pick<SandboxCloud, 'motoUrl'>, port: number): Promise<void> {
  const ec2 = new EC2Client({
    endpoint: cloud.motoUrl,
    region: SAMPLE.region,
    credentials: CONSOLE_CREDENTIALS,
  });
  try {
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
    const group = SecurityGroups.find((g) => g.GroupName === SAMPLE.securityGroup);
    const rule = {
      ...{ IpProtocol: 'tcp', FromPort: port, ToPort: port },
      IpRanges: [{ CidrIp: '203.0.113.7/32' }],
    };
    await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({ GroupId: group?.GroupId, IpPermissions: [rule] }),
    );
  } finally {
    ec2.destroy();
  }
}
