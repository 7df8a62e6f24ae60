/** Samples: literals, attributes, and objects that are written out. */
import { crlf, type Sample } from './sample.ts';

export const LITERAL_SAMPLES: readonly Sample[] = [
  {
    name: 'a number between odd comments',
    files: {
      'v01.tf': `# head
resource "terraform_data" "v01" { # opens
  /* before */ input /* name */ = /* value */ 30 # days
  // last
}
`,
    },
    address: 'terraform_data.v01',
    desired: { input: 30 },
    actual: { input: 7 },
    after: { 'v01.tf': [[' 30 ', ' 7 ']] },
  },
  {
    name: 'tabs, CRLF and no final newline',
    files: { 'v02.tf': crlf('resource "terraform_data" "v02" {\n\tinput\t=\t"old"\n}') },
    address: 'terraform_data.v02',
    desired: { input: 'old' },
    actual: { input: 'new' },
    after: { 'v02.tf': [['"old"', '"new"']] },
  },
  {
    name: 'a byte order mark and letters beyond ASCII',
    files: { 'v03.tf': '\uFEFFresource "terraform_data" "v03" {\n  input = "grün 🌿" # naïve\n}\n' },
    address: 'terraform_data.v03',
    desired: { input: 'grün 🌿' },
    actual: { input: 'blå 🌊' },
    after: { 'v03.tf': [['grün 🌿', 'blå 🌊']] },
  },
  {
    name: 'a text that looks like a template, and quotes',
    files: { 'v04.tf': 'resource "terraform_data" "v04" {\n  input = "a"\n}\n' },
    address: 'terraform_data.v04',
    desired: { input: 'a' },
    actual: { input: 'say "${hi}" %{x}\\\n\ttab' },
    after: { 'v04.tf': [['"a"', '"say \\"$${hi}\\" %%{x}\\\\\\n\\ttab"']] },
  },
  {
    name: 'a number that the code has in quotes',
    files: { 'v05.tf': 'resource "terraform_data" "v05" {\n  input = { port = "80", on = "true" }\n}\n' },
    address: 'terraform_data.v05',
    desired: { input: { port: '80', on: 'true' } },
    actual: { input: { port: '81', on: 'false' } },
    after: {
      'v05.tf': [
        ['"80"', '"81"'],
        ['"true"', '"false"'],
      ],
    },
  },
  {
    name: 'a key added to an object on one line',
    files: { 'v06.tf': 'resource "terraform_data" "v06" {\n  input = { a = "1" }\n}\n' },
    address: 'terraform_data.v06',
    desired: { input: { a: '1' } },
    actual: { input: { a: '1', 'k8s.io/x': 'y' } },
    after: { 'v06.tf': [['{ a = "1" }', '{ a = "1", "k8s.io/x" = "y" }']] },
  },
  {
    name: 'a key added to aligned lines, longer than the others',
    files: {
      'v07.tf': `resource "terraform_data" "v07" {
  input = {
    Name = "web"
    Env  = "prod" # since 2020
  }
}
`,
    },
    address: 'terraform_data.v07',
    desired: { input: { Name: 'web', Env: 'prod' } },
    actual: { input: { Name: 'web', Env: 'prod', Owner: 'dana' } },
    after: {
      'v07.tf': [
        ['Name = "web"', 'Name  = "web"'],
        ['Env  = "prod" # since 2020\n', 'Env   = "prod" # since 2020\n    Owner = "dana"\n'],
      ],
    },
  },
  {
    name: 'a shorter key added to aligned lines',
    files: {
      'v08.tf': `resource "terraform_data" "v08" {
  input = {
    Owner = "dana"
    Stage = "prod",
  }
}
`,
    },
    address: 'terraform_data.v08',
    desired: { input: { Owner: 'dana', Stage: 'prod' } },
    actual: { input: { Owner: 'dana', Stage: 'prod', Env: 'x' } },
    after: { 'v08.tf': [['Stage = "prod",\n', 'Stage = "prod",\n    Env   = "x",\n']] },
  },
  {
    name: 'lines that are not aligned stay so',
    files: {
      'v09.tf': `resource "terraform_data" "v09" {
  input = {
    a = 1
    longer = 2
  }
}
`,
    },
    address: 'terraform_data.v09',
    desired: { input: { a: 1, longer: 2 } },
    actual: { input: { a: 1, longer: 2, b: 3 } },
    after: { 'v09.tf': [['longer = 2\n', 'longer = 2\n    b = 3\n']] },
  },
  {
    name: 'a key removed between comments',
    files: {
      'v10.tf': `resource "terraform_data" "v10" {
  input = {
    # who
    Owner = "dana"
    Temp  = "yes" # remove me
    # what
    Env = "prod"
  }
}
`,
    },
    address: 'terraform_data.v10',
    desired: { input: { Owner: 'dana', Temp: 'yes', Env: 'prod' } },
    actual: { input: { Owner: 'dana', Env: 'prod' } },
    after: { 'v10.tf': [['    Temp  = "yes" # remove me\n', '']] },
  },
  {
    name: 'the last key on one line removed, with its comma',
    files: { 'v11.tf': 'resource "terraform_data" "v11" {\n  input = { a = 1, b = 2, c = 3 }\n}\n' },
    address: 'terraform_data.v11',
    desired: { input: { a: 1, b: 2, c: 3 } },
    actual: { input: { a: 1 } },
    after: { 'v11.tf': [['{ a = 1, b = 2, c = 3 }', '{ a = 1 }']] },
  },
  {
    name: 'all keys replaced by others',
    files: { 'v12.tf': 'resource "terraform_data" "v12" {\n  input = {\n    a = 1\n  }\n}\n' },
    address: 'terraform_data.v12',
    desired: { input: { a: 1 } },
    actual: { input: { b: { c: ['x', 2], d: null } } },
    after: { 'v12.tf': [['    a = 1\n', '    b = {\n      c = ["x", 2]\n      d = null\n    }\n']] },
  },
  {
    name: 'an attribute that the code does not set yet',
    files: {
      'v24.tf': `resource "terraform_data" "v24" {
  triggers_replace = "1"
  lifecycle {
    prevent_destroy = false
  }
}
`,
    },
    address: 'terraform_data.v24',
    desired: { input: null, triggers_replace: '1' },
    actual: { input: 'x', triggers_replace: '1' },
    after: { 'v24.tf': [['triggers_replace = "1"\n', 'triggers_replace = "1"\n  input            = "x"\n']] },
  },
  {
    name: 'an attribute for a resource on one line',
    files: { 'v25.tf': 'resource "terraform_data" "v25" { triggers_replace = "1" }\n' },
    address: 'terraform_data.v25',
    desired: { input: null, triggers_replace: '1' },
    actual: { input: 'x', triggers_replace: '1' },
    after: { 'v25.tf': [['{ triggers_replace = "1" }', '{\n  triggers_replace = "1"\n  input = "x"\n}']] },
  },
  {
    name: 'an attribute that is gone in the cloud',
    files: {
      'v26.tf':
        'resource "terraform_data" "v26" {\n  # why\n  input            = "x" # note\n  triggers_replace = "1"\n}\n',
    },
    address: 'terraform_data.v26',
    desired: { input: 'x', triggers_replace: '1' },
    actual: { input: null, triggers_replace: '1' },
    after: { 'v26.tf': [['  input            = "x" # note\n', '']] },
  },
  {
    name: 'quoted keys, colons, and a negative number',
    files: { 'v27.tf': 'resource "terraform_data" "v27" {\n  input = { "a" : -1, "b" : true }\n}\n' },
    address: 'terraform_data.v27',
    desired: { input: { a: -1, b: true } },
    actual: { input: { a: -2.5, b: true, c: 'd' } },
    after: { 'v27.tf': [['{ "a" : -1, "b" : true }', '{ "a" : -2.5, "b" : true, "c": "d" }']] },
  },
  {
    name: 'a text of digits stays a text',
    files: { 'v28.tf': 'resource "terraform_data" "v28" {\n  input = 1\n}\n' },
    address: 'terraform_data.v28',
    desired: { input: 1 },
    actual: { input: '9007199254740993' },
    after: { 'v28.tf': [['= 1', '= "9007199254740993"']] },
  },
  {
    name: 'several attributes are one edit',
    files: {
      'v29.tf':
        'resource "terraform_data" "v29" {\n  input            = { a = 1 }\n  triggers_replace = ["x"]\n}\n',
    },
    address: 'terraform_data.v29',
    desired: { input: { a: 1 }, triggers_replace: ['x'] },
    actual: { input: { a: 2 }, triggers_replace: ['x', 'y'] },
    after: {
      'v29.tf': [
        ['a = 1', 'a = 2'],
        ['["x"]', '["x", "y"]'],
      ],
    },
  },
];
