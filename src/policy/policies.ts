/** The policy port: asks all policies of a stack. */
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { PolicyAnswer } from '../decisions/decision.ts';
import { scrubberFor } from '../drift/secrets.ts';
import type { Clock, PolicySource } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { PolicyPort, PolicyQuestion } from '../ports/policy.ts';
import { readValues, resolveAddresses, shorten } from './answer.ts';
import type { Bundle } from './bundle.ts';
import { evaluateCopies } from './definition-copies.ts';
import { Documents, type EmailOf, knownAddresses } from './document.ts';
import { type Evaluation, type EvaluationLimits, evaluate } from './evaluate.ts';
import { createOpa } from './opa.ts';
import { createPolicySync, type PolicyMirrors, type SyncResult } from './sync.ts';
import { createThreads } from './threads.ts';

export interface PolicyLimits extends EvaluationLimits {
  /** Shortest time between two fetches of one policy repository, in ms. */
  readonly syncEveryMs: number;
  /** Time limit of one `opa` command (compiling or testing), in ms. */
  readonly opaMs: number;
}

export const POLICY_LIMITS: PolicyLimits = {
  timeMs: 2000,
  memoryBytes: 512 * 1024 * 1024,
  syncEveryMs: 5000,
  opaMs: 60_000,
};

export interface PolicyOptions {
  /** m0's data directory; policies use `policies/` in it. */
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
  const threads = createThreads();

  async function answerOf(
    source: PolicySource,
    synced: SyncResult,
    question: PolicyQuestion,
    documents: Documents,
    hide: (text: string) => string,
  ): Promise<PolicyAnswer> {
    const { pinned, stale } = synced;
    const clean = (text: string): string => shorten(hide(text));
    const from = {
      policy: source.name,
      mode: source.mode,
      commit: pinned?.commit ?? null,
      ...(stale === null ? {} : { stale: { ...stale, error: clean(stale.error) } }),
      ...(pinned?.bundle.readsApprovers === true ? { readsApprovers: true } : {}),
    };
    const failed = (error: string): PolicyAnswer => ({
      ...from,
      outcome: { ok: false, error: clean(error) },
    });
    if (pinned === null) return failed(stale?.error ?? 'there is no bundle');
    const { bundle } = pinned;
    const input = { run: question.run, json: documents.jsonFor(source, bundle.inputPaths) };
    const ask = (asked: Bundle): Promise<Evaluation> =>
      evaluate(asked, input, question.now, limits, stopping.signal, threads);
    const evaluated = await ask(bundle);
    if (!evaluated.ok) return failed(evaluated.error);
    const spoken = await evaluateCopies(bundle, evaluated.values, ask);
    const reading = readValues(evaluated.values, bundle.rules, source.mode, spoken);
    if (!reading.ok) return failed(reading.error);
    const { findings } = question.analysis;
    const moved = new Map(
      findings.flatMap((f) => (f.previousAddress ? [[f.previousAddress, f.address] as const] : [])),
    );
    const messages = resolveAddresses(reading.messages, knownAddresses(question.document, findings), moved);
    return {
      ...from,
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
      const documents = new Documents(question, emailOf);
      const hide = scrubberFor(question.analysis.secrets);
      const answers: PolicyAnswer[] = [];
      // One after the other, because each may need hundreds of MB of memory.
      for (const [i, source] of sources.entries()) {
        try {
          answers.push(await answerOf(source, synced[i] as SyncResult, question, documents, hide));
        } catch (error) {
          const text = errorText(error);
          answers.push({
            policy: source.name,
            mode: source.mode,
            commit: null,
            outcome: { ok: false, error: hide(text) },
          });
        }
      }
      // Prepared only now, so that it does not delay the answers.
      if (!stopping.signal.aborted) threads.prepare();
      return answers;
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
      threads.close();
    },
  };
}
