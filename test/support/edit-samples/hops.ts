/** Samples: locals, variables and their files, modules, and `for_each`. */
import { inputOf } from './input-of.ts';
import type { Sample } from './sample.ts';

export const HOP_SAMPLES: readonly Sample[] = [
  {
    name: 'a local',
    files: { 'h01.tf': `locals {\n  h01 = { size = 1 } # sizes\n}\n${inputOf('h01', 'local.h01.size')}` },
    address: 'terraform_data.h01',
    desired: { input: 1 },
    actual: { input: 2 },
    after: { 'h01.tf': [['size = 1', 'size = 2']] },
  },
  {
    name: "a variable's default",
    files: {
      'h02.tf': `variable "h02" {\n  type    = string\n  default = "a"\n}\n${inputOf('h02', '"${var.h02}"')}`,
    },
    address: 'terraform_data.h02',
    desired: { input: 'a' },
    actual: { input: 'b' },
    after: { 'h02.tf': [['default = "a"', 'default = "b"']] },
  },
  {
    name: 'the last var file that sets it wins, over terraform.tfvars and the default',
    files: {
      'h03.tf': `variable "h03" {\n  default = "default"\n}\n${inputOf('h03', 'var.h03')}`,
      'terraform.tfvars': 'h03 = "usual"\n',
      'h03.auto.tfvars': 'h03 = "auto"\n',
      'env/base.tfvars': 'h03 = "base"\n',
      'env/prod.tfvars': '# prod\nh03 = "prod" # why\n',
    },
    varFiles: ['env/base.tfvars', 'env/prod.tfvars'],
    address: 'terraform_data.h03',
    desired: { input: 'prod' },
    actual: { input: 'other' },
    after: { 'env/prod.tfvars': [['"prod"', '"other"']] },
  },
  {
    name: 'a var file in JSON, read by itself',
    files: {
      'h04.tf': `variable "h04" {}\n${inputOf('h04', 'var.h04["list"]')}`,
      'h04.auto.tfvars.json': '{ "h04": { "list": ["a"] } }\n',
    },
    address: 'terraform_data.h04',
    desired: { input: ['a'] },
    actual: { input: ['a', 'b'] },
    after: { 'h04.auto.tfvars.json': [['["a"]', '["a", "b"]']] },
  },
  {
    name: 'a module of the repository that is called once: its own literal',
    files: {
      'h05.tf': 'module "h05" {\n  source = "./modules/h05"\n}\n',
      'modules/h05/main.tf': inputOf('inner', '"a"'),
    },
    address: 'module.h05.terraform_data.inner',
    desired: { input: 'a' },
    actual: { input: 'b' },
    after: { 'modules/h05/main.tf': [['"a"', '"b"']] },
  },
  {
    name: 'the argument of the call, through a module in a module',
    files: {
      'h06.tf':
        'locals {\n  h06 = "a"\n}\nmodule "h06" {\n  source = "./modules/h06"\n  size   = local.h06\n}\n',
      'modules/h06/main.tf':
        'variable "size" {}\nmodule "deep" {\n  source = "../h06deep"\n  value  = { size = var.size }\n}\n',
      'modules/h06deep/main.tf': `variable "value" {}\n${inputOf('inner', 'var.value.size')}`,
    },
    address: 'module.h06.module.deep.terraform_data.inner',
    desired: { input: 'a' },
    actual: { input: 'b' },
    after: { 'h06.tf': [['"a"', '"b"']] },
  },
  {
    name: "a module's variable that the call leaves out",
    files: {
      'h07.tf': 'module "h07" {\n  source = "./modules/h07"\n}\n',
      'modules/h07/main.tf': `variable "size" {\n  default = 1\n}\n${inputOf('inner', 'var.size')}`,
    },
    address: 'module.h07.terraform_data.inner',
    desired: { input: 1 },
    actual: { input: 2 },
    after: { 'modules/h07/main.tf': [['default = 1', 'default = 2']] },
  },
  {
    name: 'for_each over a map: the entry of exactly this key',
    files: {
      'h08.tf': `locals {
  h08 = {
    api = { cpu = 1, tags = {} }
    web = { cpu = 1, tags = { a = "b" } }
  }
}
resource "terraform_data" "h08" {
  for_each = local.h08
  input    = { cpu = each.value.cpu, tags = merge(each.value.tags, { key = each.key }) }
}
`,
    },
    address: 'terraform_data.h08["web"]',
    others: [{ address: 'terraform_data.h08["api"]', recorded: { input: { cpu: 1, tags: { key: 'api' } } } }],
    desired: { input: { cpu: 1, tags: { a: 'b', key: 'web' } } },
    actual: { input: { cpu: 2, tags: { a: 'c', key: 'web' } } },
    after: { 'h08.tf': [['web = { cpu = 1, tags = { a = "b" } }', 'web = { cpu = 2, tags = { a = "c" } }']] },
  },
  {
    name: 'for_each of a module, with each.value as its argument',
    files: {
      'h09.tf': `module "h09" {
  source   = "./modules/h09"
  for_each = {
    "eu.west/1" = 1
    us          = 1
  }
  size = each.value
}
`,
      'modules/h09/main.tf': `variable "size" {}\n${inputOf('inner', 'var.size')}`,
    },
    address: 'module.h09["eu.west/1"].terraform_data.inner',
    others: [{ address: 'module.h09["us"].terraform_data.inner', recorded: { input: 1 } }],
    desired: { input: 1 },
    actual: { input: 2 },
    after: { 'h09.tf': [['"eu.west/1" = 1', '"eu.west/1" = 2']] },
  },
  {
    name: 'an entry of for_each that refers to something that all share',
    files: {
      'h10.tf': `locals {
  h10 = 1
}
resource "terraform_data" "h10" {
  for_each = { a = local.h10, b = local.h10 }
  input    = each.value
}
`,
    },
    address: 'terraform_data.h10["a"]',
    others: [{ address: 'terraform_data.h10["b"]', recorded: { input: 1 } }],
    desired: { input: 1 },
    actual: { input: 2 },
    applied: { 'h10.tf': [['a = local.h10', 'a = 2']] },
    refused: [
      'each-key',
      'input of terraform_data.h10["a"] is set for all instances in h10.tf:2, so an edit would change 2 of them',
    ],
  },
  {
    name: 'what all instances share',
    files: { 'h11.tf': 'resource "terraform_data" "h11" {\n  count = 2\n  input = "a"\n}\n' },
    address: 'terraform_data.h11[1]',
    others: [{ address: 'terraform_data.h11[0]', recorded: { input: 'a' } }],
    desired: { input: 'a' },
    actual: { input: 'b' },
    applied: { 'h11.tf': [['"a"', '["a", "b"][count.index]']] },
    refused: [
      'each-key',
      'input of terraform_data.h11[1] is set for all instances in h11.tf:3, so an edit would change 2 of them',
    ],
  },
  {
    name: 'count = 1 is one instance',
    files: { 'h12.tf': 'resource "terraform_data" "h12" {\n  count = true ? 1 : 0\n  input = "a"\n}\n' },
    address: 'terraform_data.h12[0]',
    desired: { input: 'a' },
    actual: { input: 'b' },
    after: { 'h12.tf': [['"a"', '"b"']] },
  },
  {
    name: 'the key of the instance',
    files: {
      'h13.tf':
        'resource "terraform_data" "h13" {\n  for_each = toset(["a", "b"])\n  input    = each.key\n}\n',
    },
    address: 'terraform_data.h13["a"]',
    others: [{ address: 'terraform_data.h13["b"]', recorded: { input: 'b' } }],
    desired: { input: 'a' },
    actual: { input: 'c' },
    applied: { 'h13.tf': [['each.key', 'each.key == "a" ? "c" : each.key']] },
    refused: [
      'each-key',
      'input of terraform_data.h13["a"] is set by each.key in h13.tf:3, which is the key of the instance, so an edit would make another instance of it',
    ],
  },
  {
    name: 'a module that two calls of the stack use',
    files: {
      'h14.tf':
        'module "h14" {\n  source = "./modules/h14"\n}\nmodule "h14b" {\n  source = "./modules/h14/"\n}\n',
      'modules/h14/main.tf': inputOf('inner', '"a"'),
    },
    address: 'module.h14.terraform_data.inner',
    desired: { input: 'a' },
    actual: { input: 'b' },
    applied: { 'modules/h14/main.tf': [['"a"', '"b"']] },
    refused: [
      'each-key',
      'input of module.h14.terraform_data.inner is set in modules/h14/main.tf:2, and 2 module calls of the stack use that code, so an edit would change all of them',
    ],
  },
];
