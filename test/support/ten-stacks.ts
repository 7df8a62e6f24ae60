/** Ten small stacks in the style of real repositories, each with siblings that repeat each other's attributes. */

/** One stack: its code, what somebody changes by hand after the first apply, and what is committed after it. */
export interface SampleStack {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** Replacements in the code; the result is applied with a state that is thrown away: a change by hand. */
  readonly byHand: readonly (readonly [file: string, from: string, to: string])[];
  /** Replacements that are committed and not applied. */
  readonly merged?: readonly (readonly [file: string, from: string, to: string])[];
  /** The addresses that the policy tags-auto puts back by itself. */
  readonly heals: readonly string[];
  /** The addresses that wait for a person. */
  readonly waits: readonly string[];
  /** Addresses that come along with an apply, with equal values. */
  readonly alongside?: readonly string[];
}

const OWNED = `
  tags = {
    Owner = "platform"
  }
`;
const UNOWNED = '\n  tags = {\n    Team = "somebody"\n  }\n';
const tagByHand = (file = 'main.tf'): readonly [string, string, string] => [file, OWNED, UNOWNED];

const bucket = (name: string, siblings: string): string => `
resource "aws_s3_bucket" "assets" {
  bucket = "${name}"
${OWNED}}

resource "aws_s3_bucket_versioning" "assets" {
  bucket = aws_s3_bucket.assets.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "assets" {
  bucket                  = aws_s3_bucket.assets.id
  block_public_acls       = true
  block_public_policy     = false
  ignore_public_acls      = true
  restrict_public_buckets = false
}

resource "aws_s3_bucket_policy" "assets" {
  bucket = aws_s3_bucket.assets.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Sid = "Read", Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "arn:aws:s3:::${name}/*" }]
  })
}
${siblings}`;

const LIFECYCLE = `
resource "aws_s3_bucket_lifecycle_configuration" "assets" {
  bucket = aws_s3_bucket.assets.id
  rule {
    id     = "old"
    status = "Enabled"
    filter {
      prefix = "tmp/"
    }
    expiration {
      days = 30
    }
  }
}
`;

const logGroup = (name: string, days = 7, tags = ''): string => `
resource "aws_cloudwatch_log_group" "${name}" {
  name              = "/acme/${name}"
  retention_in_days = ${days}
${tags}}
`;

export const TEN_STACKS: readonly SampleStack[] = [
  {
    name: 'bucket',
    files: { 'main.tf': bucket('acme-assets', LIFECYCLE) },
    byHand: [tagByHand(), ['main.tf', 'status = "Enabled"\n  }', 'status = "Suspended"\n  }']],
    heals: ['aws_s3_bucket.assets'],
    waits: ['aws_s3_bucket_versioning.assets'],
  },
  {
    name: 'bucket-policy',
    files: { 'main.tf': bucket('acme-site', '') },
    byHand: [tagByHand(), ['main.tf', '"s3:GetObject"', '["s3:GetObject", "s3:ListBucket"]']],
    heals: ['aws_s3_bucket.assets'],
    waits: ['aws_s3_bucket_policy.assets'],
  },
  {
    name: 'queues',
    files: {
      'main.tf': `
module "orders" {
  source = "./queue"
}

resource "aws_sqs_queue_policy" "orders" {
  queue_url = module.orders.url
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "sns", Effect = "Allow", Principal = { Service = "sns.amazonaws.com" }, Action = "sqs:SendMessage", Resource = module.orders.arn }]
  })
}

resource "aws_sns_topic" "events" {
  name = "events"
${OWNED}}
`,
      'queue/main.tf': `
resource "aws_sqs_queue" "dead" {
  name = "orders-dead"
}

resource "aws_sqs_queue" "main" {
  name           = "orders"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 4 })
}

output "url" {
  value = aws_sqs_queue.main.url
}

output "arn" {
  value = aws_sqs_queue.main.arn
}
`,
    },
    byHand: [tagByHand(), ['main.tf', '"sqs:SendMessage"', '"sqs:*"']],
    heals: ['aws_sns_topic.events'],
    waits: ['aws_sqs_queue_policy.orders'],
    alongside: ['module.orders.aws_sqs_queue.main'],
  },
  {
    name: 'groups',
    files: {
      'main.tf': `
resource "aws_vpc" "main" {
  cidr_block = "10.30.0.0/16"
}

resource "aws_security_group" "web" {
  name   = "ten-web"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.web.id
  cidr_ipv4         = "10.0.0.0/8"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_security_group" "admin" {
  name   = "ten-admin"
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_s3_bucket" "flow" {
  bucket = "acme-flow"
${OWNED}}
`,
    },
    byHand: [tagByHand(), ['main.tf', 'cidr_blocks = ["10.0.0.0/8"]', 'cidr_blocks = ["0.0.0.0/0"]']],
    heals: ['aws_s3_bucket.flow'],
    waits: ['aws_security_group.admin'],
  },
  {
    name: 'role',
    files: {
      'main.tf': `
resource "aws_iam_role" "ci" {
  name               = "ten-ci"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
${OWNED}}

resource "aws_iam_policy" "read" {
  name   = "ten-read"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
}

resource "aws_iam_role_policy_attachment" "read" {
  role       = aws_iam_role.ci.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_role_policy" "own" {
  name   = "own"
  role   = aws_iam_role.ci.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = "*" }] })
}
${logGroup('ci', 7, OWNED)}`,
    },
    // Permissions may depend on the tags of a role.
    byHand: [tagByHand(), ['main.tf', '"sqs:SendMessage"', '"sqs:*"']],
    heals: ['aws_cloudwatch_log_group.ci'],
    waits: ['aws_iam_role.ci', 'aws_iam_role_policy.own'],
  },
  {
    name: 'topic',
    files: {
      'main.tf': `
resource "aws_sqs_queue" "inbox" {
  name = "ten-inbox"
}

resource "aws_sns_topic" "alarms" {
  name         = "ten-alarms"
  display_name = "Alarms"
}

resource "aws_sns_topic_subscription" "inbox" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.inbox.arn
}

resource "aws_sns_topic" "news" {
  name = "ten-news"
${OWNED}}
`,
    },
    byHand: [tagByHand(), ['main.tf', 'display_name = "Alarms"', 'display_name = "By hand"']],
    heals: ['aws_sns_topic.news'],
    waits: ['aws_sns_topic.alarms'],
  },
  {
    name: 'logs',
    files: {
      'main.tf': `
resource "aws_cloudwatch_log_group" "app" {
  for_each          = toset(["api", "a.b/c"])
  name              = "/ten/\${each.key}"
  retention_in_days = 7
}

resource "aws_cloudwatch_log_group" "shard" {
  count = 2
  name  = "/ten/shard-\${count.index}"
${OWNED}}
`,
    },
    byHand: [['main.tf', 'toset(["api", "a.b/c"])', 'toset(["api"])'], tagByHand()],
    heals: ['aws_cloudwatch_log_group.shard[0]', 'aws_cloudwatch_log_group.shard[1]'],
    waits: ['aws_cloudwatch_log_group.app["a.b/c"]'],
  },
  {
    name: 'outputs',
    files: {
      'main.tf': `${logGroup('audit')}${logGroup('access', 7, OWNED)}
output "owner" {
  value = aws_cloudwatch_log_group.access.tags
}

output "summary" {
  value = "\${jsonencode(aws_cloudwatch_log_group.access.tags)} \${aws_cloudwatch_log_group.audit.retention_in_days}"
}
`,
    },
    byHand: [tagByHand(), ['main.tf', 'retention_in_days = 7\n}', 'retention_in_days = 30\n}']],
    heals: ['aws_cloudwatch_log_group.access'],
    waits: ['aws_cloudwatch_log_group.audit'],
  },
  {
    name: 'dynamic',
    files: {
      'main.tf': `
variable "rules" {
  default = [{ id = "old", days = 30 }]
}

resource "terraform_data" "next" {
  count = 0
  input = 60
}

resource "aws_s3_bucket" "data" {
  bucket = "ten-data"
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  bucket = aws_s3_bucket.data.id
  dynamic "rule" {
    for_each = var.rules
    content {
      id     = rule.value.id
      status = "Enabled"
      filter {
        prefix = "tmp/"
      }
      expiration {
        days = length(terraform_data.next) == 0 ? rule.value.days : terraform_data.next[0].output
      }
    }
  }
}

resource "aws_s3_bucket" "other" {
  bucket = "ten-other"
${OWNED}}
`,
    },
    byHand: [tagByHand()],
    merged: [['main.tf', 'count = 0', 'count = 1']],
    heals: ['aws_s3_bucket.other'],
    waits: ['aws_s3_bucket_lifecycle_configuration.data', 'terraform_data.next[0]'],
  },
  {
    name: 'moved',
    files: { 'main.tf': `${logGroup('before')}${logGroup('drifting')}${logGroup('owned', 7, OWNED)}` },
    byHand: [
      tagByHand(),
      ['main.tf', '"/acme/drifting"\n  retention_in_days = 7', '"/acme/drifting"\n  retention_in_days = 30'],
    ],
    merged: [
      ['main.tf', '"aws_cloudwatch_log_group" "before"', '"aws_cloudwatch_log_group" "after"'],
      [
        'main.tf',
        'resource "aws_cloudwatch_log_group" "drifting"',
        'moved {\n  from = aws_cloudwatch_log_group.before\n  to   = aws_cloudwatch_log_group.after\n}\n\nresource "aws_cloudwatch_log_group" "drifting"',
      ],
    ],
    heals: ['aws_cloudwatch_log_group.owned'],
    waits: ['aws_cloudwatch_log_group.drifting'],
  },
];
