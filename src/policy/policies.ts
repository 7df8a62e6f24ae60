import { join } from 'node:path';
import type { PolicyAnswer } from '../decisions/decision.ts';
import { scrub } from '../drift/secrets.ts';
import type { Logger } from '../log.ts';
import type { Clock, PolicyPort, PolicyQuestion, PolicySource } from '../runs/ports.ts';
import { anchor, readValues, shorten } from './answer.ts';
import { type EmailOf, inputDocument, knownAddresses } from './document.ts';
import { type EvaluationInput, type EvaluationLimits, evaluate } from './evaluate.ts';
import { createOpa } from './opa.ts';
import { createPolicySync, type PolicyMirrors, type SyncResult } from './sync.ts';

export interface PolicyLimits extends EvaluationLimits {
  /** Least ms between two looks at one policy repository. */
  readonly syncEveryMs: number;
  /** Most ms one `opa` command may take, compiling and testing. */
  readonly opaMs: number;
}

export const POLICY_LIMITS: PolicyLimits = {
  timeMs: 2000,
  memoryBytes: 512 * 1024 * 1024,
  syncEveryMs: 5000,
  opaMs: 60_000,
};

export interface PolicyOptions {
  /** m0's data directory; policies keep to `policies/` in it. */
  readonly dataDir: string;
  /** Path of the opa binary. */
  readonly opa: string;
  readonly mirrors: PolicyMirrors;
  readonly log: Logger;
  readonly limits?: Partial<PolicyLimits>;
  /** For the rate of syncing only; a question brings its own time. */
  readonly clock?: Clock;
  /** Email by which policies tell people apart. */
  readonly emailOf?: EmailOf;
}

/** The policies of all stacks. `close` ends evaluations that are under way: they answer with an error. */
export function createPolicies(options: PolicyOptions): PolicyPort & { close(): void } {
  const limits = { ...POLICY_LIMITS, ...options.limits };
  const dir = join(options.dataDir, 'policies');
  const sync = createPolicySync({
    dir,
    opa: createOpa(options.opa, limits.opaMs),
    mirrors: options.mirrors,
    log: options.log,
    clock: options.clock ?? Date.now,
    everyMs: limits.syncEveryMs,
    limits,
  });
  const emailOf = options.emailOf ?? (() => null);
  const stopping = new AbortController();

  async function answerOf(
    source: PolicySource,
    synced: SyncResult,
    question: PolicyQuestion,
    input: EvaluationInput,
  ): Promise<PolicyAnswer> {
    const from = { policy: source.name, mode: source.mode };
    const clean = (text: string): string => shorten(scrub(text, question.analysis.secrets));
    const failed = (commit: string | null, error: string): PolicyAnswer => ({
      ...from,
      commit,
      outcome: { ok: false, error: clean(error) },
    });
    // No bundle decides while its repository is broken or away, so none is named as the one that did.
    if (!synced.ok) return failed(null, synced.error);
    const { bundle, commit } = synced.pinned;
    const evaluated = await evaluate(bundle, input, question.now, limits, stopping.signal);
    if (!evaluated.ok) return failed(commit, evaluated.error);
    const reading = readValues(evaluated.values, bundle.rules, source.mode);
    if (!reading.ok) return failed(commit, reading.error);
    const { findings } = question.analysis;
    const moved = new Map(
      findings.flatMap((f) => (f.previousAddress ? [[f.previousAddress, f.address] as const] : [])),
    );
    const messages = anchor(reading.messages, knownAddresses(question.document, findings), moved);
    return {
      ...from,
      commit,
      outcome: {
        ok: true,
        messages: messages.map(({ package: _, ...m }) => ({ ...m, text: clean(m.text) })),
      },
    };
  }

  return {
    async ask(question) {
      const sources = question.stack.policies;
      const synced = await Promise.all(sources.map(sync));
      const answers: PolicyAnswer[] = [];
      let input: EvaluationInput | null = null;
      // One after the other: each may take hundreds of MB.
      for (const [i, source] of sources.entries()) {
        try {
          input ??= { run: question.run, json: JSON.stringify(inputDocument(question, emailOf)) };
          answers.push(await answerOf(source, synced[i] as SyncResult, question, input));
        } catch (error) {
          const text = error instanceof Error ? error.message : String(error);
          answers.push({
            policy: source.name,
            mode: source.mode,
            commit: null,
            outcome: { ok: false, error: scrub(text, question.analysis.secrets) },
          });
        }
      }
      return answers;
    },
    async bundles(stack) {
      const synced = await Promise.all(stack.policies.map(sync));
      return Object.fromEntries(
        stack.policies.map((source, i) => {
          const result = synced[i];
          return [source.name, result?.ok === true ? result.pinned.commit : null];
        }),
      );
    },
    close() {
      stopping.abort();
    },
  };
}
