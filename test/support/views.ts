/** Builders of the views that cards are made of, with a fixed clock (Wednesday 15 July 2026, 14:12 in Berlin). */
import type { Reason } from '../../src/decisions/decision.ts';
import type { AttributeDrift, Finding, ShownValue } from '../../src/drift/finding.ts';
import type { Block, Button, Card, Span, Words } from '../../src/messages/card.ts';
import type {
  DriftView,
  FailureView,
  FindingStatus,
  FindingView,
  PartView,
  PersonName,
} from '../../src/messages/view.ts';
import type { CodeVersion } from '../../src/model/code-version.ts';
import type { Codification } from '../../src/model/codification.ts';
import { countStates, STACK_STATES, type StateCounts } from '../../src/model/overview.ts';
import { type Actor, RUN_STATES, type RunState } from '../../src/model/run.ts';
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

/** The hotfix on its way into the code: asked by Dana, proven and open as PR #118. */
export function sampleCodification(change: Partial<Codification> = {}): Codification {
  const branch = 'm0/prod-network/3f2a91c0';
  const git = 'https://git.acme.dev/infra.git';
  return {
    ...{ id: 1, stack: 'prod-network', state: 'open', version: 5, address: 'aws_security_group.web' },
    ...{ fingerprint: 'a'.repeat(64), run: 42, alert: 1, by: actor(DANA), at: NOW - 9 * MINUTE },
    ...{
      updatedAt: NOW - 6 * MINUTE,
      confirmed: false,
      branch,
      base: CODE.commit,
      commit: 'ed17'.repeat(10),
    },
    edits: [{ file: 'main.tf', line: 41, says: 'adds the rule to web (main.tf:41)' }],
    patch: [
      'diff --git a/main.tf b/main.tf',
      '--- a/main.tf',
      '+++ b/main.tf',
      '@@ -41,3 +41,9 @@ resource "aws_security_group" "web" {',
      '   }',
      '+  ingress {',
      '+    from_port   = 22',
      '+    to_port     = 22',
      '+    protocol    = "tcp"',
      '+    cidr_blocks = ["203.0.113.7/32"]',
      '+  }',
      ' }',
    ].join('\n'),
    proof: [{ stack: 'prod-network', before: 1, after: 0, against: [] }],
    unwritable: null,
    pullRequest: {
      ...{ kind: 'github', git, base: 'main', branch, number: 118 },
      url: 'https://github.com/acme/infra/pull/118',
    },
    ...{ mergedBy: null, mergedAt: null, why: null, asks: false, trouble: null, tries: 0, dueAt: NOW },
    ...change,
  };
}

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

/** What waits, as independent parts: what is deleted or replaced is apart from the rest. */
export function partsOfView(findings: readonly FindingView[]): readonly PartView[] {
  const waiting = findings.filter(({ status }) => ['waits', 'unknown', 'heals'].includes(status.type));
  const lost = waiting.filter(({ finding: { action } }) => action === 'delete' || action === 'replace');
  const rest = waiting.filter((one) => !lost.includes(one));
  const groups = [
    ...(rest.length > 0 ? [rest] : []),
    ...(lost.length > 3 ? [lost] : lost.map((one) => [one])),
  ];
  return groups.map((group, i) => ({
    findings: group,
    fingerprint: `${i}a1b2c3d${'0'.repeat(56)}`,
    need: 1,
    approvedBy: [],
  }));
}

export function driftView(over: Partial<DriftView> = {}): DriftView {
  return {
    stack: 'prod-network',
    environment: 'prod',
    runId: 42,
    state: 'awaiting_approval',
    parts: partsOfView(over.findings ?? []),
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

/** A text, or the text of its spans. */
export function wordsText(words: Words): string {
  return typeof words === 'string' ? words : words.map(spanText).join('');
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
      return [`${block.mark} ${block.address} | ${wordsText(block.status)}`, ...rows].join('\n');
    }
    case 'facts':
      return block.facts.map((f) => `${f.label}: ${f.spans.map(spanText).join('')}`).join('\n');
    case 'buttons':
      return block.buttons.map((b) => `[${b.label}]`).join(' ');
    case 'divider':
      return '---';
    case 'picture':
      return `(picture: ${block.alt})`;
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
    { type: 'codified', by },
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

/** The item, now and then with a brake. */
function randomBraked(random: Random, of: FindingView): FindingView {
  const { address, fingerprint } = of.finding;
  if (random.chance(0.8)) return of;
  if (random.chance(0.3))
    return { ...of, brake: { address, fingerprint, why: 'limit', environment: 'prod', limit: 20 } };
  const heals = some(random, 9, (i) => ({
    ...{ at: NOW - (10 - i) * HOUR, byPolicy: true, run: i },
    seenAgainAt: random.chance(0.2) ? null : NOW - (10 - i) * HOUR + MINUTE,
  }));
  return { ...of, brake: { address, fingerprint, why: 'again', heals } };
}

/** A random view, also one that no run can produce. */
export function randomView(random: Random): DriftView {
  const findings = some(random, random.chance(0.1) ? 80 : 6, (i) =>
    randomBraked(
      random,
      item(randomFinding(random, i), randomStanding(random), ...some(random, 4, () => randomReason(random))),
    ),
  );
  return driftView({
    stack: random.pick(['prod-network', 's', 'a-stack-with-a-very-long-name'.repeat(8)]),
    runId: 1 + random.int(100_000),
    state: random.pick(Object.keys(RUN_STATES) as RunState[]),
    alert: random.pick(['open', 'resolved', 'superseded']),
    outcome: random.chance(0.5) ? null : random.pick([...HOSTILE, 'the drift is gone']),
    parts: random.chance(0.5) ? [] : partsOfView(findings),
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
    ...(random.chance(0.7)
      ? {}
      : {
          pauses: some(random, 6, () => ({
            target: random.pick(['prod', '*', 'prod-*', 'stack:prod-network']),
            ...{
              by: randomNamed(random),
              at: NOW - MINUTE,
              reason: random.pick(HOSTILE),
              stacks: ['prod-network'],
            },
          })),
        }),
    lock: random.chance(0.7)
      ? null
      : { who: random.pick(HOSTILE), id: random.pick(HOSTILE), since: null, times: 1, retryAt: NOW },
    interrupted: random.chance(0.7) ? null : random.int(100_000),
    rejectedBy: random.chance(0.7) ? null : actor(randomNamed(random)),
    confirm: random.chance(0.5),
  });
}

/** The counts of stacks by state; what is not given is 0. */
export function countsOf(change: Partial<StateCounts>): StateCounts {
  const none = { ...countStates([]), ...change };
  return { ...none, total: STACK_STATES.reduce((sum, state) => sum + none[state], 0) };
}
