/** Samples: nested blocks, single and repeated. */
import type { Json } from '../../../src/drift/finding.ts';
import { HTTPS, rule } from './rule.ts';
import { crlf, type Sample } from './sample.ts';

const SSH = rule(22, ['203.0.113.7/32'], { description: 'emergency hotfix' });

export const BLOCK_SAMPLES: readonly Sample[] = [
  {
    name: 'a rule added by hand, written as the one that is there',
    files: {
      'b01.tf': `resource "aws_security_group" "b01" {
  name = "b01"

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  # no egress
}
`,
    },
    address: 'aws_security_group.b01',
    desired: { name: 'b01', ingress: [HTTPS] },
    actual: { name: 'b01', ingress: [HTTPS, SSH] },
    after: {
      'b01.tf': [
        [
          '    cidr_blocks = ["0.0.0.0/0"]\n  }\n',
          `    cidr_blocks = ["0.0.0.0/0"]
  }

  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["203.0.113.7/32"]
    description = "emergency hotfix"
  }
`,
        ],
      ],
    },
  },
  {
    name: 'a rule in a file with CRLF and tabs, not aligned',
    files: {
      'b02.tf': crlf(`resource "aws_security_group" "b02" {
\tname = "b02"
\tingress {
\t\tfrom_port = 443
\t\tto_port = 443
\t\tprotocol = "tcp"
\t\tcidr_blocks = ["0.0.0.0/0"]
\t} # https
}
`),
    },
    address: 'aws_security_group.b02',
    desired: { name: 'b02', ingress: [HTTPS] },
    actual: { name: 'b02', ingress: [HTTPS, rule(22, ['10.0.0.0/8'])] },
    after: {
      'b02.tf': [
        [
          '\t} # https\r\n',
          crlf(`\t} # https
\tingress {
\t\tfrom_port = 22
\t\tto_port = 22
\t\tprotocol = "tcp"
\t\tcidr_blocks = ["10.0.0.0/8"]
\t}
`),
        ],
      ],
    },
  },
  {
    name: 'a rule removed by hand, with one of its blank lines',
    files: {
      'b03.tf': `resource "aws_security_group" "b03" {
  name = "b03"

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
`,
    },
    address: 'aws_security_group.b03',
    desired: { name: 'b03', ingress: [HTTPS, rule(80, ['10.0.0.0/8'])] },
    actual: { name: 'b03', ingress: [HTTPS] },
    after: {
      'b03.tf': [
        [
          `
  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
`,
          '',
        ],
      ],
    },
  },
  {
    name: 'a rule changed by hand, found by what the code says',
    files: {
      'b04.tf': `locals {
  b04 = 22
}
resource "aws_security_group" "b04" {
  name = "b04"
  ingress {
    from_port   = local.b04
    to_port     = local.b04
    protocol    = "tcp"
    cidr_blocks = ["10.1.0.0/16", "10.2.0.0/16"]
    description = "bastion"
  }
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
`,
    },
    address: 'aws_security_group.b04',
    // The provider sorts the rules, so their order says nothing.
    desired: {
      name: 'b04',
      ingress: [HTTPS, rule(22, ['10.1.0.0/16', '10.2.0.0/16'], { description: 'bastion' })],
    },
    actual: { name: 'b04', ingress: [HTTPS, rule(22, ['10.1.0.0/16'], { description: 'jump host' })] },
    after: {
      'b04.tf': [
        ['["10.1.0.0/16", "10.2.0.0/16"]', '["10.1.0.0/16"]'],
        ['"bastion"', '"jump host"'],
      ],
    },
  },
  {
    name: 'the first rule of a group',
    files: { 'b05.tf': 'resource "aws_security_group" "b05" { name = "b05" }\n' },
    address: 'aws_security_group.b05',
    desired: { name: 'b05', ingress: [] },
    actual: { name: 'b05', ingress: [HTTPS] },
    after: {
      'b05.tf': [
        [
          '{ name = "b05" }',
          `{
  name = "b05"
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}`,
        ],
      ],
    },
    notPlanned: 'ingress is computed there, so Terraform would not remove a rule that the code never had',
  },
  {
    name: 'rules as a list of objects keep all keys',
    files: {
      'b06.tf': `resource "aws_security_group" "b06" {
  name = "b06"
  ingress = [{
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    cidr_blocks      = ["0.0.0.0/0"]
    description      = ""
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }]
}
`,
    },
    address: 'aws_security_group.b06',
    desired: { name: 'b06', ingress: [HTTPS] },
    actual: { name: 'b06', ingress: [rule(8443, ['0.0.0.0/0'])] },
    after: {
      'b06.tf': [
        ['from_port        = 443', 'from_port        = 8443'],
        ['to_port          = 443', 'to_port          = 8443'],
      ],
    },
  },
  {
    name: 'a single block on one line',
    files: {
      'b07.tf':
        'resource "aws_s3_bucket" "b07" {\n  bucket = "m0-b07"\n}\nresource "aws_s3_bucket_versioning" "b07" {\n  bucket = aws_s3_bucket.b07.id\n  versioning_configuration { status = "Enabled" }\n}\n',
    },
    address: 'aws_s3_bucket_versioning.b07',
    desired: { bucket: 'm0-b07', versioning_configuration: [{ mfa_delete: '', status: 'Enabled' }] },
    actual: { bucket: 'm0-b07', versioning_configuration: [{ mfa_delete: '', status: 'Suspended' }] },
    after: { 'b07.tf': [['"Enabled"', '"Suspended"']] },
  },
  {
    name: 'nested blocks: one rule of three goes, another changes inside',
    files: {
      'b08.tf': `resource "aws_s3_bucket" "b08" {
  bucket = "m0-b08"
}
resource "aws_s3_bucket_lifecycle_configuration" "b08" {
  bucket = aws_s3_bucket.b08.id
  rule {
    id     = "a"
    status = "Enabled"
    filter { prefix = "a/" }
    expiration { days = 1 }
  }
  rule {
    id     = "b"
    status = "Enabled"
    filter { prefix = "b/" }
    expiration { days = 7 }
  }
}
`,
    },
    address: 'aws_s3_bucket_lifecycle_configuration.b08',
    desired: { bucket: 'm0-b08', rule: [lifecycle('a', 1), lifecycle('b', 7)] },
    actual: { bucket: 'm0-b08', rule: [lifecycle('b', 9)] },
    after: {
      'b08.tf': [
        [
          '  rule {\n    id     = "a"\n    status = "Enabled"\n    filter { prefix = "a/" }\n    expiration { days = 1 }\n  }\n',
          '',
        ],
        ['days = 7', 'days = 9'],
      ],
    },
  },
];

function lifecycle(id: string, days: number): Json {
  return {
    id,
    status: 'Enabled',
    prefix: '',
    filter: [
      { prefix: `${id}/`, and: [], tag: [], object_size_greater_than: null, object_size_less_than: null },
    ],
    expiration: [{ days, date: null, expired_object_delete_marker: false }],
    abort_incomplete_multipart_upload: [],
    noncurrent_version_expiration: [],
    noncurrent_version_transition: [],
    transition: [],
  };
}
