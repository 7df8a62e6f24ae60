/** Samples: lists, `merge`, `concat`, `jsonencode` and heredocs. */
import { crlf, type Sample } from './sample.ts';

export const COLLECTION_SAMPLES: readonly Sample[] = [
  {
    name: 'an element of a list of lines, with a comment and a trailing comma',
    files: {
      'v13.tf': `resource "terraform_data" "v13" {
  input = [
    "10.0.0.0/8", # office
    "10.1.0.0/16",
  ]
}
`,
    },
    address: 'terraform_data.v13',
    desired: { input: ['10.0.0.0/8', '10.1.0.0/16'] },
    actual: { input: ['10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16'] },
    after: { 'v13.tf': [['    "10.1.0.0/16",\n', '    "10.1.0.0/16",\n    "10.2.0.0/16",\n']] },
  },
  {
    name: 'an element after a comment, without a trailing comma',
    files: { 'v14.tf': 'resource "terraform_data" "v14" {\n  input = [\n    "a",\n    "b" # last\n  ]\n}\n' },
    address: 'terraform_data.v14',
    desired: { input: ['a', 'b'] },
    actual: { input: ['a', 'b', 'c'] },
    after: { 'v14.tf': [['"b" # last\n', '"b", # last\n    "c"\n']] },
  },
  {
    name: 'an element removed, another changed',
    files: { 'v15.tf': 'resource "terraform_data" "v15" {\n  input = ["a", "b", "c"]\n}\n' },
    address: 'terraform_data.v15',
    desired: { input: ['a', 'b', 'c'] },
    actual: { input: ['a', 'c'] },
    after: { 'v15.tf': [['["a", "b", "c"]', '["a", "c"]']] },
  },
  {
    name: 'an object in a list, found by its name',
    files: {
      'v16.tf': `resource "terraform_data" "v16" {
  input = [
    { name = "a", size = 1 },
    { name = "b", size = 2 },
  ]
}
`,
    },
    address: 'terraform_data.v16',
    desired: {
      input: [
        { name: 'a', size: 1 },
        { name: 'b', size: 2 },
      ],
    },
    actual: {
      input: [
        { name: 'a', size: 1 },
        { name: 'b', size: 3 },
      ],
    },
    after: { 'v16.tf': [['size = 2', 'size = 3']] },
  },
  {
    name: 'merge: the last argument that has the key decides it',
    files: {
      'v17.tf': `locals {
  v17 = { Team = "infra", Env = "dev" }
}
resource "terraform_data" "v17" {
  input = merge(local.v17, { Env = "prod" }, {})
}
`,
    },
    address: 'terraform_data.v17',
    desired: { input: { Team: 'infra', Env: 'prod' } },
    actual: { input: { Team: 'infra', Env: 'qa' } },
    after: { 'v17.tf': [['Env = "prod"', 'Env = "qa"']] },
  },
  {
    name: 'merge: a new key goes into the last object that is written out',
    files: {
      'v18.tf': `locals {
  v18 = { Team = "infra" }
}
resource "terraform_data" "v18" {
  input = merge({
    Name = "x"
  }, local.v18)
}
`,
    },
    address: 'terraform_data.v18',
    desired: { input: { Team: 'infra', Name: 'x' } },
    actual: { input: { Team: 'infra', Name: 'x', Ticket: 'OPS-1' } },
    after: { 'v18.tf': [['Name = "x"\n', 'Name   = "x"\n    Ticket = "OPS-1"\n']] },
  },
  {
    name: 'jsonencode: a value deep inside, beside a reference',
    files: {
      'v19.tf': `locals {
  v19 = "arn:aws:s3:::docs"
}
resource "terraform_data" "v19" {
  input = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Read"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = "\${local.v19}/*"
    }]
  })
}
`,
    },
    address: 'terraform_data.v19',
    desired: {
      input:
        '{"Statement":[{"Action":["s3:GetObject"],"Effect":"Allow","Resource":"arn:aws:s3:::docs/*","Sid":"Read"}],"Version":"2012-10-17"}',
    },
    actual: {
      input:
        '{"Statement":[{"Action":["s3:GetObject","s3:ListBucket"],"Effect":"Allow","Resource":"arn:aws:s3:::docs/*","Sid":"Read"}],"Version":"2012-10-17"}',
    },
    after: { 'v19.tf': [['["s3:GetObject"]', '["s3:GetObject", "s3:ListBucket"]']] },
  },
  {
    name: 'JSON in a heredoc with a template in it',
    files: {
      'v20.tf': `locals {
  v20 = "docs"
}
resource "terraform_data" "v20" {
  input = <<-EOT
    {
      "bucket": "\${local.v20}",
      "days": 30
    }
  EOT
}
`,
    },
    address: 'terraform_data.v20',
    desired: { input: '{\n  "bucket": "docs",\n  "days": 30\n}\n' },
    actual: { input: '{\n  "bucket": "docs",\n  "days": 31,\n  "note": "a ${b}"\n}\n' },
    after: { 'v20.tf': [['"days": 30\n', '"days": 31,\n      "note": "a $${b}"\n']] },
  },
  {
    name: 'lines of a heredoc',
    files: {
      'v21.tf': `resource "terraform_data" "v21" {
  input = <<-EOT
    #!/bin/sh
      echo one
  EOT
}
`,
    },
    address: 'terraform_data.v21',
    desired: { input: '#!/bin/sh\n  echo one\n' },
    actual: { input: '#!/bin/sh\n  echo ${two}\n\nexit\n' },
    after: { 'v21.tf': [['      echo one\n', '      echo $${two}\n\n    exit\n']] },
  },
  {
    name: 'a heredoc in a file of Windows keeps its line ends',
    files: { 'v22.tf': crlf('resource "terraform_data" "v22" {\n  input = <<EOT\none\ntwo\nEOT\n}\n') },
    address: 'terraform_data.v22',
    desired: { input: 'one\r\ntwo\r\n' },
    actual: { input: 'one\r\n2\r\n' },
    after: { 'v22.tf': [['two\r\n', '2\r\n']] },
  },
  {
    name: 'concat: the element comes into the list that is written out',
    files: {
      'v23.tf': `locals {
  v23 = ["a"]
}
resource "terraform_data" "v23" {
  input = concat(local.v23, ["b"])
}
`,
    },
    address: 'terraform_data.v23',
    desired: { input: ['a', 'b'] },
    actual: { input: ['a', 'b', 'c'] },
    after: { 'v23.tf': [['["b"]', '["b", "c"]']] },
  },
  {
    name: 'a list keeps its order: elements come where the cloud has them',
    files: { 'c01.tf': 'resource "terraform_data" "c01" {\n  input = ["b", "d"] # sorted\n}\n' },
    address: 'terraform_data.c01',
    desired: { input: ['b', 'd'] },
    actual: { input: ['a', 'b', 'c', 'd'] },
    after: { 'c01.tf': [['["b", "d"]', '["a", "b", "c", "d"]']] },
  },
  {
    name: 'an element of another resource stays as it is written',
    files: {
      'c02.tf': `resource "terraform_data" "c02a" {
  input = "sg-1"
}
resource "terraform_data" "c02" {
  input = toset([
    terraform_data.c02a.input, "sg-2", # by hand: none
  ])
}
`,
    },
    address: 'terraform_data.c02',
    others: [{ address: 'terraform_data.c02a', recorded: { input: 'sg-1' } }],
    desired: { input: ['sg-1', 'sg-2'] },
    actual: { input: ['sg-1', 'sg-2', 'sg-3'] },
    after: { 'c02.tf': [['"sg-2",', '"sg-2", "sg-3",']] },
  },
  {
    name: 'an element of another resource that is gone in the cloud',
    files: {
      'c03.tf': `resource "terraform_data" "c03a" {
  input = "sg-1"
}
resource "terraform_data" "c03" {
  input = [terraform_data.c03a.id, "sg-2"]
}
`,
    },
    address: 'terraform_data.c03',
    desired: { input: ['sg-1', 'sg-2'] },
    actual: { input: ['sg-2'] },
    refused: ['computed', 'input of terraform_data.c03 is computed by terraform_data.c03a.id in c03.tf:5'],
    notPlanned: 'a plan of this code tells the id',
  },
  {
    name: 'an element of another resource that is gone in the cloud, and whose value the plan tells',
    files: {
      'c23.tf': `resource "terraform_data" "c23a" {
  input = "sg-1"
}
resource "terraform_data" "c23" {
  input = [terraform_data.c23a.id, "sg-2"]
}
`,
    },
    address: 'terraform_data.c23',
    others: [{ address: 'terraform_data.c23a', recorded: { input: 'sg-1', id: 'sg-1' } }],
    desired: { input: ['sg-1', 'sg-2'] },
    actual: { input: ['sg-2'] },
    after: { 'c23.tf': [['[terraform_data.c23a.id, "sg-2"]', '["sg-2"]']] },
  },
  {
    name: 'merge with something that the code does not tell',
    files: {
      'c04.tf': `data "aws_default_tags" "c04" {}
resource "aws_sqs_queue" "c04" {
  name = "c04"
  tags = merge(data.aws_default_tags.c04.tags, { Env = "prod" })
}
`,
    },
    address: 'aws_sqs_queue.c04',
    desired: { name: 'c04', tags: { Team: 'infra', Env: 'prod' } },
    actual: { name: 'c04', tags: { Team: 'ops', Env: 'prod' } },
    rest: {
      prior_state: {
        values: {
          root_module: {
            resources: [
              {
                ...{
                  address: 'data.aws_default_tags.c04',
                  mode: 'data',
                  type: 'aws_default_tags',
                  name: 'c04',
                },
                values: { tags: { Team: 'infra' } },
              },
            ],
          },
        },
      },
    },
    refused: [
      'computed',
      'tags of aws_sqs_queue.c04 comes from data.aws_default_tags.c04.tags (c04.tf:1), used in c04.tf:4, so the code has no value of its own for it',
    ],
    // What changes it is the provider block of another sample.
    ...{ planned: 'default tags', applied: {} },
  },
  {
    name: 'but its own key of merge can be edited',
    files: {
      'c05.tf': `data "aws_default_tags" "c05" {}
resource "aws_sqs_queue" "c05" {
  name = "c05"
  tags = merge(data.aws_default_tags.c05.tags, { Env = "prod" })
}
`,
    },
    address: 'aws_sqs_queue.c05',
    desired: { name: 'c05', tags: { Env: 'prod' } },
    actual: { name: 'c05', tags: { Env: 'qa', Ticket: 'OPS-1' } },
    after: { 'c05.tf': [['{ Env = "prod" }', '{ Env = "qa", Ticket = "OPS-1" }']] },
  },
  {
    name: 'tags for a resource without any: lines as `terraform fmt` writes them',
    files: {
      'c06.tf': `resource "aws_sqs_queue" "c06" {
  name                       = "c06"
  visibility_timeout_seconds = 30
}
`,
    },
    address: 'aws_sqs_queue.c06',
    desired: { name: 'c06', tags: null },
    actual: { name: 'c06', tags: { Env: 'prod', 'a/b': '' } },
    after: {
      'c06.tf': [['= 30\n', '= 30\n  tags = {\n    Env   = "prod"\n    "a/b" = ""\n  }\n']],
    },
  },
  {
    name: 'all tags removed by hand',
    files: {
      'c07.tf': 'resource "aws_sqs_queue" "c07" {\n  name = "c07"\n  tags = {\n    Env = "prod"\n  }\n}\n',
    },
    address: 'aws_sqs_queue.c07',
    desired: { name: 'c07', tags: { Env: 'prod' } },
    actual: { name: 'c07', tags: {} },
    after: { 'c07.tf': [['{\n    Env = "prod"\n  }', '{}']] },
  },
];
