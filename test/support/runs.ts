/** Sample people, findings, decisions and runs. */
import type { Decision, Verdict } from '../../src/decisions/decision.ts';
import type { Finding } from '../../src/drift/finding.ts';
import { type CodeVersion, type StackInputs, sourceId } from '../../src/model/code-version.ts';
import type { Exemption } from '../../src/model/exemption.ts';
import type { Actor, Run } from '../../src/model/run.ts';
import { newRun } from '../../src/runs/effects.ts';
import type { Planned } from '../../src/runs/run-event.ts';
import { plannedFrom, withChange } from './planned-changes.ts';

export const NOON = Date.parse('2026-03-02T12:00:00Z');

export const DANA: Actor = { person: 'dana', platform: 'slack', userId: 'U0DANA', name: 'Dana' };
export const KIM: Actor = { person: 'kim', platform: 'slack', userId: 'U0KIM', name: 'Kim' };

export const CODE: CodeVersion = {
  repository: 'https://git.acme.dev/infra.git',
  ref: 'main',
  commit: '9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c',
  author: 'Kim',
  authorEmail: 'kim@acme.dev',
  committedAt: NOON - 86_400_000,
  subject: 'raise log retention',
};

/** The code with its inputs, as a plan tells them: each commit changes them, unless `digest` says otherwise. */
export function withInputs(
  code: CodeVersion,
  source: { readonly git: string; readonly path: string },
  inputs: Partial<StackInputs> = code.inputs ?? {},
): CodeVersion {
  const { author: name, authorEmail: email } = code;
  return {
    ...code,
    inputs: {
      ...{ digest: `inputs of ${code.commit}`, source: sourceId(source), whole: false, touched: null },
      ...{ authors: [{ name, email }], ...inputs },
    },
  };
}

/** A finding: a tag was removed manually, and an update restores it. */
export function tagFinding(address = 'aws_s3_bucket.logs', value = 'platform'): Finding {
  return withChange({
    address,
    type: 'aws_s3_bucket',
    origin: 'cloud',
    action: 'update',
    actionable: true,
    attributes: [
      {
        path: 'tags.Owner',
        origin: 'cloud',
        kind: 'removed',
        recorded: value,
        actual: null,
        desired: value,
        sensitive: false,
      },
    ],
    fingerprint: `f2:tag-${address}-${value}`,
  });
}

/** A finding: a rule was added manually to a security group. */
export function sshFinding(cidr = '203.0.113.7/32'): Finding {
  return withChange({
    address: 'aws_security_group.web',
    type: 'aws_security_group',
    origin: 'cloud',
    action: 'update',
    actionable: true,
    attributes: [
      {
        path: 'ingress[*]',
        origin: 'cloud',
        kind: 'added',
        recorded: null,
        actual: { protocol: 'tcp', from_port: 22, to_port: 22, cidr_blocks: [cidr], description: 'hotfix' },
        desired: null,
        sensitive: false,
      },
    ],
    fingerprint: `f2:ssh-${cidr}`,
  });
}

export function planned(findings: readonly Finding[]): Planned {
  return {
    code: CODE,
    plan: { artifact: 'plan-1', madeAt: NOON, targets: null, touches: [] },
    ...plannedFrom(findings),
    outputs: [],
    counts: {
      findings: findings.length,
      cloud: findings.length,
      code: 0,
      both: 0,
      create: 0,
      update: findings.length,
      delete: 0,
      replace: 0,
      noise: 0,
    },
    fingerprint: findings.map((f) => f.fingerprint).join(),
  };
}

/** A decision with these verdicts by address; all other findings wait for approval. */
export function decision(
  findings: readonly Finding[],
  verdicts: Readonly<Record<string, Verdict>>,
): Decision {
  return {
    findings: findings.map((f) => ({
      address: f.address,
      fingerprint: f.fingerprint,
      verdict: verdicts[f.address] ?? 'human',
      reasons: [{ policy: 'tags-auto', commit: 'a1b2c3d4', rule: 'allow', text: 'metadata only' }],
    })),
    warnings: [],
    bundles: { 'tags-auto': 'a1b2c3d4' },
  };
}

export function run(change: Partial<Run> = {}): Run {
  return {
    id: 42,
    ...newRun({ name: 'prod-network', environment: 'prod' }, 'schedule', DANA, null, NOON),
    ...change,
  };
}

/** A run in the given state, with a plan and a decision. */
export function decidedRun(
  state: Run['state'],
  findings: readonly Finding[],
  verdicts: Readonly<Record<string, Verdict>> = {},
  change: Partial<Run> = {},
): Run {
  return run({ state, ...planned(findings), decision: decision(findings, verdicts), ...change });
}

export function exemption(change: Partial<Exemption> = {}): Exemption {
  return {
    id: 1,
    kind: 'snooze',
    stack: 'prod-network',
    address: null,
    fingerprint: null,
    until: NOON + 3_600_000,
    by: DANA,
    at: NOON,
    reason: 'vendor needs it',
    runId: 42,
    endedBy: null,
    endedAt: null,
    ...change,
  };
}
