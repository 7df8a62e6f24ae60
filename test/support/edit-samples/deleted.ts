/** Samples: resources that were deleted by hand, and resources that the code left out. */
import { inputOf } from './input-of.ts';
import type { Sample } from './sample.ts';

export const DELETED_SAMPLES: readonly Sample[] = [
  {
    name: 'deleted by hand: its block goes, with one blank line',
    files: {
      'h30.tf': `# keep\n\nresource "terraform_data" "h30" {\n  input = "a"\n}\n\n${inputOf('h30b', '"b"')}`,
    },
    address: 'terraform_data.h30',
    desired: { input: 'a' },
    actual: null,
    after: { 'h30.tf': [['\nresource "terraform_data" "h30" {\n  input = "a"\n}\n', '']] },
  },
  {
    name: 'deleted by hand, but something refers to it',
    files: {
      'h31.tf': `${inputOf('h31', '"a"')}output "h31" {\n  value = [for one in [1] : "\${terraform_data.h31.id}/\${one}"]\n}\n`,
    },
    address: 'terraform_data.h31',
    desired: { input: 'a' },
    actual: null,
    refused: [
      'unsupported',
      "terraform_data.h31 was deleted by hand, but h31.tf:5 still refers to it, so its block can't be removed",
    ],
  },
  {
    name: 'one of for_each deleted by hand: its key goes',
    files: {
      'h32.tf':
        'resource "terraform_data" "h32" {\n  for_each = toset([\n    "a",\n    "b", # old\n    "c",\n  ])\n  input = each.key\n}\n',
    },
    address: 'terraform_data.h32["b"]',
    others: [
      { address: 'terraform_data.h32["a"]', recorded: { input: 'a' } },
      { address: 'terraform_data.h32["c"]', recorded: { input: 'c' } },
    ],
    desired: { input: 'b' },
    actual: null,
    after: { 'h32.tf': [['    "b", # old\n', '']] },
  },
  {
    name: 'JSON syntax: deleted by hand',
    files: {
      'h33.tf.json':
        '{\n  "resource": {\n    "terraform_data": {\n      "h33b": { "input": "b" },\n      "h33": { "input": "a" }\n    }\n  }\n}\n',
    },
    address: 'terraform_data.h33',
    desired: { input: 'a' },
    actual: null,
    after: { 'h33.tf.json': [[',\n      "h33": { "input": "a" }', '']] },
  },
  {
    name: 'one of count deleted by hand',
    files: { 'h34.tf': 'resource "terraform_data" "h34" {\n  count = 2\n  input = "a"\n}\n' },
    address: 'terraform_data.h34[0]',
    others: [{ address: 'terraform_data.h34[1]', recorded: { input: 'a' } }],
    desired: { input: 'a' },
    actual: null,
    refused: [
      'each-key',
      'terraform_data.h34[0]: terraform_data.h34 has several instances by count or by its module (h34.tf:1), and only one of them was deleted',
    ],
    notPlanned:
      'Terraform’s own resources can’t be deleted by hand, and code can’t take away the first of a count alone',
  },
  {
    name: 'left out of for_each: its key comes back',
    files: {
      'h35.tf': 'resource "terraform_data" "h35" {\n  for_each = toset(["a"])\n  input    = "x"\n}\n',
    },
    address: 'terraform_data.h35["b"]',
    others: [{ address: 'terraform_data.h35["a"]', recorded: { input: 'x' } }],
    desired: { input: 'x' },
    actual: { input: 'x' },
    actions: ['delete'],
    after: { 'h35.tf': [['["a"]', '["a", "b"]']] },
  },
  {
    name: 'left out of the code as a whole, and nothing is known of the provider',
    files: { 'h36.tf': '# nothing here\n' },
    address: 'terraform_data.h36',
    desired: { input: 'x' },
    actual: { input: 'x' },
    actions: ['delete'],
    refused: [
      'unsupported',
      "terraform_data.h36 is no longer in the code, and without the provider's schema m0 can't tell which of its values the code must set; bring it back from Git's history",
    ],
    notPlanned: 'the schema is known there',
  },
  {
    name: 'left out of count',
    files: { 'h37.tf': 'resource "terraform_data" "h37" {\n  count = 1\n  input = "a"\n}\n' },
    address: 'terraform_data.h37[1]',
    others: [{ address: 'terraform_data.h37[0]', recorded: { input: 'a' } }],
    desired: { input: 'a' },
    actual: { input: 'a' },
    actions: ['delete'],
    applied: { 'h37.tf': [['count = 1', 'count = 2']] },
    refused: [
      'unsupported',
      "terraform_data.h37[1] is an instance that the code makes no longer, and m0 can't tell how for_each, count or a removed block should make it again; bring it back from Git's history",
    ],
  },
];
