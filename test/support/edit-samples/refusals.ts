/** Samples: what is refused, and code that is read in another way. */
import { inputOf } from './input-of.ts';
import type { Sample } from './sample.ts';

export const REFUSAL_SAMPLES: readonly Sample[] = [
  {
    name: 'a module of a registry',
    files: {
      'h15.tf': 'module "h15" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "5.1.0"\n}\n',
    },
    address: 'module.h15.aws_vpc.this',
    desired: { enable_dns_hostnames: true },
    actual: { enable_dns_hostnames: false },
    refused: [
      'outside-module',
      'module.h15.aws_vpc.this: the code is in module.h15, which comes from terraform-aws-modules/vpc/aws@5.1.0 (h15.tf:1), not from this repository',
    ],
    notPlanned: 'it needs a registry of modules',
  },
  {
    name: 'a condition',
    files: { 'h16.tf': `variable "h16" {\n  default = true\n}\n${inputOf('h16', 'var.h16 ? "a" : "b"')}` },
    address: 'terraform_data.h16',
    desired: { input: 'a' },
    actual: { input: 'b' },
    applied: { 'h16.tf': [['var.h16 ? "a" : "b"', '"b"']] },
    refused: ['computed', 'input of terraform_data.h16 is computed by a condition in h16.tf:5'],
  },
  {
    name: 'a template with text around it',
    files: { 'h17.tf': `locals {\n  h17 = "a"\n}\n${inputOf('h17', '"${local.h17}-web"')}` },
    address: 'terraform_data.h17',
    desired: { input: 'a-web' },
    actual: { input: 'b-web' },
    applied: { 'h17.tf': [['h17 = "a"', 'h17 = "b"']] },
    refused: ['computed', 'input of terraform_data.h17 is computed by a template in h17.tf:5'],
  },
  {
    name: 'a function',
    files: { 'h18.tf': inputOf('h18', '{ a = upper("x") }') },
    address: 'terraform_data.h18',
    desired: { input: { a: 'X' } },
    actual: { input: { a: 'Y' } },
    applied: { 'h18.tf': [['upper("x")', '"Y"']] },
    refused: ['computed', 'input of terraform_data.h18 is computed by upper(…) in h18.tf:2'],
  },
  {
    name: 'another resource',
    files: { 'h19.tf': `${inputOf('h19', '"a"')}${inputOf('h19b', 'terraform_data.h19.output')}` },
    address: 'terraform_data.h19b',
    others: [{ address: 'terraform_data.h19', recorded: { input: 'a', output: 'a' } }],
    desired: { input: 'a' },
    actual: { input: 'b' },
    applied: { 'h19.tf': [['terraform_data.h19.output', '"b"']] },
    refused: [
      'computed',
      'input of terraform_data.h19b comes from terraform_data.h19.output (h19.tf:1), used in h19.tf:5, so the code has no value of its own for it',
    ],
  },
  {
    name: 'a variable that the environment sets',
    files: { 'h20.tf': `variable "h20" {}\n${inputOf('h20', 'var.h20')}` },
    setOutside: ['h20'],
    address: 'terraform_data.h20',
    desired: { input: 'a' },
    actual: { input: 'b' },
    refused: [
      'set-outside',
      "input of terraform_data.h20 comes from var.h20 in h20.tf:3, which is set outside Git: the stack's environment has TF_VAR_h20",
    ],
    outside: { h20: 'a' },
    applied: { 'h20.tf': [['= var.h20', '= "b"']] },
  },
  {
    name: 'a variable that the plan has with another value than the files',
    files: { 'h21.tf': `variable "h21" {\n  default = "a"\n}\n${inputOf('h21', 'var.h21')}` },
    rest: { variables: { h21: { value: 'z' } } },
    address: 'terraform_data.h21',
    desired: { input: 'z' },
    actual: { input: 'b' },
    refused: [
      'set-outside',
      'input of terraform_data.h21 comes from var.h21, which has another value in the plan than in h21.tf:2: it is set outside Git',
    ],
    outside: { h21: 'z' },
    applied: { 'h21.tf': [['= var.h21', '= "b"']] },
  },
  {
    name: 'a secret',
    files: { 'h22.tf': inputOf('h22', '{ user = "u", password = sensitive("old-secret") }') },
    sensitive: { input: { password: true } },
    address: 'terraform_data.h22',
    desired: { input: { user: 'u', password: 'old-secret' } },
    actual: { input: { user: 'u', password: 'new-secret' } },
    refused: ['secret', 'input.password of terraform_data.h22 is a secret, which m0 never writes into code'],
    applied: { 'h22.tf': [['"old-secret"', '"new-secret"']] },
  },
  {
    name: "a provider's default tags: asks first",
    files: {
      'h23.tf': `provider "aws" {
  region = "eu-west-1"
  default_tags { tags = { Team = "infra" } }
}
resource "aws_sqs_queue" "h23" {
  name = "h23"
  tags = { Env = "prod" }
}
`,
    },
    rest: {
      configuration: {
        provider_config: { aws: { name: 'aws' } },
        root_module: {
          resources: [
            {
              mode: 'managed',
              type: 'aws_sqs_queue',
              name: 'h23',
              provider_config_key: 'aws',
              expressions: { tags: {} },
            },
          ],
        },
      },
    },
    address: 'aws_sqs_queue.h23',
    desired: { tags: { Env: 'prod' }, tags_all: { Env: 'prod', Team: 'infra' } },
    actual: { tags: { Env: 'qa', Team: 'ops' }, tags_all: { Env: 'qa', Team: 'ops' } },
    after: {
      'h23.tf': [
        ['"infra"', '"ops"'],
        ['"prod"', '"qa"'],
      ],
    },
    ask: "the provider's default tags in h23.tf:3 are on every resource of the provider",
    planned: 'default tags',
  },
  {
    name: 'a generated file',
    files: { 'h24.tf': `# Code generated by stacks-gen. DO NOT EDIT.\n\n${inputOf('h24', '"a"')}` },
    address: 'terraform_data.h24',
    desired: { input: 'a' },
    actual: { input: 'b' },
    applied: { 'h24.tf': [['"a"', '"b"']] },
    refused: [
      'generated',
      'terraform_data.h24: h24.tf:4 is in a file that a tool generates, so an edit would be lost',
    ],
  },
  {
    name: 'an override decides, so it is edited',
    files: { 'h25.tf': inputOf('h25', '"a"'), 'h25_override.tf': inputOf('h25', '"b"') },
    address: 'terraform_data.h25',
    desired: { input: 'b' },
    actual: { input: 'c' },
    after: { 'h25_override.tf': [['"b"', '"c"']] },
  },
  {
    name: 'OpenTofu reads main.tofu in place of main.tf',
    files: { 'main.tf': inputOf('h26', '"terraform"'), 'main.tofu': inputOf('h26', '"tofu"') },
    address: 'terraform_data.h26',
    desired: { input: 'tofu' },
    actual: { input: 'b' },
    after: { 'main.tofu': [['"tofu"', '"b"']] },
    planned: 'OpenTofu',
  },
  {
    name: 'a syntax error anywhere in the module',
    files: { 'h27.tf': inputOf('h27', '"a"'), 'h27b.tf': 'locals {\n  a = = 1\n}\n' },
    address: 'terraform_data.h27',
    desired: { input: 'a' },
    actual: { input: 'b' },
    refused: ['unreadable', "terraform_data.h27: h27b.tf has a syntax that m0 can't read"],
    notPlanned: 'Terraform does not read it either',
  },
  {
    name: 'the code is not what the plan was made of',
    files: { 'h28.tf': inputOf('h28', '"x"') },
    address: 'terraform_data.h28',
    desired: { input: 'a' },
    actual: { input: 'b' },
    refused: [
      'unreadable',
      'input of terraform_data.h28 has another value in the plan than in h28.tf:2, so m0 may not edit that place',
    ],
    notPlanned: 'a plan of this code has its value',
  },
  {
    name: 'a resource that the code does not have',
    files: { 'h29.tf': inputOf('other', '"x"') },
    address: 'terraform_data.h29',
    desired: { input: 'a' },
    actual: { input: 'b' },
    refused: ['not-found', 'terraform_data.h29 is not in the code of the top folder'],
    notPlanned: 'a plan of this code has no such resource',
  },
];
