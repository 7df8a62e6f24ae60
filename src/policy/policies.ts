/** The policy port: asks all policies of a stack. */
import { resolve } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { PolicyAnswer, PolicyMessage } from '../decisions/decision.ts';
import { scrubberFor } from '../drift/secrets.ts';
import type { Clock, PolicySource } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { PolicyPort, PolicyQuestion } from '../ports/policy.ts';
import { type AnswerMessage, shorten } from './answer.ts';
import { type AskedPolicy, askPolicies, type Evaluation, readAnswer } from './ask.ts';
import type { Bundle } from './bundle.ts';
import { createCompiler } from './compiler.ts';
import { type EmailOf, inputFor } from './document.ts';
import { createFastPath } from './fast-path.ts';
import { canRead } from './input-paths.ts';
import { jsonPieces } from './json-text.ts';
import { createOpa, type OpaLimits } from './opa.ts';
import { outcomeOf } from './outcome.ts';
import { createPolicySync, type PolicyMirrors, type SyncResult } from './sync.ts';

export interface PolicyLimits extends OpaLimits {
  /** Shortest time between two fetches of one policy repository, in ms. */
  readonly syncEveryMs: number;
  /** Time limit of one `opa` command that compiles or tests, in ms. */
  readonly compileMs: number;
}

export const POLICY_LIMITS: PolicyLimits = {
  timeMs: 5000,
  memoryBytes: 512 * 1024 * 1024,
  syncEveryMs: 5000,
  compileMs: 60_000,
};

export interface PolicyOptions {
  /** m0's data directory, absolute or relative to where m0 runs; policies use `policies/` in it. */
  readonly dataDir: string;
  /** Path of the opa binary. */
  readonly opa: string;
  readonly mirrors: PolicyMirrors;
  readonly log: Logger;
  readonly limits?: Partial<PolicyLimits>;
  /** Only for the fetch interval; a question brings its own time. */
  readonly clock?: Clock;
  /** The e-mail by which policies distinguish people. */
  readonly emailOf?: EmailOf;
}

/** The policies of all stacks. `close` stops running evaluations, which then answer with an error. */
export function createPolicies(options: PolicyOptions): PolicyPort & { close(): void } {
  const limits = { ...POLICY_LIMITS, ...options.limits };
  // Absolute, because opa runs in other folders.
  const dir = resolve(options.dataDir, 'policies');
  const compiler = createCompiler(options.opa, { ...limits, timeMs: limits.compileMs }, dir);
  const opa = createOpa(options.opa, limits);
  const sync = createPolicySync({
    ...{ dir, compiler, mirrors: options.mirrors, log: options.log },
    clock: options.clock ?? Date.now,
    everyMs: limits.syncEveryMs,
  });
  const emailOf = options.emailOf ?? (() => null);
  const stopping = new AbortController();
  const fastPath = createFastPath();

  async function evaluate(
    asked: readonly AskedPolicy[],
    question: PolicyQuestion,
  ): Promise<readonly Evaluation[]> {
    if (stopping.signal.aborted) return asked.map(() => ({ ok: false, error: 'm0 is stopping' }));
    try {
      const value = inputFor(
        question,
        emailOf,
        asked.map((a) => a.bundle.inputPaths),
        asked.some((a) => a.bundle.readsCause),
      );
      // What m0.yaml gives one policy is not in the input that all of them share.
      const shared = asked.every((a) => a.data === null);
      const fast = shared
        ? await fastPath.ask(
            asked.map((a) => a.bundle),
            question.run,
            value,
          )
        : null;
      if (fast !== null) return fast.map(readAnswer);
      const input = { run: question.run, json: () => jsonPieces(value) };
      const { capabilities } = await compiler();
      const asking = { opa, capabilities, now: question.now, signal: stopping.signal };
      return await askPolicies(asked, input, asking);
    } catch (error) {
      return asked.map(() => ({ ok: false, error: errorText(error) }));
    }
  }

  return {
    async ask(question) {
      const sources = question.stack.policies;
      const synced = await Promise.all(sources.map(sync));
      const usable = sources.flatMap((source, i) => {
        const bundle = synced[i]?.pinned?.bundle;
        return bundle === undefined ? [] : [{ source, bundle, data: dataFor(source, bundle) }];
      });
      // Those that name no cause get an input without one, so that none of them can read it in another way.
      const [readers, others] = [true, false].map((reads) =>
        usable.filter((u) => u.bundle.readsCause === reads),
      );
      const evaluations = new Map<PolicySource, Evaluation>();
      for (const group of [readers ?? [], others ?? []]) {
        if (group.length === 0) continue;
        const answers = await evaluate(group, question);
        for (const [i, answer] of answers.entries()) {
          const source = group[i]?.source;
          if (source !== undefined) evaluations.set(source, answer);
        }
      }
      return sources.map((source, i) => {
        return answerOf(source, synced[i] as SyncResult, evaluations.get(source), question);
      });
    },
    async status(sources) {
      const synced = await Promise.all(sources.map(sync));
      return sources.map((source, i): BundleStatus => {
        const { pinned, stale } = synced[i] as SyncResult;
        return {
          policy: source.name,
          mode: source.mode,
          commit: pinned?.commit ?? null,
          stale,
          readsApprovers: pinned?.bundle.readsApprovers ?? false,
          leftOut: (pinned?.bundle.leftOut ?? []).map(({ file, line, text }) => ({ file, line, text })),
          rules: (pinned?.bundle.rules ?? [])
            .filter((r) => !r.mute)
            .map(({ rule, file, line, title }) => ({
              rule,
              file,
              line,
              title,
            })),
        };
      });
    },
    close() {
      stopping.abort();
      fastPath.close();
    },
  };
}

/** What m0.yaml gives the policy, where its rules can read that. */
function dataFor(source: PolicySource, { inputPaths }: Bundle): AskedPolicy['data'] {
  const reads = ['policyData', 'policyConfiguration'].some((key) => canRead(inputPaths, key));
  return reads && source.data !== undefined ? source.data : null;
}

/** What an evaluation says of the question's findings, without secrets. */
function answerOf(
  source: PolicySource,
  { pinned, stale }: SyncResult,
  evaluation: Evaluation | undefined,
  question: PolicyQuestion,
): PolicyAnswer {
  const hide = scrubberFor(question.analysis.secrets);
  const clean = (text: string): string => shorten(hide(text));
  const from = {
    policy: source.name,
    mode: source.mode,
    commit: pinned?.commit ?? null,
    ...(stale === null ? {} : { stale: { ...stale, error: clean(stale.error) } }),
    ...(pinned?.bundle.readsApprovers === true ? { readsApprovers: true } : {}),
    ...(pinned?.bundle.readsCause === true ? { readsCause: true } : {}),
  };
  if (pinned === null || evaluation === undefined) {
    return { ...from, outcome: { ok: false, error: clean(stale?.error ?? 'there is no bundle') } };
  }
  const outcome = outcomeOf(evaluation, pinned.bundle.rules, source.mode, question);
  const shown = ({ package: _, ...message }: AnswerMessage): PolicyMessage => ({
    ...message,
    text: clean(message.text),
  });
  if (outcome.ok) return { ...from, outcome: { ok: true, messages: outcome.messages.map(shown) } };
  const objections = outcome.objections.length > 0 ? { objections: outcome.objections.map(shown) } : {};
  return { ...from, outcome: { ok: false, error: clean(outcome.error), ...objections } };
}
