/** Samples: dynamic blocks, and code in JSON syntax. */
import { HTTPS, rule } from './rule.ts';
import type { Sample } from './sample.ts';

export const DYNAMIC_SAMPLES: readonly Sample[] = [
  {
    name: 'a dynamic block over a list of texts',
    files: { 'b09.tf': dynamicGroup('b09', '["10.0.0.0/8", "10.1.0.0/16"]', '[ingress.value]') },
    address: 'aws_security_group.b09',
    desired: { name: 'b09', ingress: [rule(443, ['10.0.0.0/8']), rule(443, ['10.1.0.0/16'])] },
    actual: {
      name: 'b09',
      ingress: [rule(443, ['10.0.0.0/8']), rule(443, ['10.1.0.0/16']), rule(443, ['10.2.0.0/16'])],
    },
    after: { 'b09.tf': [['"10.1.0.0/16"]', '"10.1.0.0/16", "10.2.0.0/16"]']] },
  },
  {
    name: 'a dynamic block over a local with objects',
    files: {
      'b10.tf': `locals {
  b10 = {
    https = { port = 443, from = "0.0.0.0/0" }
    ssh   = { port = 22, from = "10.0.0.0/8" }
  }
}
resource "aws_security_group" "b10" {
  name = "b10"
  dynamic "ingress" {
    for_each = local.b10
    iterator = it
    content {
      description = it.key
      from_port   = it.value.port
      to_port     = it.value.port
      protocol    = "tcp"
      cidr_blocks = [it.value.from]
    }
  }
}
`,
    },
    address: 'aws_security_group.b10',
    desired: {
      name: 'b10',
      ingress: [
        rule(22, ['10.0.0.0/8'], { description: 'ssh' }),
        rule(443, ['0.0.0.0/0'], { description: 'https' }),
      ],
    },
    actual: {
      name: 'b10',
      ingress: [
        rule(22, ['10.9.0.0/16'], { description: 'ssh' }),
        rule(443, ['0.0.0.0/0'], { description: 'https' }),
      ],
    },
    after: { 'b10.tf': [['"10.0.0.0/8"', '"10.9.0.0/16"']] },
  },
  {
    name: 'a block that a dynamic block makes is gone',
    files: { 'b11.tf': dynamicGroup('b11', '["10.0.0.0/8", "10.1.0.0/16"]', '[ingress.value]') },
    address: 'aws_security_group.b11',
    desired: { name: 'b11', ingress: [rule(443, ['10.0.0.0/8']), rule(443, ['10.1.0.0/16'])] },
    actual: { name: 'b11', ingress: [rule(443, ['10.1.0.0/16'])] },
    after: { 'b11.tf': [['["10.0.0.0/8", "10.1.0.0/16"]', '["10.1.0.0/16"]']] },
  },
  {
    name: 'what all blocks of a dynamic block share',
    files: { 'b12.tf': dynamicGroup('b12', '["10.0.0.0/8", "10.1.0.0/16"]', '[ingress.value]') },
    address: 'aws_security_group.b12',
    desired: { name: 'b12', ingress: [rule(443, ['10.0.0.0/8']), rule(443, ['10.1.0.0/16'])] },
    actual: {
      name: 'b12',
      ingress: [rule(443, ['10.0.0.0/8']), rule(443, ['10.1.0.0/16'], { protocol: 'udp' })],
    },
    applied: { 'b12.tf': [['"tcp"', 'ingress.key == 1 ? "udp" : "tcp"']] },
    refused: [
      'each-key',
      'protocol in ingress of aws_security_group.b12 is set for all blocks of a dynamic block in b12.tf:8, so an edit would change 2 of them',
    ],
  },
  {
    name: 'a dynamic block over something computed',
    files: { 'b13.tf': dynamicGroup('b13', '[for n in range(1) : "10.${n}.0.0/16"]', '[ingress.value]') },
    address: 'aws_security_group.b13',
    desired: { name: 'b13', ingress: [rule(443, ['10.0.0.0/16'])] },
    actual: { name: 'b13', ingress: [] },
    refused: [
      'computed',
      "ingress of aws_security_group.b13 comes from the dynamic block in b13.tf:3, whose for_each can't be followed to a list in the code",
    ],
  },
  {
    name: 'JSON syntax: a list in a list of rules',
    files: {
      'b14.tf.json': `{
  "resource": {
    "aws_security_group": {
      "b14": {
        "name": "b14",
        "ingress": [
          { "from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"], "description": "", "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": false }
        ]
      }
    }
  }
}
`,
    },
    address: 'aws_security_group.b14',
    desired: { name: 'b14', ingress: [HTTPS] },
    actual: { name: 'b14', ingress: [rule(443, ['0.0.0.0/0', '10.0.0.0/8'])] },
    after: { 'b14.tf.json': [['["0.0.0.0/0"]', '["0.0.0.0/0", "10.0.0.0/8"]']] },
  },
  {
    name: 'JSON syntax: a value, a key, and a template that stays',
    files: {
      'b15.tf.json': `{
\t"//": "odd keys",
\t"locals": { "b15": "prod" },
\t"resource": { "terraform_data": { "b15": [ {
\t\t"input": { "env": "\${local.b15}", "size": 1 }
\t} ] } }
}`,
    },
    address: 'terraform_data.b15',
    desired: { input: { env: 'prod', size: 1 } },
    actual: { input: { env: 'qa', size: 2, note: 'a ${b}' } },
    after: {
      'b15.tf.json': [
        ['"b15": "prod"', '"b15": "qa"'],
        ['"size": 1', '"size": 2, "note": "a $${b}"'],
      ],
    },
  },
  {
    name: 'JSON syntax: a second block makes a list of the first',
    files: {
      'b16.tf.json': '{ "resource": { "aws_thing": { "b16": { "rule": { "port": 1 } } } } }\n',
    },
    address: 'aws_thing.b16',
    desired: { rule: [{ port: 1, open: false }] },
    actual: {
      rule: [
        { port: 1, open: false },
        { port: 2, open: false },
      ],
    },
    after: { 'b16.tf.json': [['{ "port": 1 }', '[{ "port": 1 }, {"port":2}]']] },
    notPlanned: 'there is no such provider',
  },
];

function dynamicGroup(name: string, forEach: string, cidrs: string): string {
  return `resource "aws_security_group" "${name}" {
  name = "${name}"
  dynamic "ingress" {
    for_each = ${forEach}
    content {
      from_port   = 443
      to_port     = 443
      protocol    = "tcp"
      cidr_blocks = ${cidrs}
    }
  }
}
`;
}
