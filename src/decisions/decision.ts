import type { Finding } from '../drift/finding.ts';

/** What the policies said: apply by itself, wait for a person, or nobody may. */
export type Verdict = 'auto' | 'human' | 'deny';

/** The rules a policy may define. */
export const POLICY_RULES = ['deny', 'pending', 'allow', 'warn'] as const;
export type PolicyRule = (typeof POLICY_RULES)[number];

/** A line of a policy's own files, path relative to the policy's directory. */
export interface RulePlace {
  readonly file: string;
  readonly line: number;
}

/** One thing a rule said. With an address it speaks for that finding only. */
export interface PolicyMessage {
  readonly rule: PolicyRule;
  readonly text: string;
  readonly address?: string;
  /** The definition that said it; absent where it can't be told. */
  readonly at?: RulePlace;
}

/** `decide`: silence leads to a person. `guardrail`: it only objects, silence counts as no objection. */
export type PolicyMode = 'decide' | 'guardrail';

/** Why the newest state of a policy's repository is not in use. */
export interface StaleBundle {
  /** Names this trouble and no other: the refused commit, or since when (ms, hex) the repository is away. */
  readonly id: string;
  /** The compiler's message with file and line, or git's own words. */
  readonly error: string;
  /** Ms since epoch. */
  readonly since: number;
}

/** What one assigned policy answered for one run. */
export interface PolicyAnswer {
  readonly policy: string;
  readonly mode: PolicyMode;
  /** Full commit of the bundle that was asked, or null where there is none. */
  readonly commit: string | null;
  /** Why the bundle asked is not the newest commit's; then its `allow` is no more than a person's matter. */
  readonly stale?: StaleBundle;
  /** True where the policy reads who approved, so that its `pending` may go when somebody does. */
  readonly readsApprovers?: boolean;
  readonly outcome:
    | { readonly ok: true; readonly messages: readonly PolicyMessage[] }
    | { readonly ok: false; readonly error: string };
}

/** Why a finding was decided as it was. `policy` is null where m0 itself is the reason. */
export interface Reason {
  readonly policy: string | null;
  readonly commit: string | null;
  readonly rule: PolicyRule | 'error' | 'silent' | 'm0';
  readonly text: string;
  readonly at?: RulePlace;
}

export interface FindingDecision {
  readonly address: string;
  readonly fingerprint: string;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
}

/** The decision for a run: one verdict a finding, in the order of the findings. */
export interface Decision {
  readonly findings: readonly FindingDecision[];
  readonly warnings: readonly Reason[];
  /** Policy name -> commit of the bundle that decided. Compared again before an apply. */
  readonly bundles: Readonly<Record<string, string | null>>;
}

/** The stack's own word on realigning, from m0.yaml. */
export type RealignMode = 'policy' | 'ask' | 'never';

const STRICTNESS: Record<Verdict, number> = { auto: 0, human: 1, deny: 2 };

function stricter(a: Verdict, b: Verdict): Verdict {
  return STRICTNESS[a] >= STRICTNESS[b] ? a : b;
}

interface Voice {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
}

/** What one policy says of one finding. */
function voiceOf(answer: PolicyAnswer, address: string): Voice {
  const from = { policy: answer.policy, commit: answer.commit };
  if (!answer.outcome.ok) {
    return { verdict: 'human', reasons: [{ ...from, rule: 'error', text: answer.outcome.error }] };
  }
  if (answer.stale !== undefined) return staleVoice(answer, answer.stale, address);
  const spoken = answer.outcome.messages.filter((m) => m.address === undefined || m.address === address);
  const reasonsOf = (rule: PolicyRule): Reason[] =>
    spoken
      .filter((m) => m.rule === rule)
      .map((m) => ({ ...from, rule, text: m.text, ...(m.at === undefined ? {} : { at: m.at }) }));

  const denied = reasonsOf('deny');
  if (denied.length > 0) return { verdict: 'deny', reasons: denied };
  const pending = reasonsOf('pending');
  if (pending.length > 0) return { verdict: 'human', reasons: pending };
  const allowed = reasonsOf('allow');
  if (allowed.length > 0) return { verdict: 'auto', reasons: allowed };
  if (answer.mode === 'guardrail') return { verdict: 'auto', reasons: [] };
  return {
    verdict: 'human',
    reasons: [{ ...from, rule: 'silent', text: 'has no rule for this, so a person decides' }],
  };
}

/** A stale bundle may object, and nothing else: what the newest commit would have said is not known. */
function staleVoice(answer: PolicyAnswer, stale: StaleBundle, address: string): Voice {
  const { stale: _, ...asked } = answer;
  const last = voiceOf(asked, address);
  const from = { policy: answer.policy, commit: answer.commit };
  const text = `${stale.error} (the last good commit was asked, and a person decides)`;
  const trouble: Reason = { ...from, rule: 'error', text };
  if (last.verdict === 'auto') return { verdict: 'human', reasons: [trouble] };
  return { verdict: last.verdict, reasons: [...last.reasons.filter((r) => r.rule !== 'silent'), trouble] };
}

/**
 * Combines what the assigned policies answered into one decision, finding by finding, strictest first
 * (contract "policies" in docs/design.md): an error or a stale bundle leads to a person, any `deny` denies, any `pending`
 * waits, `auto` needs an `allow` from every policy in mode `decide` and at least one such policy;
 * everything else leads to a person. `realign: ask` turns `auto` into a person, `never` denies.
 *
 * `forceHuman`, when given, is a reason of m0's own for which nothing may be applied by itself.
 */
export function decide(
  findings: readonly Finding[],
  answers: readonly PolicyAnswer[],
  realign: RealignMode,
  forceHuman?: string,
): Decision {
  const deciders = answers.filter((a) => a.mode === 'decide');
  return {
    findings: findings
      .filter((f) => f.actionable)
      .map((finding) => {
        const voices = answers.map((a) => voiceOf(a, finding.address));
        let verdict = voices.reduce<Verdict>((v, voice) => stricter(v, voice.verdict), 'auto');
        // A silent policy is only worth telling where no policy gave a real reason to ask a person.
        const strictest = voices.filter((v) => v.verdict === verdict).flatMap((v) => v.reasons);
        const spoken = strictest.filter((r) => r.rule !== 'silent');
        // A policy that errs is always told, also where another one's objection is stricter.
        const errors = voices.flatMap((v) => v.reasons).filter((r) => r.rule === 'error');
        const reasons = [...new Set([...(spoken.length > 0 ? spoken : strictest), ...errors])];
        const own = (text: string): Reason => ({ policy: null, commit: null, rule: 'm0', text });
        if (verdict === 'auto' && deciders.length === 0) {
          verdict = 'human';
          reasons.push(own('no policy decides for this stack, so a person does'));
        }
        if (verdict === 'auto' && forceHuman !== undefined) {
          verdict = 'human';
          reasons.push(own(forceHuman));
        }
        if (verdict === 'auto' && realign === 'ask') {
          verdict = 'human';
          reasons.push(own('realign: ask in m0.yaml'));
        }
        if (realign === 'never') {
          verdict = 'deny';
          reasons.push(own('realign: never in m0.yaml'));
        }
        return { address: finding.address, fingerprint: finding.fingerprint, verdict, reasons };
      }),
    warnings: answers.flatMap((a) =>
      a.outcome.ok
        ? a.outcome.messages
            .filter((m) => m.rule === 'warn')
            .map((m) => ({
              ...{ policy: a.policy, commit: a.commit, rule: m.rule, text: m.text },
              ...(m.at === undefined ? {} : { at: m.at }),
            }))
        : [],
    ),
    bundles: bundlesOf(answers),
  };
}

/**
 * What is compared again before an apply: the commit of each policy's newest bundle, null where the one that
 * was asked is stale or there is none. So a bundle that turns stale in between is one that moved.
 */
export function bundlesOf(
  answers: readonly {
    readonly policy: string;
    readonly commit: string | null;
    readonly stale?: StaleBundle | null;
  }[],
): Readonly<Record<string, string | null>> {
  return Object.fromEntries(answers.map((a) => [a.policy, a.stale ? null : a.commit]));
}
