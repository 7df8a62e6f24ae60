import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lintPolicy, notesOn } from '../../../src/policy/lint.ts';
import { parseFiles, readRego } from '../../../src/policy/parse.ts';
import { listPolicy } from '../../../src/policy/stage.ts';
import { compileFiles, compiler, scratch, write } from './support.ts';

const SHIPPED = fileURLToPath(new URL('../../../policies', import.meta.url));

async function lintDirectory(dir: string, syntax: 'v1' | 'v0'): Promise<readonly string[]> {
  const { opa } = await compiler();
  const work = await scratch();
  const files = await listPolicy(dir);
  const warnings = lintPolicy(
    await parseFiles(opa, work, await readRego(dir, files.rules), syntax),
    await parseFiles(opa, work, await readRego(dir, files.tests), syntax),
  );
  return warnings.map((w) => `${w.file}:${w.line}: ${w.text}`);
}

async function lint(
  files: Readonly<Record<string, string>> | string,
  syntax: 'v1' | 'v0' = 'v1',
): Promise<readonly string[]> {
  const dir = await scratch();
  await write(dir, typeof files === 'string' ? { 'p.rego': files } : files);
  return lintDirectory(dir, syntax);
}

/** One rule of package m0, whose body begins in line 4. */
function body(...lines: readonly string[]): string {
  return `package m0\n\nallow contains "x" if {\n${lines.map((l) => `  ${l}\n`).join('')}}\n`;
}

describe('lint', () => {
  it.each([
    ['input.aprovers', 'input has no key aprovers: this is always undefined; did you mean approvers?'],
    ['input.m0.finding', 'input.m0 has no key finding: this is always undefined; did you mean findings?'],
    ['input["m0"].stak == "x"', 'input.m0 has no key stak: this is always undefined; did you mean stack?'],
    ['input.resource_changes[_]', 'write input.plan.resource_changes'],
    ['input.costEstimation.monthlyCost < 5', 'm0 knows no costs'],
    ['input.plan.resource_change', 'input.plan has no key resource_change'],
    ['input.template.id == 3', 'input.template has no key id: this is always undefined; it has name, path,'],
    ['input.deploymentRequest.trigger == "push"', 'did you mean triggerName?'],
    ['input.deployerUser.mail == "x"', 'did you mean email?'],
    ['input.approvers[_].mail == "x"', 'input.approvers[_] has no key mail'],
    ['input.approvers.email == "x"', 'input.approvers is a list and has no key email'],
    ['input.plan.resource_changes[_].changes.actions', 'input.plan.resource_changes[_] has no key changes'],
    ['input.plan.resource_drift[0].change.action', 'input.plan.resource_changes[_].change has no key action'],
    ['some f in input.m0.findings\n  f.adress == "x"', 'p.rego:5: input.m0.findings[_] has no key adress'],
    ['f := input.m0.findings[_]\n  f.kind == "added"', 'p.rego:5: input.m0.findings[_] has no key kind'],
    ['some i\n  f := input.m0.findings[i]\n  f.fingerprint', 'input.m0.findings[_] has no key fingerprint'],
    [
      'some f in input.m0.findings\n  every a in f.attributes { a.name == "tags" }',
      'attributes[_] has no key name',
    ],
    [
      'x := [f | some f in input.m0.findings; f.adress]\n  count(x) > 0',
      'p.rego:4: input.m0.findings[_] has no key adress',
    ],
    [
      'fs := {f | some f in input.m0.findings}\n  fs[g]\n  g.adress',
      'input.m0.findings[_] has no key adress',
    ],
    ['object.get(input, "finding", []) == []', 'input has no key finding'],
  ])('a key that is not there: %s', async (text, said) => {
    expect(await lint(body(text))).toEqual([expect.stringContaining(said)]);
  });

  it.each([
    [
      'input.m0.findings[_].origin == "manual"',
      'an origin is never "manual"; it is one of "cloud", "code", "both"',
    ],
    ['"manual" == input.m0.findings[_].origin', 'an origin is never "manual"'],
    [
      'some f in input.m0.findings\n  f.action == "destroy"',
      'm0 never says the action "destroy", it says "delete"',
    ],
    [
      'some f in input.m0.findings\n  f.action in {"create", "modify"}',
      'a finding\'s action is never "modify"',
    ],
    [
      'some f in input.m0.findings\n  some a in f.attributes\n  a.kind == "remove"',
      'the kind of a change is never "remove"',
    ],
    [
      'some f in input.m0.findings\n  some a in f.attributes\n  not a.origin in ["human"]',
      'an origin is never "human"',
    ],
    [
      'some c in input.plan.resource_changes\n  "destroy" in c.change.actions',
      'Terraform never says the action "destroy"',
    ],
    [
      'input.plan.resource_changes[_].change.actions[_] == "destroy"',
      'Terraform never says the action "destroy"',
    ],
    [
      'input.plan.resource_changes[_].change.actions == ["destroy"]',
      'Terraform never says the action "destroy"',
    ],
    ['input.plan.resource_changes[_].change.actions[_] == "replace"', 'it says "delete" and "create"'],
    ['a := input.plan.output_changes.url.actions\n  a[_] == "noop"', 'an action of a plan is never "noop"'],
    [
      'input.deploymentRequest.type == "destroy"',
      'input.deploymentRequest.type is always "deploy": this never',
    ],
    ['request := input.deploymentRequest\n  "destroy" == request.type', 'is always "deploy"'],
    ['input.deploymentRequest.type in {"destroy"}', 'is always "deploy"'],
    [
      'input.deploymentRequest.triggerName == "cd"',
      'triggerName is never "cd"; it is one of "schedule", "push"',
    ],
    ['input.template.type == "pulumi"', 'input.template.type is never "pulumi"'],
    ['some c in input.m0.changes\n  c.kind == "outputs"', 'the kind of a planned change is never "outputs"'],
    ['some c in input.plan.resource_changes\n  c.mode == "resource"', 'the mode of a resource is never'],
  ])('a word that is never said: %s', async (text, said) => {
    expect(await lint(body(text))).toEqual([expect.stringContaining(said)]);
  });

  it('follows helpers, constants and imports', async () => {
    const warnings = await lint({
      'a.rego': `package m0

import data.lib
import input.m0.findings

allow contains {"msg": "fine", "address": f.address} if {
  some f in findings
  risky(f)
  lib.destroys(f.action)
  f.origin in origins
}

risky(finding) if finding.adress == "x"

origins := {"cloud", "hand"}

removed(actions) if actions[_] == "destroy"

deny contains "x" if removed(input.plan.resource_changes[_].change.actions)
`,
      'lib.rego': 'package lib\n\ndestroys(action) if action == "destroy"\n',
    });
    expect(warnings).toEqual([
      'a.rego:10: an origin is never "hand"; it is one of "cloud", "code", "both"',
      expect.stringMatching(/^a\.rego:13: input\.m0\.findings\[_\] has no key adress/),
      expect.stringMatching(/^a\.rego:17: Terraform never says the action "destroy"/),
      expect.stringMatching(/^lib\.rego:3: m0 never says the action "destroy"/),
    ]);
  });

  it.each([
    [
      'import input.tfplan as tfplan',
      'tfplan',
      "Terraform's plan is under input.plan; docs/how-to/policies-of-other-systems.md",
    ],
    ['import input.tfplan', 'tfplan', "Terraform's plan is under input.plan"],
    ['import input.tfrun as run', 'run', "m0 has no document of Scalr's runs"],
    ['import input.run', 'run', "m0 has no document of HCP Terraform's runs"],
    [
      'import input.m0.finding as all',
      'all',
      'input.m0 has no key finding: this is always undefined; did you',
    ],
    ['import input.resource_changes', 'resource_changes', 'write input.plan.resource_changes'],
  ])('an import of what m0 does not give: %s', async (text, name, said) => {
    const rego = `package m0\n\n${text}\n\ndeny contains "x" if ${name}.a.b == "c"\n`;
    const warnings = await lint(rego);
    expect(warnings).toEqual([expect.stringContaining(said)]);
    expect(warnings[0]).toMatch(/^p\.rego:3: /);
  });

  it.each([
    [
      'an expression with another input',
      'allow contains "x" if input.tfplan.a with input as {"tfplan": {}}\n',
    ],
    [
      'an import that only such expressions use',
      'import input.tfplan\n\nallow contains "x" if helper with input as {"tfplan": {}}\n\nhelper if tfplan.a == 1\n',
    ],
    [
      'a helper of a helper that is asked with another input',
      'allow contains "x" if one with input as input.plan\n\none if two(input.b)\n\ntwo(x) if input.c == x.d\n',
    ],
    [
      'another package, by a computed name',
      'allow contains "x" if data.lib[input.m0.stack].allow with input as input.plan\n',
    ],
    [
      'a part of the input',
      'allow contains "x" if input.plan.changes.a with input.plan as {"changes": {"a": 1}}\n',
    ],
    ['data', 'allow contains "x" if data.lib.limit.a with data.lib.limit as {"a": 1}\n'],
    [
      'a comprehension inside',
      'allow contains "x" if count([c | some c in input.tfplan]) > 0 with input as {"tfplan": []}\n',
    ],
  ])('no false alarm under with: %s', async (_, text) => {
    const lib = 'package lib.prod\n\nimport rego.v1\n\nallow if input.resource_changes[_].type == "x"\n';
    const files = { 'p.rego': `package m0\n\n${text}` };
    expect(await lint(text.includes('data.lib[') ? { ...files, 'lib.rego': lib } : files)).toEqual([]);
  });

  it('checks what is read both with m0’s input and with another one, and the value that replaces it', async () => {
    const rego = `package m0

allow contains "x" if helper with input as {"finding": input.m0.finding}

deny contains "y" if helper

helper if input.finding
`;
    expect(await lint(rego)).toEqual([
      expect.stringContaining('p.rego:3: input.m0 has no key finding'),
      expect.stringContaining('p.rego:7: input has no key finding'),
    ]);
  });

  it('an action by its name, where it came from nowhere known', async () => {
    const rego = `package env0

has(list, item) { list[_] == item }

allow["update only"] {
  resource := data.resources[_]
  not has(resource.change.actions, "destroy")
}
`;
    expect(await lint(rego, 'v0')).toEqual([
      expect.stringMatching(/^p\.rego:7: Terraform never says the action "destroy"/),
    ]);
  });

  it.each([
    [
      'deny contains "x" if input.m0.drift\n\ndenies contains "y" if input.plan.x1',
      'p.rego:5: nothing reads denies: m0 asks deny, pending, allow, warn only; did you mean deny?',
    ],
    ['deny contains "x"\n\nviolation contains "y"', 'did you mean deny?'],
    ['deny contains "x"\n\napproved if input.m0.drift', 'did you mean allow?'],
    ['deny contains "x"\n\nneeds_review if input.m0.drift', 'did you mean pending?'],
    [
      'deny contains "x"\n\nis_tag(path) if startswith(path, "tags")',
      'nothing reads is_tag: m0 asks deny, pending, allow, warn only; use it',
    ],
  ])('a rule nobody reads: %s', async (text, said) => {
    expect((await lint(`package m0\n\n${text}\n`)).filter((w) => w.includes('nothing reads'))).toEqual([
      expect.stringContaining(said),
    ]);
  });

  it('an answer in a package that m0 does not ask', async () => {
    const warnings = await lint({
      'a.rego': 'package m0\n\nimport data.lib\n\ndeny contains msg if some msg in lib.violation\n',
      'lib.rego': 'package lib\n\nviolation contains "read by m0"\n',
      't.rego': 'package terraform\n\ndeny contains "unheard"\n\ndeny contains "too"\n\nhelper := 1\n',
      'sub.rego': 'package m0.sub\n\npending if input.m0.drift\n',
    });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^sub\.rego:3: m0 asks only packages env0 and m0, so it never reads m0\.sub\.pending/,
      ),
      expect.stringMatching(/^t\.rego:3: .*never reads terraform\.deny/),
    ]);
  });

  it.each([
    ['pending contains "approved by another user" if count(input.approvers) > 0', 'approved by another user'],
    [
      '# METADATA\n# title: Allow if approved\npending contains "x" if count(input.approvers) > 0',
      'Allow if approved',
    ],
    [
      'pending contains msg if {\n  count(input.approvers) > 0\n  msg := sprintf("auto-approved: %d", [1])\n}',
      'auto-approved: %d',
    ],
    ['pending contains {"msg": "OK to apply", "address": "a"} if count(input.approvers) > 0', 'OK to apply'],
  ])('a yes that waits: %s', async (text, said) => {
    expect(await lint(`package m0\n\n${text}\n`)).toEqual([
      expect.stringContaining(`${JSON.stringify(said)} sounds like a yes; write it as allow`),
    ]);
    expect(await lint(`package m0\n\n${text}\n\nallow contains "y" if input.m0.drift\n`)).toEqual([]);
  });

  it.each([
    [
      'v1',
      body(
        'input.policyData.anything.at.all',
        'input.policyConfiguration[_]',
        'some k, v in input.m0',
        'k == v',
      ),
    ],
    [
      'v1',
      body(
        'input.deploymentRequest.type in {"deploy", "destroy"}',
        'not input.deploymentRequest.triggerName in ["push", "cd"]',
        'input.template.type == "opentofu"',
        'some c in input.m0.changes',
        'c.kind == "output"',
      ),
    ],
    [
      'v1',
      body(
        'some c in input.plan.resource_changes',
        'c.change.after.origin == "manual"',
        'c.change.before.kind.x',
      ),
    ],
    ['v1', body('input.plan.resource_changes[_].change.actions[_] in {"delete", "destroy"}')],
    ['v1', body('input.plan.planned_values.root_module.resources[_].values.x == "destroy"')],
    ['v1', body('every action in ["create"] { input.plan.resource_changes[_].change.actions == [action] }')],
    [
      'v1',
      'package m0\n\npending contains "Allowed only after two people said yes" if count(input.approvers) < 2\n',
    ],
    ['v1', 'package m0\n\npending contains "not approved yet" if count(input.approvers) < 2\n'],
    ['v1', 'package m0\n\ndefault allow := false\n\nallow if ok\n\nok if input.m0.drift\n'],
    ['v1', body('findings := input.plan', 'findings.errored')],
    ['v1', body('x := data.settings', 'x.action == "destroyer"', 'action := "x"', 'action == "y"')],
    [
      'v1',
      `${body('data.other.allow with input as {"anything": 1}', 'f(input.m0.stack)')}\nf(x) if x.y == 1\n`,
    ],
    [
      'v0',
      'package env0\n\nhas_key(x, k) { _ = x[k] }\n\nallow[format(rego.metadata.rule())] { not has_key(input, "costEstimation") }\n\nformat(meta) := meta.description\n',
    ],
    [
      'v0',
      'package env0\n\nany_other[i] { input.approvers[j].email != input.approvers[i].email; i != j }\n\npending["x"] { some i; input.deployerUser.email == input.approvers[i].email; not any_other[i] }\n',
    ],
  ] as const)('no false alarm, %s: %s', async (syntax, text) => {
    expect(await lint(text, syntax)).toEqual([]);
  });

  it.each([
    ['package terraform\n\ndeny contains "x"\n', 'p.rego:3: m0 asks only packages env0 and m0'],
    ['package m0\n\nviolation contains "x"\n', 'p.rego:3: nothing reads violation: .*did you mean deny'],
    ['package lib\n\nhelper := 1\n', 'it could say nothing$'],
  ])('is part of the refusal where m0 would ask nothing: %s', async (text, said) => {
    await expect(compileFiles({ 'p.rego': text })).rejects.toThrow(new RegExp(said));
  });

  it('what only its tests read is read', async () => {
    expect(
      await lint({
        'p.rego': 'package m0\n\nallow contains "x"\n\nlimit := 3\n',
        'p_test.rego': 'package m0_test\n\nimport data.m0\n\ntest_limit if m0.limit == 3\n',
      }),
    ).toEqual([]);
  });

  it('none in the starter library', async () => {
    const names = (await readdir(SHIPPED, { withFileTypes: true })).filter((e) => e.isDirectory());
    expect(names.length).toBeGreaterThan(1);
    for (const { name } of names)
      expect([name, await lintDirectory(join(SHIPPED, name), 'v1')]).toEqual([name, []]);
  });
});

describe('notes', () => {
  it.each([
    ['pending if input.m0.drift', 1],
    ['deny contains "x"\n\ndefault allow := false', 1],
    ['warn contains "x"', 1],
    ['allow contains "x"', 0],
  ])('no allow rule: %s', async (text, count) => {
    const { opa } = await compiler();
    const file = { file: 'p.rego', text: `package m0\n\n${text}\n` };
    expect(notesOn(await parseFiles(opa, await scratch(), [file], 'v1'))).toHaveLength(count);
  });
});
