/** The code and history of the sample repository. */
import { type Author, DANA, KIM } from './sample-git.ts';

/** The sample stack as the sandbox creates it. */
export const SAMPLE = {
  region: 'eu-central-1',
  stackPath: 'envs/prod/network',
  stateBucket: 'acme-tfstate',
  bucket: 'acme-logs',
  tags: { Owner: 'platform', CostCenter: '4711' },
  securityGroup: 'web',
  vpcName: 'prod',
  hotfix: { port: 22, cidr: '203.0.113.7/32', description: 'emergency hotfix' },
} as const;

/** One commit of the sample's history. `daysAgo` counts from the day on which the sandbox is created. */
interface HistoryEntry {
  readonly author: Author;
  readonly daysAgo: number;
  readonly message: string;
  readonly files: Readonly<Record<string, string>>;
}

const at = (name: string): string => `${SAMPLE.stackPath}/${name}`;

const VERSIONS = `terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "registry.terraform.io/hashicorp/aws"
      version = "~> 5.0"
    }
  }
}
`;

// The flags make the code work with the local cloud; AWS_ENDPOINT_URL in the stack's env holds its address.
const BACKEND = `terraform {
  backend "s3" {
    bucket       = "${SAMPLE.stateBucket}"
    key          = "prod/network.tfstate"
    region       = "${SAMPLE.region}"
    use_lockfile = true

    # The local cloud of the sandbox is no real AWS account.
    use_path_style              = true
    skip_s3_checksum            = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }
}
`;

const PROVIDER = `provider "aws" {
  region = "${SAMPLE.region}"

  # The local cloud of the sandbox is no real AWS account.
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
`;

const VPC = `resource "aws_vpc" "main" {
  cidr_block = "10.20.0.0/16"

  tags = {
    Name = "${SAMPLE.vpcName}"
  }
}
`;

const SECURITY_GROUP = `resource "aws_security_group" "web" {
  name        = "${SAMPLE.securityGroup}"
  description = "HTTPS to the web tier"
  vpc_id      = aws_vpc.main.id

  ingress {
    description = "HTTPS"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  tags = {
    Name = "${SAMPLE.securityGroup}"
  }
}
`;

const BUCKET = `resource "aws_s3_bucket" "logs" {
  bucket = "${SAMPLE.bucket}"
}
`;

const TAGGED_BUCKET = `resource "aws_s3_bucket" "logs" {
  bucket = "${SAMPLE.bucket}"

  tags = {
    Owner      = "${SAMPLE.tags.Owner}"
    CostCenter = "${SAMPLE.tags.CostCenter}"
  }
}
`;

const README = `# infra

Acme's infrastructure. One directory a stack under \`envs/\`; m0 watches \`main\` and tells #ops what drifted.
`;

/** The commits of the sample repository. */
export const INFRA_HISTORY: readonly HistoryEntry[] = [
  {
    author: DANA,
    daysAgo: 84,
    message: 'Add the production network',
    files: {
      'README.md': README,
      '.gitignore': '.terraform/\n*.tfplan\n',
      [at('versions.tf')]: VERSIONS,
      [at('backend.tf')]: BACKEND,
      [at('provider.tf')]: PROVIDER,
      [at('vpc.tf')]: VPC,
    },
  },
  {
    author: KIM,
    daysAgo: 61,
    message: 'Let the web tier be reached over HTTPS',
    files: { [at('security_groups.tf')]: SECURITY_GROUP },
  },
  {
    author: DANA,
    daysAgo: 33,
    message: 'Keep access logs in a bucket of their own',
    files: { [at('logs.tf')]: BUCKET },
  },
  {
    author: KIM,
    daysAgo: 6,
    message: 'Tag the log bucket with owner and cost center',
    files: { [at('logs.tf')]: TAGGED_BUCKET },
  },
];

/** A code change that is merged but not applied. */
export interface CodeChange {
  readonly subject: string;
  readonly file: string;
  /** The file with the change; null where the file already has it or was edited. */
  edit(text: string): string | null;
}

const HTTP_RULE = `  ingress {
    description = "HTTP, redirected to HTTPS"
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

`;

/** Offered in this order. The last one can be repeated. */
export const CODE_CHANGES: readonly CodeChange[] = [
  {
    subject: 'Turn on DNS hostnames in the VPC',
    file: at('vpc.tf'),
    edit: (text) =>
      text.includes('enable_dns_hostnames')
        ? null
        : edited(
            text,
            /^ {2}cidr_block = (.*)$/m,
            '  cidr_block           = $1\n  enable_dns_hostnames = true',
          ),
  },
  {
    subject: 'Open port 80 for the redirect to HTTPS',
    file: at('security_groups.tf'),
    edit: (text) =>
      text.includes('HTTP, redirected') ? null : edited(text, /^ {2}tags = \{$/m, `${HTTP_RULE}  tags = {`),
  },
  {
    subject: 'Move the log bucket to the next cost center',
    file: at('logs.tf'),
    edit: (text) => {
      const current = /CostCenter = "(\d+)"/.exec(text)?.[1];
      return current === undefined
        ? null
        : text.replace(`CostCenter = "${current}"`, `CostCenter = "${Number(current) + 1}"`);
    },
  },
];

function edited(text: string, where: RegExp, by: string): string | null {
  return where.test(text) ? text.replace(where, by) : null;
}
