import { describe, expect, it } from 'vitest';
import {
  decide,
  POLICY_RULES,
  type PolicyAnswer,
  type PolicyMessage,
  type RealignMode,
} from '../../../src/decisions/decision.ts';
import type { Finding } from '../../../src/drift/finding.ts';
import { type Random, seeded } from '../../support/random.ts';
import { sshFinding, tagFinding } from '../../support/runs.ts';

const FINDINGS: readonly Finding[] = [
  tagFinding('aws_s3_bucket.a'),
  tagFinding('aws_s3_bucket.b'),
  sshFinding(),
  { ...tagFinding('aws_s3_bucket.ignored'), actionable: false },
];
const ADDRESSES = [...FINDINGS.map((f) => f.address), 'aws_s3_bucket.elsewhere'];

function answer(
  change: Partial<PolicyAnswer> & { readonly messages?: readonly PolicyMessage[] },
): PolicyAnswer {
  const { messages = [], ...rest } = change;
  return { policy: 'p', mode: 'decide', commit: 'a1b2', outcome: { ok: true, messages }, ...rest };
}

function randomAnswer(random: Random, index: number): PolicyAnswer {
  const messages = Array.from({ length: random.int(4) }, (_, i): PolicyMessage => {
    // Mostly allow, because few random cases would otherwise lead to `auto`.
    const rule = random.chance(0.6) ? 'allow' : random.pick(POLICY_RULES);
    const text = `${rule} ${i}`;
    return random.chance(0.4) ? { rule, text, address: random.pick(ADDRESSES) } : { rule, text };
  });
  return {
    policy: `p${index}`,
    mode: random.chance(0.3) ? 'guardrail' : 'decide',
    commit: random.chance(0.9) ? 'a1b2' : null,
    ...(random.chance(0.15) ? { stale: { id: 'f00d', error: 'refused', since: 0 } } : {}),
    outcome: random.chance(0.1) ? { ok: false, error: 'took longer than 2 s' } : { ok: true, messages },
  };
}

/** The conditions for `auto`, written a second time in another way. */
function mayBeAuto(answers: readonly PolicyAnswer[], address: string): boolean {
  const rules = (a: PolicyAnswer): readonly string[] =>
    a.outcome.ok
      ? a.outcome.messages.filter((m) => m.address === undefined || m.address === address).map((m) => m.rule)
      : ['error'];
  const deciders = answers.filter((a) => a.mode === 'decide');
  if (answers.some((a) => a.stale !== undefined)) return false;
  const objects = answers.some((a) => rules(a).some((r) => r === 'deny' || r === 'pending' || r === 'error'));
  return !objects && deciders.length > 0 && deciders.every((a) => rules(a).includes('allow'));
}

describe('a policy whose newest commit is refused', () => {
  const stale = { id: 'f00d', error: 'commit f00d is refused', since: 0 };
  const texts = (change: Partial<PolicyAnswer>): readonly string[] =>
    decide(FINDINGS, [answer({ stale, ...change })], 'policy').findings[0]?.reasons.map((r) => r.text) ?? [];

  it('says once that no commit was ever good', () => {
    const outcome = { ok: false as const, error: stale.error };
    expect(texts({ commit: null, outcome })).toEqual(['commit f00d is refused']);
  });

  it('says both where the last good commit was asked and failed', () => {
    expect(texts({ outcome: { ok: false, error: 'took longer than 2 s' } })).toEqual([
      'commit f00d is refused (the last good commit was asked, and a person decides)',
      'took longer than 2 s',
    ]);
  });
});

describe('over many random answers', () => {
  const random = seeded(20260302);
  const cases = Array.from({ length: 5000 }, () => ({
    answers: Array.from({ length: random.int(4) }, (_, i) => randomAnswer(random, i)),
    realign: random.chance(0.8) ? 'policy' : random.pick<RealignMode>(['policy', 'ask', 'never']),
    forced: random.chance(0.1) ? 'somebody stopped an apply' : undefined,
  }));

  it('auto needs an allow from every deciding policy, and nothing stricter from any policy', () => {
    const seen = { auto: 0, human: 0, deny: 0 };
    for (const { answers, realign, forced } of cases) {
      for (const found of decide(FINDINGS, answers, realign, forced).findings) {
        const auto = mayBeAuto(answers, found.address) && realign === 'policy' && forced === undefined;
        expect(found.verdict === 'auto', JSON.stringify({ answers, realign, forced, found })).toBe(auto);
        seen[found.verdict]++;
      }
    }
    // Each verdict must occur, otherwise the test above proves nothing.
    expect(Math.min(seen.auto, seen.human, seen.deny)).toBeGreaterThan(500);
  });

  it('one more policy never makes a verdict milder', () => {
    const strictness = { auto: 0, human: 1, deny: 2 };
    for (const { answers, realign, forced } of cases) {
      const before = decide(FINDINGS, answers, realign, forced).findings;
      const extra = randomAnswer(random, 9);
      // Without a deciding policy, the first one may make `auto` possible.
      if (!answers.some((a) => a.mode === 'decide')) continue;
      const after = decide(FINDINGS, [...answers, extra], realign, forced).findings;
      for (const [i, found] of after.entries()) {
        const was = before[i]?.verdict ?? 'deny';
        expect(strictness[found.verdict]).toBeGreaterThanOrEqual(strictness[was]);
      }
    }
  });

  it('the order of the policies has no effect', () => {
    for (const { answers, realign, forced } of cases) {
      const one = decide(FINDINGS, answers, realign, forced).findings.map((f) => f.verdict);
      const two = decide(FINDINGS, answers.toReversed(), realign, forced).findings.map((f) => f.verdict);
      expect(two).toEqual(one);
    }
  });

  it('every verdict but auto has a reason', () => {
    for (const { answers, realign, forced } of cases) {
      for (const found of decide(FINDINGS, answers, realign, forced).findings) {
        if (found.verdict !== 'auto') expect(found.reasons).not.toEqual([]);
      }
    }
  });
});

const ALLOW: PolicyMessage = { rule: 'allow', text: 'fine' };

describe('decide', () => {
  it.each<[string, readonly PolicyAnswer[], RealignMode, string]>([
    ['no policy', [], 'policy', 'human'],
    ['allow', [answer({ messages: [ALLOW] })], 'policy', 'auto'],
    ['silence', [answer({})], 'policy', 'human'],
    ['only a guardrail, silent', [answer({ mode: 'guardrail' })], 'policy', 'human'],
    ['only a guardrail that allows', [answer({ mode: 'guardrail', messages: [ALLOW] })], 'policy', 'human'],
    ['allow beside silence', [answer({ messages: [ALLOW] }), answer({ policy: 'q' })], 'policy', 'human'],
    [
      'allow beside a silent guardrail',
      [answer({ messages: [ALLOW] }), answer({ policy: 'q', mode: 'guardrail' })],
      'policy',
      'auto',
    ],
    ['allow and pending', [answer({ messages: [ALLOW, { rule: 'pending', text: 'w' }] })], 'policy', 'human'],
    ['allow and deny', [answer({ messages: [ALLOW, { rule: 'deny', text: 'n' }] })], 'policy', 'deny'],
    ['only a warning', [answer({ messages: [{ rule: 'warn', text: 'w' }] })], 'policy', 'human'],
    ['an error', [answer({ outcome: { ok: false, error: 'e' } })], 'policy', 'human'],
    [
      'an error of a guardrail',
      [answer({ messages: [ALLOW] }), answer({ mode: 'guardrail', outcome: { ok: false, error: 'e' } })],
      'policy',
      'human',
    ],
    ['allow, but realign: ask', [answer({ messages: [ALLOW] })], 'ask', 'human'],
    ['allow, but realign: never', [answer({ messages: [ALLOW] })], 'never', 'deny'],
  ])('%s', (_name, answers, realign, verdict) => {
    expect(decide([tagFinding()], answers, realign).findings[0]?.verdict).toBe(verdict);
  });

  it('a plan that is only told is denied, whatever policies allow, with the reason', () => {
    const allowed = [answer({ messages: [ALLOW] })];
    const [finding] = decide([tagFinding()], allowed, 'policy', undefined, 'values are made up').findings;
    expect(finding?.verdict).toBe('deny');
    expect(finding?.reasons.at(-1)).toMatchObject({ rule: 'm0', text: 'values are made up' });
  });

  it('a message with an address counts for that finding only', () => {
    const messages: PolicyMessage[] = [
      { ...ALLOW, address: 'aws_s3_bucket.a' },
      ALLOW,
      { rule: 'pending', text: 'wait', address: 'aws_security_group.web' },
    ];
    const decision = decide(FINDINGS, [answer({ messages })], 'policy');
    expect(decision.findings.map((f) => [f.address, f.verdict])).toEqual([
      ['aws_s3_bucket.a', 'auto'],
      ['aws_s3_bucket.b', 'auto'],
      ['aws_security_group.web', 'human'],
    ]);
  });

  it('the decision contains warnings and the commits in use', () => {
    const decision = decide(
      [tagFinding()],
      [
        answer({ messages: [ALLOW, { rule: 'warn', text: 'old provider' }] }),
        answer({ policy: 'q', commit: null, outcome: { ok: false, error: 'gone' } }),
      ],
      'policy',
    );
    expect(decision.warnings.map((w) => w.text)).toEqual(['old provider']);
    expect(decision.bundles).toEqual({ p: 'a1b2', q: null });
    expect(decision.findings[0]?.reasons).toEqual([
      { policy: 'q', commit: null, rule: 'error', text: 'gone' },
    ]);
  });
});

describe('a finding whose apply would change what m0.yaml ignores', () => {
  const reverting: Finding = {
    ...tagFinding('aws_s3_bucket.a'),
    revertsIgnored: [{ path: 'size', reason: 'autoscaler', actual: 40, desired: 5 }],
  };
  const other = tagFinding('aws_s3_bucket.b');
  const verdicts = (...messages: readonly PolicyMessage[]): unknown =>
    decide([reverting, other], [answer({ messages })], 'policy').findings.map((f) => f.verdict);

  it('is decided by a person where policies allow it, and says why', () => {
    const allow: PolicyMessage = { rule: 'allow', text: 'tags' };
    expect(verdicts(allow)).toEqual(['human', 'auto']);
    const [first] = decide([reverting], [answer({ messages: [allow] })], 'policy').findings;
    expect(first?.reasons.at(-1)).toMatchObject({
      policy: null,
      rule: 'm0',
      text: 'an apply would also change size 40 → 5, which m0.yaml ignores (autoscaler)',
    });
  });

  it('is denied where policies deny it', () => {
    expect(verdicts({ rule: 'deny', text: 'no' })).toEqual(['deny', 'deny']);
  });

  it('may be auto where an apply leaves it', () => {
    const { revertsIgnored: _, ...rest } = reverting;
    const left: Finding = {
      ...rest,
      leavesIgnored: [{ path: 'size', reason: 'autoscaler', actual: 40, desired: 5 }],
    };
    const { findings } = decide([left], [answer({ messages: [{ rule: 'allow', text: 'x' }] })], 'policy');
    expect(findings[0]?.verdict).toBe('auto');
  });
});
