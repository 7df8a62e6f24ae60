/** Samples: a block that is gone from the code, and is written anew with what the cloud has. */
import { inputOf } from './input-of.ts';
import { HTTPS } from './rule.ts';
import { crlf, type Sample } from './sample.ts';
import { IAM_ROLE, optional, SECURITY_GROUP, schemaWith, TERRAFORM_DATA } from './schemas.ts';

const TRUST =
  '{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"}}],"Version":"2012-10-17"}';

export const ANEW_SAMPLES: readonly Sample[] = [
  {
    name: 'gone from the code: it is written behind the others of its type',
    files: { 'w01.tf': `# keep\n${inputOf('w01b', '"b"')}` },
    address: 'terraform_data.w01',
    desired: {},
    actual: { id: '1f', input: 'x', output: 'x', triggers_replace: null },
    actions: ['delete'],
    schema: TERRAFORM_DATA,
    after: {
      'w01.tf': [
        ['  input = "b"\n}\n', '  input = "b"\n}\n\nresource "terraform_data" "w01" {\n  input = "x"\n}\n'],
      ],
    },
    notPlanned: 'the file for it depends on all others of the folder: w02 is planned',
  },
  {
    name: 'gone from the code of a module of its own, in a file with CRLF that does not end with a line break',
    files: {
      'w02.tf': 'module "w02" {\n  source = "./w02"\n}\n',
      'w02/main.tf': crlf('# data').trimEnd(),
    },
    address: 'module.w02.terraform_data.w02',
    desired: {},
    actual: {
      ...{ id: '1f', output: null, triggers_replace: null },
      input: { name: '${not} a "template"', rules: [{ port: 22 }, { port: 443 }] },
    },
    actions: ['delete'],
    schema: TERRAFORM_DATA,
    applied: {
      'w02/main.tf': [
        [
          '# data',
          '# data\nresource "terraform_data" "w02" {\n  input = { name = "$${not} a \\"template\\"", rules = [{ port = 22 }, { port = 443 }] }\n}\n',
        ],
      ],
    },
    after: {
      'w02/main.tf': [
        [
          '# data',
          `# data\n\nresource "terraform_data" "w02" {\n  input = {\n    name = "$\${not} a \\"template\\""\n    rules = [\n      {\n        port = 22\n      },\n      {\n        port = 443\n      }\n    ]\n  }\n}\n`,
        ],
      ],
    },
  },
  {
    name: 'gone from the code: what only the provider sets, what is empty and what says the same twice is left out',
    files: { 'w03.tf': '# here\n' },
    address: 'aws_security_group.w03',
    desired: {},
    actual: {
      arn: 'arn:aws:ec2:eu-central-1:1:security-group/sg-1',
      description: 'web servers',
      egress: [],
      id: 'sg-1',
      ingress: [HTTPS],
      name: 'web',
      name_prefix: 'we',
      owner_id: '1',
      revoke_rules_on_delete: false,
      tags: { Owner: 'platform' },
      tags_all: { Owner: 'platform', Team: 'x' },
      timeouts: null,
      vpc_id: 'vpc-1',
    },
    actions: ['delete'],
    schema: SECURITY_GROUP,
    after: {
      'w03.tf': [
        [
          '# here\n',
          `# here

resource "aws_security_group" "w03" {
  name                   = "web"
  description            = "web servers"
  revoke_rules_on_delete = false
  vpc_id                 = "vpc-1"
  tags = {
    Owner = "platform"
  }

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
`,
        ],
      ],
    },
    notPlanned: 'w04 is planned',
  },
  {
    name: 'gone from the code: a document of JSON is written with jsonencode',
    files: { 'w04.tf': 'module "w04" {\n  source = "./w04"\n}\n', 'w04/main.tf': '# roles\n' },
    address: 'module.w04.aws_iam_role.w04',
    desired: {},
    actual: {
      ...{ name: 'w04', name_prefix: '', path: '/', description: '', force_detach_policies: false },
      ...{ inline_policy: [], managed_policy_arns: [], max_session_duration: 3600, permissions_boundary: '' },
      ...{ arn: 'arn:aws:iam::1:role/w04', id: 'w04', unique_id: 'A1', create_date: 'now' },
      ...{ assume_role_policy: TRUST, tags: { Owner: 'platform' }, tags_all: { Owner: 'platform' } },
    },
    actions: ['delete'],
    schema: IAM_ROLE,
    applied: {
      'w04/main.tf': [
        [
          '# roles\n',
          `# roles
resource "aws_iam_role" "w04" {
  name               = "w04"
  assume_role_policy = ${JSON.stringify(TRUST)}
  tags               = { Owner = "platform" }
}
`,
        ],
      ],
    },
    after: {
      'w04/main.tf': [
        [
          '# roles\n',
          `# roles

resource "aws_iam_role" "w04" {
  name = "w04"
  assume_role_policy = jsonencode({
    Statement = [
      {
        Action = "sts:AssumeRole"
        Effect = "Allow"
        Principal = {
          Service = "ec2.amazonaws.com"
        }
      }
    ]
    Version = "2012-10-17"
  })
  force_detach_policies = false
  max_session_duration  = 3600
  path                  = "/"
  tags = {
    Owner = "platform"
  }
}
`,
        ],
      ],
    },
  },
  {
    name: 'gone from the code, and a part of it is a secret',
    files: { 'w06.tf': '' },
    address: 'aws_db_instance.w06',
    desired: {},
    actual: { identifier: 'w06', password: 'hunter2hunter2' },
    actions: ['delete'],
    schema: schemaWith('aws_db_instance', {
      identifier: optional('string'),
      password: optional('string', { sensitive: true }),
    }),
    refused: ['secret', 'password of aws_db_instance.w06 is a secret, which m0 never writes into code'],
    notPlanned: 'the folder has other files',
  },
  {
    name: 'one of several instances whose block is gone from the code',
    files: { 'w07.tf': '' },
    address: 'terraform_data.w07["a"]',
    desired: {},
    actual: { input: 'x' },
    actions: ['delete'],
    schema: TERRAFORM_DATA,
    refused: [
      'unsupported',
      'terraform_data.w07["a"] is one of several instances whose block is no longer in the code, and m0 can\'t tell how for_each or count made them; bring it back from Git\'s history',
    ],
    notPlanned: 'no other code is needed to refuse it',
  },
  {
    name: 'gone from the code, which says with a removed block that it is not wanted',
    files: { 'w08.tf': 'removed {\n  from = terraform_data.w08\n}\n' },
    address: 'terraform_data.w08',
    desired: {},
    actual: { input: 'x' },
    actions: ['delete'],
    schema: TERRAFORM_DATA,
    refused: [
      'unsupported',
      "terraform_data.w08 is no longer in the code, which has a removed block in w08.tf:1; take that out and bring the resource back from Git's history",
    ],
    notPlanned: 'a removed block would be in the way of other samples',
  },
];
