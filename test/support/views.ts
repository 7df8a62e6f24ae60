/** Builders of the views that cards are made of, with a fixed clock (Wednesday 15 July 2026, 14:12 in Berlin). */
import type { Reason } from '../../src/decisions/decision.ts';
import type { AttributeDrift, Finding, ShownValue } from '../../src/drift/finding.ts';
import type { Block, Button, Card, Span } from '../../src/messages/card.ts';
import type {
  DriftView,
  FailureView,
  FindingStatus,
  FindingView,
  PersonName,
} from '../../src/messages/view.ts';
import { type Actor, type CodeVersion, RUN_STATES, type RunState } from '../../src/model/run.ts';
import type { Random } from './random.ts';

export const NOW = Date.parse('2026-07-15T12:12:00Z');
export const ZONE = 'Europe/Berlin';
export const HOUR = 3_600_000;
export const MINUTE = 60_000;

export const DANA: PersonName = { person: 'dana', name: 'Dana' };
export const KIM: PersonName = { person: 'kim', name: 'Kim' };

export function actor(who: PersonName): Actor {
  return { person: who.person, platform: 'slack', userId: `U-${who.name}`, name: who.name };
}

export const CODE: CodeVersion = {
  repository: 'https://git.acme.dev/infra.git',
  ref: 'main',
  commit: '9f8e7d6c5b4a39281706f5e4d3c2b1a098765432',
  author: 'Kim',
  authorEmail: 'kim@acme.dev',
  committedAt: NOW - 26 * HOUR,
  subject: 'raise log retention',
};

/** An attribute changed in the cloud; the code still has the recorded value. */
export function byHand(path: string, recorded: ShownValue, actual: ShownValue): AttributeDrift {
  const kind = recorded === null ? 'added' : actual === null ? 'removed' : 'changed';
  return { path, origin: 'cloud', kind, recorded, actual, desired: recorded, sensitive: false };
}

/** An attribute changed in the code. */
export function byCode(path: string, recorded: ShownValue, desired: ShownValue): AttributeDrift {
  const kind = recorded === null ? 'added' : desired === null ? 'removed' : 'changed';
  return { path, origin: 'code', kind, recorded, actual: recorded, desired, sensitive: false };
}

let made = 0;

export function finding(address: string, over: Partial<Finding> = {}): Finding {
  made += 1;
  return {
    address,
    type: address.split('.')[0] ?? address,
    origin: 'cloud',
    action: 'update',
    actionable: true,
    attributes: [],
    fingerprint: made.toString(16).padStart(64, '0'),
    ...over,
  };
}

/** A finding: a bucket whose tags were removed manually. */
export function tagsFinding(): Finding {
  return finding('aws_s3_bucket.logs', {
    attributes: [byHand('tags.CostCenter', '42', null), byHand('tags.Owner', 'platform', null)],
  });
}

export const SSH_RULE = { from_port: 22, to_port: 22, protocol: 'tcp', cidr_blocks: ['203.0.113.7/32'] };

/** A finding: a security group with a manual hotfix. */
export function hotfixFinding(): Finding {
  return finding('aws_security_group.web', { attributes: [byHand('ingress[*]', null, SSH_RULE)] });
}

export const COMMIT = 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334';

export const TAGS_AUTO: Reason = {
  policy: 'tags-auto',
  commit: COMMIT,
  rule: 'allow',
  text: 'metadata only',
};
export const NETWORK_HUMAN: Reason = {
  policy: 'network-human',
  commit: COMMIT,
  rule: 'pending',
  text: 'security group',
};

export function item(of: Finding, status: FindingStatus, ...reasons: readonly Reason[]): FindingView {
  return { finding: of, status, reasons };
}

export function driftView(over: Partial<DriftView> = {}): DriftView {
  return {
    stack: 'prod-network',
    environment: 'prod',
    runId: 42,
    state: 'awaiting_approval',
    waitingFingerprint: `0a1b2c3d${'0'.repeat(56)}`,
    alert: 'open',
    outcome: null,
    now: NOW,
    zone: ZONE,
    firstSeenAt: NOW - 10 * MINUTE,
    seenCount: 1,
    code: CODE,
    findings: [],
    unaffected: [],
    outputs: [],
    beside: [],
    alongside: [],
    warnings: [],
    approvals: [],
    approvers: { need: 1, groups: ['sre', 'oncall:primary'], onCall: [DANA] },
    asked: [],
    moved: null,
    failure: null,
    lock: null,
    interrupted: null,
    rejectedBy: null,
    confirm: true,
    ...over,
  };
}

export function failureView(over: Partial<FailureView> = {}): FailureView {
  return {
    stack: 'prod-db',
    environment: 'prod',
    runId: 43,
    failure: { phase: 'planning', message: 'reading S3 state: AccessDenied for role m0-plan' },
    since: NOW - 72 * MINUTE,
    times: 3,
    lastGoodAt: NOW - 132 * MINUTE,
    now: NOW,
    zone: ZONE,
    resolvedAt: null,
    ...over,
  };
}

export function spanText(span: Span): string {
  switch (span.type) {
    case 'person':
      return span.name;
    case 'time':
      return `<${span.style} ${new Date(span.at).toISOString().slice(11, 16)}>`;
    default:
      return span.text;
  }
}

function blockText(block: Block): string {
  switch (block.type) {
    case 'line':
    case 'context':
    case 'outcome':
      return block.spans.map(spanText).join('');
    case 'finding': {
      const rows = block.rows.map((r) => {
        if (r.kind === 'change') return `  ~ ${r.label}: ${r.before} → ${r.after}`;
        if (r.kind === 'lines') {
          const lines = r.lines.map(({ sign, text }) => `    ${sign} ${text}`);
          return [`  ~ ${r.label}: ${r.about}`, ...lines].join('\n');
        }
        return `  ${{ add: '+', del: '-', same: ' ', note: '·' }[r.kind]} ${r.label}: ${r.value}`;
      });
      return [`${block.mark} ${block.address} | ${block.status}`, ...rows].join('\n');
    }
    case 'facts':
      return block.facts.map((f) => `${f.label}: ${f.spans.map(spanText).join('')}`).join('\n');
    case 'buttons':
      return block.buttons.map((b) => `[${b.label}]`).join(' ');
    case 'divider':
      return '---';
  }
}

/** The text of a card, for assertions. */
export function cardText(card: Card): string {
  return [card.headline, ...card.blocks.map(blockText)].join('\n');
}

export function buttonsOf(card: Card): readonly Button[] {
  return card.blocks.flatMap((b) => (b.type === 'buttons' ? b.buttons : []));
}

const HOSTILE = [
  '<!channel> <@U123> *bold* [x](http://evil)',
  '\u202eevil\u202c',
  'x'.repeat(5000),
  'line\nbreak\r\nthird',
  '',
  '😀'.repeat(200),
  '`code` ``` ',
  '{"a": [1, 2, {"b": null}]}',
];

const VALUES: readonly ShownValue[] = [
  ...HOSTILE,
  ...[null, 0, 7, 30, true, false, 'platform', [], {}, [1, 2], { a: { b: 'c' } }, SSH_RULE],
  { sensitive: true },
  { unknown: true },
];

function randomAttribute(random: Random, i: number): AttributeDrift {
  const path = random.pick([`tags.K${i}`, 'ingress[*]', `versioning[0].x${i}`, `policy`, `["a.b/${i}"]`]);
  const values = {
    recorded: random.pick(VALUES),
    actual: random.pick(VALUES),
    desired: random.pick(VALUES),
  };
  const shape = {
    origin: random.pick(['cloud', 'code', 'both'] as const),
    kind: random.pick(['added', 'removed', 'changed'] as const),
  };
  return {
    path,
    ...shape,
    ...values,
    sensitive: random.chance(0.1),
    ...(random.chance(0.2) ? { json: [{ path: 'Statement[0].Action', kind: shape.kind, ...values }] } : {}),
    ...(random.chance(0.1) ? { forcesReplacement: true } : {}),
  };
}

function randomFinding(random: Random, i: number): Finding {
  const key = random.chance(0.3) ? `["${random.pick(['a b', 'x]y', 'é', '😀'])}"]` : '';
  return finding(`${random.chance(0.3) ? 'module.m[0].' : ''}aws_thing.n${i}${key}`, {
    origin: random.pick(['cloud', 'code', 'both']),
    action: random.pick(['create', 'update', 'delete', 'replace', 'forget', 'none']),
    attributes: Array.from({ length: random.int(random.chance(0.1) ? 60 : 6) }, (_, n) =>
      randomAttribute(random, n),
    ),
    ...(random.chance(0.1) ? { previousAddress: 'aws_thing.old' } : {}),
    ...(random.chance(0.1) ? { deletedByHand: true } : {}),
  });
}

function randomNamed(random: Random): PersonName {
  return random.pick([DANA, KIM, { person: null, name: random.pick(HOSTILE) }]);
}

function randomStanding(random: Random): FindingStatus {
  const by = randomNamed(random);
  const reason = random.pick([...HOSTILE, 'vendor needs SSH']);
  return random.pick<FindingStatus>([
    { type: 'heals' },
    { type: 'waits' },
    { type: 'denied' },
    { type: 'approved', by: [by] },
    { type: 'applying' },
    {
      type: 'realigned',
      by: random.chance(0.5) ? [] : [by],
      at: NOW - 9 * MINUTE,
      verifiedAt: random.chance(0.5) ? NOW : null,
    },
    { type: 'snoozed', by, until: random.chance(0.5) ? null : NOW + 100 * HOUR, reason },
    { type: 'accepted', by, at: NOW - 400 * HOUR, reason },
    { type: 'rejected', by, reason: random.chance(0.5) ? null : reason },
    { type: 'unknown' },
  ]);
}

function randomReason(random: Random): Reason {
  return {
    policy: random.chance(0.2) ? null : random.pick(['tags-auto', 'network-human']),
    commit: random.chance(0.3) ? null : COMMIT,
    rule: random.pick(['deny', 'pending', 'allow', 'warn', 'error', 'silent', 'm0']),
    text: random.pick([...HOSTILE, 'security group']),
  };
}

function some<T>(random: Random, most: number, make: (i: number) => T): readonly T[] {
  return Array.from({ length: random.int(most + 1) }, (_, i) => make(i));
}

/** A random view, also one that no run can produce. */
export function randomView(random: Random): DriftView {
  const findings = some(random, random.chance(0.1) ? 80 : 6, (i) =>
    item(randomFinding(random, i), randomStanding(random), ...some(random, 4, () => randomReason(random))),
  );
  return driftView({
    stack: random.pick(['prod-network', 's', 'a-stack-with-a-very-long-name'.repeat(8)]),
    runId: 1 + random.int(100_000),
    state: random.pick(Object.keys(RUN_STATES) as RunState[]),
    alert: random.pick(['open', 'resolved', 'superseded']),
    outcome: random.chance(0.5) ? null : random.pick([...HOSTILE, 'the drift is gone']),
    waitingFingerprint: random.chance(0.5) ? null : 'ab'.repeat(32),
    firstSeenAt: NOW - random.int(1e9),
    seenCount: random.int(20),
    code: random.chance(0.2)
      ? null
      : { ...CODE, subject: random.pick(HOSTILE), author: random.pick(HOSTILE) },
    findings,
    unaffected: some(random, 8, (i) => ({
      ...randomFinding(random, i),
      ...(random.chance(0.4) ? { ignored: random.pick(HOSTILE) } : {}),
    })),
    outputs: some(random, 8, (i) => ({ name: `o${i}`, action: 'update', sensitive: random.chance(0.5) })),
    warnings: some(random, 3, () => randomReason(random)),
    approvals: some(random, 2, () => ({ by: randomNamed(random), at: NOW - MINUTE })),
    approvers: {
      need: 1 + random.int(3),
      groups: some(random, 2, () => random.pick(['sre', 'oncall:primary', 'dev'])),
      onCall: some(random, 2, () => randomNamed(random)),
    },
    asked: some(random, 2, () => ({ who: randomNamed(random), at: NOW - MINUTE })),
    moved: random.chance(0.7)
      ? null
      : {
          approvedBy: some(random, 2, () => actor(randomNamed(random))),
          approvedAt: NOW - 7 * MINUTE,
          before: some(random, 8, (i) => randomFinding(random, i)),
          after: some(random, 8, (i) => randomFinding(random, i)),
          also: some(random, 3, () => 'code 9f8e7d6 → 1c2d3e4'),
        },
    emptied: random.chance(0.7)
      ? null
      : { resources: random.int(5_000), run: random.int(100), at: NOW - MINUTE },
    checks: some(random, 5, () => ({
      address: random.pick(HOSTILE),
      kind: random.pick(['check', 'resource', 'output_value']),
      status: random.pick(['fail', 'error'] as const),
      problems: some(random, 4, () => random.pick(HOSTILE)),
    })),
    failure: random.chance(0.7) ? null : { phase: 'applying', message: random.pick(HOSTILE) },
    lock: random.chance(0.7)
      ? null
      : { who: random.pick(HOSTILE), id: random.pick(HOSTILE), since: null, times: 1, retryAt: NOW },
    interrupted: random.chance(0.7) ? null : random.int(100_000),
    rejectedBy: random.chance(0.7) ? null : actor(randomNamed(random)),
    confirm: random.chance(0.5),
  });
}
