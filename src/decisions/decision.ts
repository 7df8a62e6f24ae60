/** Combines the answers of the policies into one decision per finding. Pure. */
import type { Finding, IgnoredAttribute } from '../drift/finding.ts';
import { ignoredChangeText } from '../drift/ignored-text.ts';

/** What the policies decided: apply without a person, wait for a person, or nobody may apply. */
export type Verdict = 'auto' | 'human' | 'deny';

/** The rules a policy may define. */
export const POLICY_RULES = ['deny', 'pending', 'allow', 'warn'] as const;
export type PolicyRule = (typeof POLICY_RULES)[number];

/** A line in a policy's files. `file` is relative to the policy's directory. */
export interface RulePlace {
  readonly file: string;
  readonly line: number;
}

/** One message of a rule. With an address it applies to that finding only. */
export interface PolicyMessage {
  readonly rule: PolicyRule;
  readonly text: string;
  readonly address?: string;
  /** The definition that produced the message; left out if it is not known. */
  readonly at?: RulePlace;
}

/**
 * `decide`: without a rule that matches, a person decides. `guardrail`: it can only object; without a match it does
 * not object.
 */
export type PolicyMode = 'decide' | 'guardrail';

/** Why the newest commit of a policy's repository is not in use. */
export interface StaleBundle {
  /** Identifies this problem: the refused commit or, if the repository can't be reached, since when (ms, hex). */
  readonly id: string;
  /** The compiler's message with file and line, or git's message. */
  readonly error: string;
  /** ms since epoch. */
  readonly since: number;
}

/** The answer of one assigned policy for one run. */
export interface PolicyAnswer {
  readonly policy: string;
  readonly mode: PolicyMode;
  /** Full commit of the bundle that answered; null if there is no bundle. */
  readonly commit: string | null;
  /** Set if the bundle that answered is not the newest commit. Its `allow` then leads to a person. */
  readonly stale?: StaleBundle;
  /** True if the policy reads who approved, so that an approval may end its `pending`. */
  readonly readsApprovers?: boolean;
  /** True if the policy reads who caused a finding. While that is waited for, it allows nothing. */
  readonly readsCause?: boolean;
  readonly outcome:
    | { readonly ok: true; readonly messages: readonly PolicyMessage[] }
    | {
        readonly ok: false;
        readonly error: string;
        /** What it objected to before it failed: its `deny` and `pending`, which count all the same. */
        readonly objections?: readonly PolicyMessage[];
      };
}

/** Why a finding got its verdict. `policy` is null if the reason is m0's own. */
export interface Reason {
  readonly policy: string | null;
  readonly commit: string | null;
  readonly rule: PolicyRule | 'error' | 'silent' | 'm0';
  readonly text: string;
  /** The finding that the message names. Left out if it speaks for the whole run, and in runs of older versions. */
  readonly address?: string;
  readonly at?: RulePlace;
}

/** The verdict on one finding, bound to its values by the fingerprint. */
export interface FindingDecision {
  readonly address: string;
  readonly fingerprint: string;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  /** Set if a policy would allow it and waits for who caused it: it is decided anew then. */
  readonly waitsForCause?: true;
}

/** The decision for a run: one verdict per finding, in the order of the findings. */
export interface Decision {
  readonly findings: readonly FindingDecision[];
  readonly warnings: readonly Reason[];
  /** Policy name -> commit of the bundle that decided. Compared again before an apply. */
  readonly bundles: Readonly<Record<string, string | null>>;
}

/** What m0.yaml says about realigning the stack. */
export type RealignMode = 'policy' | 'ask' | 'never';

const STRICTNESS: Record<Verdict, number> = { auto: 0, human: 1, deny: 2 };

function stricter(a: Verdict, b: Verdict): Verdict {
  return STRICTNESS[a] >= STRICTNESS[b] ? a : b;
}

/** The verdict of one policy on one finding. */
interface PolicyVerdict {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly waitsForCause?: true;
}

/** A policy's message as a reason. */
function reasonOf({ policy, commit }: PolicyAnswer, { rule, text, address, at }: PolicyMessage): Reason {
  return {
    ...{ policy, commit, rule, text },
    ...(address === undefined ? {} : { address }),
    ...(at === undefined ? {} : { at }),
  };
}

/** The verdict of one policy on one finding, by its strictest rule that matches. */
function verdictOf(answer: PolicyAnswer, address: string): PolicyVerdict {
  const from = { policy: answer.policy, commit: answer.commit };
  if (!answer.outcome.ok) {
    const { error, objections = [] } = answer.outcome;
    const { stale, ...answerWithoutStale } = answer;
    const objecting = {
      ...answerWithoutStale,
      mode: 'guardrail' as const,
      outcome: { ok: true as const, messages: objections },
    };
    const { verdict, reasons } = verdictOf(objecting, address);
    return {
      verdict: stricter(verdict, 'human'),
      reasons: [
        ...reasons,
        // Without a good commit nothing was asked, and `error` says why.
        ...(stale === undefined || answer.commit === null ? [] : [staleReasonOf(answer, stale)]),
        { ...from, rule: 'error', text: error },
      ],
    };
  }
  if (answer.stale !== undefined) return staleVerdict(answer, answer.stale, address);
  const applicable = answer.outcome.messages.filter((m) => m.address === undefined || m.address === address);
  const reasonsOf = (rule: PolicyRule): Reason[] =>
    applicable.filter((m) => m.rule === rule).map((m) => reasonOf(answer, m));

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

/** A policy that reads who caused a finding does not know yet what it would say: neither its `allow` nor its silence counts. */
function withoutCause(
  { readsCause, policy, commit }: PolicyAnswer,
  answer: PolicyVerdict,
  waiting: string | null,
): PolicyVerdict {
  if (readsCause !== true || waiting === null || answer.verdict !== 'auto') return answer;
  const reason: Reason = { policy, commit, rule: 'pending', text: waiting };
  return { verdict: 'human', reasons: [reason], waitsForCause: true };
}

function staleReasonOf({ policy, commit }: PolicyAnswer, stale: StaleBundle): Reason {
  const text = `${stale.error} (the last good commit was asked, and a person decides)`;
  return { policy, commit, rule: 'error', text };
}

/** A stale bundle can object but not allow: nobody knows what the newest commit would answer. */
function staleVerdict(answer: PolicyAnswer, stale: StaleBundle, address: string): PolicyVerdict {
  const { stale: _, ...answerWithoutStale } = answer;
  const lastGood = verdictOf(answerWithoutStale, address);
  const staleReason = staleReasonOf(answer, stale);
  if (lastGood.verdict === 'auto') return { verdict: 'human', reasons: [staleReason] };
  return {
    verdict: lastGood.verdict,
    reasons: [...lastGood.reasons.filter((r) => r.rule !== 'silent'), staleReason],
  };
}

/**
 * Combines the answers of the assigned policies into one verdict per actionable finding, strictest first: an error
 * or a stale bundle leads to a person; any `deny` denies; any `pending` waits for a person; `auto` needs an `allow`
 * from every policy in mode `decide`, and at least one such policy; everything else leads to a person. `realign:
 * ask` turns `auto` into a person, `realign: never` denies. A finding whose apply would change what m0.yaml ignores
 * is never `auto`.
 *
 * `forceHuman`: if given, m0's own reason why nothing may be applied without a person. `tellOnly`: the same for why
 * nothing may be applied at all; it denies, as `realign: never` does. `waitsForCause`: why a policy that reads the cause
 * of this finding can't allow it yet, as words; null if it can.
 */
export function decide(
  findings: readonly Finding[],
  answers: readonly PolicyAnswer[],
  realign: RealignMode,
  forceHuman?: string,
  tellOnly?: string,
  waitsForCause: (finding: Finding) => string | null = () => null,
): Decision {
  const deciders = answers.filter((a) => a.mode === 'decide');
  return {
    findings: findings
      .filter((f) => f.actionable)
      .map((finding) => {
        const waiting = waitsForCause(finding);
        const verdicts = answers.map((a) => withoutCause(a, verdictOf(a, finding.address), waiting));
        let verdict = verdicts.reduce<Verdict>(
          (v, policyVerdict) => stricter(v, policyVerdict.verdict),
          'auto',
        );
        // A silent policy is only listed if no other policy gave a reason to ask a person.
        const strictest = verdicts.filter((v) => v.verdict === verdict).flatMap((v) => v.reasons);
        const withRules = strictest.filter((r) => r.rule !== 'silent');
        // A policy that fails is always listed, even if another policy's objection is stricter.
        const errors = verdicts.flatMap((v) => v.reasons).filter((r) => r.rule === 'error');
        const reasons = [...new Set([...(withRules.length > 0 ? withRules : strictest), ...errors])];
        const reasonOfM0 = (text: string): Reason => ({ policy: null, commit: null, rule: 'm0', text });
        if (verdict === 'auto' && deciders.length === 0) {
          verdict = 'human';
          reasons.push(reasonOfM0('no policy decides for this stack, so a person does'));
        }
        const reverts: readonly IgnoredAttribute[] = finding.revertsIgnored ?? [];
        if (verdict === 'auto' && reverts.length > 0) {
          verdict = 'human';
          reasons.push(reasonOfM0(`an apply would also change ${ignoredChangeText(reverts)}`));
        }
        if (verdict === 'auto' && forceHuman !== undefined) {
          verdict = 'human';
          reasons.push(reasonOfM0(forceHuman));
        }
        if (verdict === 'auto' && realign === 'ask') {
          verdict = 'human';
          reasons.push(reasonOfM0('realign: ask in m0.yaml'));
        }
        if (realign === 'never') {
          verdict = 'deny';
          reasons.push(reasonOfM0('realign: never in m0.yaml'));
        }
        if (tellOnly !== undefined) {
          verdict = 'deny';
          reasons.push(reasonOfM0(tellOnly));
        }
        const waits = verdicts.some((each) => each.waitsForCause === true);
        return {
          ...{ address: finding.address, fingerprint: finding.fingerprint, verdict, reasons },
          ...(waits ? { waitsForCause: true as const } : {}),
        };
      }),
    warnings: answers.flatMap((a) =>
      a.outcome.ok ? a.outcome.messages.filter((m) => m.rule === 'warn').map((m) => reasonOf(a, m)) : [],
    ),
    bundles: bundlesOf(answers),
  };
}

/**
 * Policy name -> commit of its newest bundle, to compare again before an apply; null if the bundle that answered is
 * stale or missing. A bundle that becomes stale in between therefore counts as changed.
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
