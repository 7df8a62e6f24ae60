import fc from 'fast-check';
import { expect, test } from 'vitest';
import { consoleUrl } from '../../../../src/model/links/console.ts';

const ARN = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188';
const SUB = '0b1f6471-1bf0-4dda-aec3-cb9272f09590';

test.each([
  [
    'arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0abc',
    'https://console.aws.amazon.com/ec2/home?region=eu-central-1#SecurityGroup:groupId=sg-0abc',
  ],
  [
    'arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-0abc',
    'https://console.amazonaws.cn/ec2/home?region=cn-north-1#InstanceDetails:instanceId=i-0abc',
  ],
  [
    'arn:aws-us-gov:rds:us-gov-west-1:123456789012:db:main',
    'https://console.amazonaws-us-gov.com/rds/home?region=us-gov-west-1#database:id=main;is-cluster=false',
  ],
  ['arn:aws:s3:::acme-logs', 'https://console.aws.amazon.com/s3/buckets/acme-logs'],
  [
    'arn:aws:iam::123456789012:role/ci/deploy',
    'https://console.aws.amazon.com/iam/home#/roles/details/deploy',
  ],
  [
    'arn:aws:iam::123456789012:policy/ops',
    'https://console.aws.amazon.com/iam/home#/policies/details/arn%3Aaws%3Aiam%3A%3A123456789012%3Apolicy%2Fops',
  ],
  [
    'arn:aws:sqs:eu-west-1:123456789012:jobs',
    'https://console.aws.amazon.com/sqs/v3/home?region=eu-west-1#/queues/https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F123456789012%2Fjobs',
  ],
  [
    'arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/a:*',
    'https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fa',
  ],
  [
    ARN,
    `https://console.aws.amazon.com/ec2/home?region=eu-central-1#LoadBalancer:loadBalancerArn=${encodeURIComponent(ARN)}`,
  ],
  [
    'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db/main-AbCdEf',
    'https://console.aws.amazon.com/secretsmanager/secret?region=eu-west-1&name=db%2Fmain',
  ],
  [
    `/subscriptions/${SUB}/resourceGroups/rg 1/providers/Microsoft.Network/networkSecurityGroups/web`,
    `https://portal.azure.com/#resource/subscriptions/${SUB}/resourceGroups/rg%201/providers/Microsoft.Network/networkSecurityGroups/web`,
  ],
  [
    'https://www.googleapis.com/compute/v1/projects/acme-prod/zones/europe-west3-a/instances/web',
    'https://console.cloud.google.com/compute/instancesDetail/zones/europe-west3-a/instances/web?project=acme-prod',
  ],
  [
    'https://www.googleapis.com/storage/v1/b/acme-logs',
    'https://console.cloud.google.com/storage/browser/acme-logs',
  ],
  [
    'https://sqladmin.googleapis.com/sql/v1beta4/projects/acme/instances/main',
    'https://console.cloud.google.com/sql/instances/main/overview?project=acme',
  ],
  [
    'projects/acme/topics/jobs',
    'https://console.cloud.google.com/cloudpubsub/topic/detail/jobs?project=acme',
  ],
])('%s has its page', (id, url) => {
  expect(consoleUrl(id)).toBe(url);
});

test.each([
  'arn:aws:ec2:eu-central-1:123456789012:security-group/sg-1|<!here>',
  'arn:aws:ec2::123456789012:security-group/sg-1',
  'arn:evil:ec2:eu-central-1:123456789012:security-group/sg-1',
  'arn:aws:ec2:evil.dev/#:123456789012:instance/i-1',
  'arn:aws:unknown:eu-central-1:123456789012:thing/x',
  'arn:aws:s3:::bucket/key',
  'arn:aws:s3:::..',
  'arn:aws:iam::123456789012:role/a\nb',
  'https://evil.dev/compute/v1/projects/a/zones/z/instances/n',
  'https://www.googleapis.com.evil.dev/compute/v1/projects/a/zones/z/instances/n',
  'https://www.googleapis.com/compute/v1/projects/a/zones/z/instances/n?x=<!here>',
  '/subscriptions/../../evil',
  `/subscriptions/${SUB}/..`,
  `/subscriptions/${SUB}`,
  'javascript:alert(1)',
  '',
])('%j has no page', (id) => {
  expect(consoleUrl(id)).toBeNull();
});

test('whatever an id holds, the page is on a host of that cloud and has no character that ends a link', () => {
  const tail = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('|x>', ')](', '<!here>', '\u202e', 'a\r\nb', '"'),
  );
  const id = fc.oneof(
    tail.map((end) => `arn:aws:ec2:eu-west-1:123456789012:security-group/${end}`),
    tail.map((end) => `arn:aws:iam::123456789012:role/${end}`),
    tail.map((end) => `arn:aws:ecr:eu-west-1:123456789012:repository/${end}`),
    tail.map((end) => `arn:aws:lambda:eu-west-1:123456789012:function:${end}`),
    tail.map((end) => `/subscriptions/${SUB}/resourceGroups/${end}`),
    tail.map((end) => `https://www.googleapis.com/compute/v1/projects/a/zones/z/instances/${end}`),
    tail,
  );
  fc.assert(
    fc.property(id, (text) => {
      const url = consoleUrl(text);
      if (url === null) return;
      expect(url).toMatch(
        /^https:\/\/(console\.aws\.amazon\.com|portal\.azure\.com|console\.cloud\.google\.com)\/[\w.~%/:?&=;,$#@-]*$/,
      );
    }),
    { numRuns: 2_000 },
  );
});
