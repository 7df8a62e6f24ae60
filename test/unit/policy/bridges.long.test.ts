import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { PolicyMessage } from '../../../src/decisions/decision.ts';
import { lintPolicy } from '../../../src/policy/lint.ts';
import { parseFiles } from '../../../src/policy/parse.ts';
import type { PolicyQuestion } from '../../../src/ports/policy.ts';
import { DANA, KIM } from '../../support/runs.ts';
import {
  compileFiles,
  compiler,
  policies,
  policyRepository,
  question,
  scratch,
  source,
  verdicts,
} from './support.ts';

const PAGE = new URL('../../../docs/how-to/policies-of-other-systems.md', import.meta.url);
const BUCKET = 'aws_s3_bucket.logs';

/** The `n`th policy that the page shows under this heading. */
async function bridge(heading: string, n = 0): Promise<string> {
  const page = await readFile(PAGE, 'utf8');
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  const code = [...(section ?? '').matchAll(/^```rego\n([\s\S]*?)^```$/gm)][n]?.[1];
  if (code === undefined)
    throw new Error(`docs/how-to/policies-of-other-systems.md has no bridge ${n} for ${heading}`);
  return code;
}

function planOf(type: string, actions: readonly string[], after: unknown): PolicyQuestion['document'] {
  const change = { actions, before: {}, after };
  return {
    format_version: '1.2',
    terraform_version: '1.11.4',
    resource_changes: [{ address: BUCKET, mode: 'managed', type, name: 'logs', change }],
  };
}
const UPDATE = planOf('aws_s3_bucket', ['update'], { acl: 'public-read' });
const HARMLESS = planOf('aws_s3_bucket', ['no-op'], { acl: 'private' });

/** What a foreign policy answers through its bridge. */
async function ask(
  files: Readonly<Record<string, string>>,
  change: Partial<PolicyQuestion> = {},
): Promise<{ readonly said: readonly string[]; readonly verdicts: readonly string[] }> {
  const repository = await policyRepository(files);
  const asked = question([source(repository.url)], { document: UPDATE, ...change });
  const [answer] = await (await policies()).ask(asked);
  if (answer === undefined) throw new Error('no answer');
  const text = ({ rule, text, address }: PolicyMessage): string =>
    `${rule}${address === undefined ? '' : ` ${address}`}: ${text}`;
  const said = answer.outcome.ok ? answer.outcome.messages.map(text) : [`error: ${answer.outcome.error}`];
  return { said, verdicts: verdicts(asked, [answer]) };
}

async function refusalOf(files: Readonly<Record<string, string>>): Promise<string> {
  return compileFiles(files).then(
    () => 'compiled',
    (error: Error) => error.message,
  );
}

/** Policies as they are written for each system, in the old and the new syntax. */
const FOREIGN = {
  spacelift: `package spacelift

import future.keywords.in

drift { input.spacelift.run.drift_detection }

deny[sprintf("%s is public", [resource.address])] {
	resource := input.terraform.resource_changes[_]
	resource.change.after.acl == "public-read"
}

warn["a person looks at changes"] {
	drift
	"changed" in [change.action | change := input.spacelift.run.changes[_]]
	not endswith(input.spacelift.commit.author, "[bot]")
}

sample := true
`,
  spaceliftApproval: `package spacelift

approve { input.run.state != "UNCONFIRMED" }

approve {
	count(input.reviews.current.approvals) > 1
	count(input.reviews.current.rejections) == 0
}

reject { input.run.changes[_].entity.type == "aws_iam_user" }
`,
  conftest: `package main

import rego.v1

names := {"public-read"}

deny_public contains msg if {
	some resource in input.resource_changes
	resource.change.after.acl in names
	msg := {"msg": "no public buckets", "details": {"resource": resource.address}}
}

violation contains "changes" if input.resource_changes[_].change.actions != ["no-op"]

deny_all if input.terraform_version == "0.12.0"

warn_version contains "old Terraform" if startswith(input.terraform_version, "1.")

denying := "read by nobody"
`,
  hcp: `package terraform.policies.no_public

import input.plan as tfplan
import input.run as run

deny[msg] {
	resource := tfplan.resource_changes[_]
	resource.change.after.acl == "public-read"
	run.workspace.name != "sandbox"
	msg := sprintf("%s is public in %s", [resource.address, run.workspace.name])
}
`,
  hcpBoolean: `package terraform.policies.at_all

deny { input.plan.resource_changes[_].change.actions[_] != "no-op" }
`,
  scalr: `package terraform

import input.tfplan as tfplan
import input.tfrun as tfrun

deny[reason] {
	resource := tfplan.resource_changes[_]
	resource.change.after.acl == "public-read"
	not tfrun.is_destroy
	tfrun.created_by.username != "root"
	reason := sprintf("%q is public", [resource.address])
}

deny["nothing is planned at all"] { count(input.resource_changes) == 0 }
`,
} as const;

/** The shape of Regula: a library that runs rules with a resource as their input, and makes a report. */
const REGULA = {
  'lib/regula.rego': `package fugue.regula

resources[address] = resource {
	change := input.resource_changes[_]
	address := change.address
	resource := object.union(change.change.after, {"id": address, "_type": change.type})
}

allows(pkg, resource) = [a | a = data["rules"][pkg]["allow"] with input as resource]

report = {"rule_results": [result |
	type := data.rules[pkg].resource_type
	resource := resources[_]
	resource._type == type
	result := {
		"rule_name": pkg,
		"resource_id": resource.id,
		"rule_message": "",
		"rule_summary": object.get(object.get(data["rules"][pkg], "__rego__metadoc__", {}), "title", ""),
		"rule_result": outcome(allows(pkg, resource)),
	}
]}

outcome(results) = "PASS" { all(results); count(results) > 0 } else = "FAIL" { true }
`,
  'rules/private.rego': `package rules.private_buckets

__rego__metadoc__ := {"id": "X1", "title": "Buckets are private"}

resource_type = "aws_s3_bucket"

default allow = false

allow { input.acl == "private" }
`,
};

describe('a bridge of docs/how-to/policies-of-other-systems.md', () => {
  it('Spacelift: deny denies, warn asks a person until one has approved', async () => {
    const files = { 'm0.rego': await bridge('Spacelift'), 'p.rego': FOREIGN.spacelift };
    expect((await ask(files)).said).toEqual([
      `deny: ${BUCKET} is public`,
      'pending: a person looks at changes',
    ]);
    expect((await ask(files, { approvers: [DANA] })).said).toEqual([`deny: ${BUCKET} is public`]);
    expect(await ask(files, { document: HARMLESS })).toEqual({ said: [], verdicts: ['human'] });
  });

  it('Spacelift: approve allows, once there are enough approvals, and reject denies', async () => {
    const files = { 'm0.rego': await bridge('Spacelift', 1), 'p.rego': FOREIGN.spaceliftApproval };
    expect((await ask(files)).verdicts).toEqual(['human']);
    expect((await ask(files, { approvers: [DANA] })).said).toEqual([
      'pending: its Spacelift policy does not approve yet',
    ]);
    expect(await ask(files, { approvers: [DANA, KIM] })).toEqual({
      said: ['allow: approved by its Spacelift policy'],
      verdicts: ['auto'],
    });
    const user = planOf('aws_iam_user', ['create'], {});
    expect((await ask(files, { document: user, approvers: [DANA, KIM] })).verdicts).toEqual(['deny']);
  });

  it('conftest: every rule by the beginning of its name, with the plan as the input', async () => {
    const files = { 'm0.rego': await bridge('conftest'), 'p.rego': FOREIGN.conftest };
    expect((await ask(files)).said.toSorted()).toEqual([
      'deny: changes',
      'deny: no public buckets',
      'warn: old Terraform',
    ]);
    expect((await ask(files, { document: HARMLESS })).said).toEqual(['warn: old Terraform']);
    const old = { ...(HARMLESS as object), terraform_version: '0.12.0' };
    expect((await ask(files, { document: old })).said).toEqual(['deny: it says true']);
  });

  it('HCP Terraform: every package below terraform.policies, with plan and run', async () => {
    const files = {
      ...{ 'm0.rego': await bridge('HCP Terraform'), 'p.rego': FOREIGN.hcp },
      'q.rego': FOREIGN.hcpBoolean,
    };
    expect((await ask(files)).said.toSorted()).toEqual([
      `deny: ${BUCKET} is public in prod-network`,
      'deny: it says true',
    ]);
    expect((await ask(files, { document: HARMLESS })).said).toEqual([]);
  });

  it('Scalr: tfplan, tfrun, and the plan itself as the input', async () => {
    const files = { 'm0.rego': await bridge('Scalr'), 'p.rego': FOREIGN.scalr };
    expect((await ask(files)).said).toEqual([`deny: "${BUCKET}" is public`]);
    expect((await ask(files, { document: HARMLESS })).said).toEqual([]);
    const nothing = { format_version: '1.2', resource_changes: [] };
    expect((await ask(files, { document: nothing })).said).toEqual(['deny: nothing is planned at all']);
  });

  it('Regula: each failed rule denies for its resource', async () => {
    const files = { ...REGULA, 'm0.rego': await bridge('Regula') };
    expect(await ask(files)).toEqual({
      said: [`deny ${BUCKET}: private_buckets: Buckets are private`],
      verdicts: ['deny'],
    });
    expect((await ask(files, { document: HARMLESS })).said).toEqual([]);
  });
});

const CASES = [
  ['Spacelift', 'spacelift', 0, { 'p.rego': FOREIGN.spacelift }],
  ['Spacelift', 'spacelift', 1, { 'p.rego': FOREIGN.spaceliftApproval }],
  ['conftest', 'conftest', 0, { 'p.rego': FOREIGN.conftest }],
  ['HCP Terraform', 'hcp-terraform', 0, { 'p.rego': FOREIGN.hcp }],
  ['Scalr', 'scalr', 0, { 'p.rego': FOREIGN.scalr }],
  ['Regula', 'regula', 0, REGULA],
] as const;

describe.each(CASES)('a policy for %s (%s, bridge %i)', (name, anchor, n, files) => {
  it('is refused with the section to read and a file that works', async () => {
    const refusal = await refusalOf(files);
    expect(refusal).toContain(
      `it looks like a policy for ${name}: docs/how-to/policies-of-other-systems.md#${anchor} has the bridge`,
    );
    const page = await readFile(PAGE, 'utf8');
    const anchors = [...page.matchAll(/^## (.+)$/gm)].map((m) =>
      String(m[1]).toLowerCase().replaceAll(' ', '-'),
    );
    expect(anchors).toContain(anchor);
    const file = refusal.slice(refusal.lastIndexOf('package m0\n'));
    expect(file.split('\n')).toHaveLength(3);
    expect(await refusalOf({ ...files, 'm0.rego': file })).toBe('compiled');
  });

  it('gets no warning beside its bridge, because what it reads is not m0’s input', async () => {
    const all = { ...files, 'm0.rego': await bridge(name, n) };
    const compiled = await compileFiles(all);
    expect(compiled.leftOut).toEqual([]);
    const texts = Object.entries(all).map(([file, text]) => ({ file, text }));
    const parsed = await parseFiles((await compiler()).opa, await scratch(), texts, compiled.syntax);
    const alone = parsed.filter((f) => f.file !== 'm0.rego');
    const warnings = lintPolicy(parsed, []).map((w) => `${w.file}:${w.line}: ${w.text}`);
    expect(warnings).toEqual([]);
    // The same rules are warned about where m0's input is what they get.
    expect(lintPolicy(alone, []).length).toBeGreaterThan(0);
  });
});
