import { describe, expect, it } from 'vitest';
import { readValues } from '../../../src/policy/answer.ts';
import { askBundle, compileFiles } from './support.ts';

/** What was said, each as `rule: text file:line`. */
async function said(
  files: Readonly<Record<string, string>>,
  input: Readonly<Record<string, unknown>> = {},
): Promise<readonly string[]> {
  const bundle = await compileFiles(files);
  const evaluated = await askBundle(bundle, JSON.stringify({ ...input, m0: { run: 7 } }));
  if (!evaluated.ok) throw new Error(evaluated.error);
  const reading = readValues(evaluated.values, bundle.rules, 'decide', evaluated.copies);
  if (!reading.ok) throw new Error(reading.error);
  const messages = reading.messages.map((m) => {
    const at = m.at === undefined ? '?' : `${m.at.file}:${m.at.line}`;
    return `${m.rule}: ${m.address === undefined ? '' : `${m.address} `}${m.text} ${at}`;
  });
  return [...messages].sort();
}

describe('which definition spoke', () => {
  it('the only one of its rule', async () => {
    const rego = 'package m0\n\ndefault pending := false\n\npending if input.plan.x\n\ndeny contains "no"\n';
    expect(await said({ 'p.rego': rego }, { plan: { x: 1 } })).toEqual([
      'deny: no p.rego:7',
      'pending: pending holds p.rego:5',
    ]);
  });

  it('one of many, over files and packages', async () => {
    const files = {
      'a.rego': `package m0

import input.plan.resource_changes as changes

deny contains {"msg": "deleted", "address": change.address} if {
  some change in changes
  change.action == "delete"
}

# Öffentlich: more bytes than characters in front of what follows.
deny contains sprintf("%s is public", [change.address]) if {
  some change in changes
  change.public
}
`,
      'sub/b.rego': 'package m0\n\ndeny contains "frozen" if input.plan.frozen\n',
      'c.rego': 'package env0\n\ndeny contains "too much" if count(input.plan.resource_changes) > 2\n',
    };
    const resource_changes = [
      { address: 'a', action: 'delete' },
      { address: 'b', public: true },
      { address: 'c', action: 'delete', public: true },
    ];
    expect(await said(files, { plan: { frozen: true, resource_changes } })).toEqual([
      'deny: a deleted a.rego:5',
      'deny: b is public a.rego:11',
      'deny: c deleted a.rego:5',
      'deny: c is public a.rego:11',
      'deny: frozen sub/b.rego:3',
      'deny: too much c.rego:3',
    ]);
  });

  it('in v0, with bodies in a row', async () => {
    const rego = `package env0

deny[msg] {
  input.plan.a
  msg := "a"
} {
  input.plan.b
  msg := "b"
} {
  input.plan.c
  msg := "c"
}

deny["literal"] { input.plan.c }

allow { input.plan.a } { input.plan.never }
allow { input.plan.b }
`;
    expect(await said({ 'p.rego': rego }, { plan: { a: 1, b: 1, c: 1 } })).toEqual([
      'allow: allow holds p.rego:16',
      'allow: allow holds p.rego:17',
      'deny: a p.rego:3',
      'deny: b p.rego:6',
      'deny: c p.rego:9',
      'deny: literal p.rego:14',
    ]);
  });

  it('in v1, with bodies in a row', async () => {
    const rego = 'package m0\n\npending if {\n  input.plan.a\n} {\n  input.plan.b\n} {\n  input.plan.c\n}\n';
    expect(await said({ 'p.rego': rego }, { plan: { b: 1 } })).toEqual(['pending: pending holds p.rego:5']);
  });

  it('all that say the same', async () => {
    const rego = `package m0

pending if input.plan.a

pending if input.plan.b

pending if input.plan.c

deny contains "twice" if input.plan.a

deny contains "twice" if input.plan.b
`;
    expect(await said({ 'p.rego': rego }, { plan: { a: 1, b: 1 } })).toEqual([
      'deny: twice p.rego:11',
      'deny: twice p.rego:9',
      'pending: pending holds p.rego:3',
      'pending: pending holds p.rego:5',
    ]);
  });

  it('else belongs to its definition, a default to itself', async () => {
    const rego = `package m0

default pending := true

pending := false if input.plan.fine

pending := false if {
  input.plan.a
} else := true if {
  input.plan.b
}
`;
    const at = (plan: Readonly<Record<string, unknown>>): Promise<readonly string[]> =>
      said({ 'p.rego': rego }, { plan });
    expect(await at({})).toEqual(['pending: pending holds p.rego:3']);
    expect(await at({ b: 1 })).toEqual(['pending: pending holds p.rego:7']);
    expect(await at({ fine: 1 })).toEqual([]);
  });

  it('also where the words come from its metadata', async () => {
    const rego = `package m0

# METADATA
# title: No root
deny contains rego.metadata.rule().title if input.plan.a

# METADATA
# title: No guests
# scope: rule
deny contains rego.metadata.rule().title if input.plan.b
`;
    expect(await said({ 'p.rego': rego }, { plan: { a: 1, b: 1 } })).toEqual([
      'deny: No guests p.rego:10',
      'deny: No root p.rego:5',
    ]);
  });

  it('of a policy that goes through the names of its own package: no copy is there to be found, so no line is named', async () => {
    const files = {
      'p.rego': `package m0

deny contains "a" if input.plan.a

deny contains "b" if input.plan.b

m0_spoke_0 contains "mine" if input.plan.a
`,
      'q.rego': `package env0

warn contains sprintf("%s", [name]) if data.m0[name]
`,
    };
    expect(await said(files, { plan: { a: 1 } })).toEqual([
      'deny: a ?',
      'warn: deny q.rego:3',
      'warn: m0_spoke_0 q.rego:3',
    ]);
  });

  it('where nothing is known of the copies, the line is not named and all else is said', async () => {
    const { rules } = await compileFiles({
      'p.rego': 'package m0\n\ndeny contains "a"\n\ndeny contains "b"\n\nwarn contains "w"\n',
    });
    expect(readValues({ 'm0.deny': ['a', 'b'], 'm0.warn': ['w'] }, rules, 'decide', new Map())).toEqual({
      ok: true,
      messages: [
        { rule: 'deny', package: 'm0', text: 'a' },
        { rule: 'deny', package: 'm0', text: 'b' },
        { rule: 'warn', package: 'm0', text: 'w', at: { file: 'p.rego', line: 7 } },
      ],
    });
  });
});
