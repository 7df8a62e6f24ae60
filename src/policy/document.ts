/** Builds the input document of policies. */
import type { Finding, Json, PlannedChange } from '../drift/finding.ts';
import type { PolicySource } from '../model/directory.ts';
import type { Actor } from '../model/run.ts';
import type { PolicyQuestion } from '../ports/policy.ts';
import { type InputPaths, projectInput } from './input-paths.ts';

/** A person in env0's document. */
interface DocumentUser {
  readonly name: string;
  readonly email: string;
}

/** The e-mail by which policies distinguish people; null where m0.yaml has none. */
export type EmailOf = (actor: Actor) => string | null;

/** Policies distinguish people by e-mail, so somebody without one gets a unique replacement. */
function userOf(actor: Actor, emailOf: EmailOf): DocumentUser {
  return { name: actor.name, email: emailOf(actor) ?? `${actor.platform}:${actor.userId}` };
}

/** A finding as in `explain --json`, without the hashes. */
function shownFinding(finding: Finding): Omit<Finding, 'fingerprint' | 'change'> {
  const { fingerprint: _, change: __, ...shown } = finding;
  return shown;
}

/** A planned change as policies see it. An output has the address `output.NAME`. */
function shownChange({ kind, address, deposed, triggeredBy, actions, paths }: PlannedChange): object {
  return {
    ...{ kind, address, actions, paths },
    ...(deposed === undefined ? {} : { deposed }),
    ...(triggeredBy === undefined ? {} : { triggeredBy }),
  };
}

/**
 * The document that policies get as `input`: env0's approval-policy document, so that policies written for it
 * run unchanged, plus the key `m0`.
 */
export function inputDocument(
  question: PolicyQuestion,
  emailOf: EmailOf,
  policyData: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { stack, code, requestedBy } = question;
  return {
    plan: question.document,
    deploymentRequest: { type: 'deploy', triggerName: question.trigger, revision: code.commit },
    template: {
      name: stack.name,
      repository: code.repository,
      revision: code.ref,
      path: stack.source.path,
      type: stack.tool === 'tofu' ? 'opentofu' : 'terraform',
    },
    deployerUser: userOf(requestedBy, emailOf),
    approvers: question.approvers.map((a) => userOf(a, emailOf)),
    policyData,
    policyConfiguration: policyData,
    m0: {
      drift: true,
      stack: stack.name,
      environment: stack.environment,
      workspace: stack.workspace,
      run: question.run,
      author: { name: code.author, email: code.authorEmail },
      now: new Date(question.now).toISOString(),
      findings: question.analysis.findings.map(shownFinding),
      changes: question.analysis.changes.map(shownChange),
    },
  };
}

/** m0's own entrypoint reads this path, to prove that the input has arrived. */
const PROOF_PATH = ['m0', 'run'];

/** The input document as JSON text. Policies that get the same data share one text. */
export class Documents {
  readonly #question: PolicyQuestion;
  readonly #emailOf: EmailOf;
  #last: { readonly key: string; readonly json: string } | null = null;

  constructor(question: PolicyQuestion, emailOf: EmailOf) {
    this.#question = question;
    this.#emailOf = emailOf;
  }

  /**
   * `paths` is what the policy can read. The rest of a plan, which can have hundreds of MB, is not
   * serialized.
   */
  jsonFor(source: PolicySource, paths: InputPaths): string {
    const key = JSON.stringify([source.data ?? {}, paths]);
    if (this.#last?.key !== key) {
      const whole = inputDocument(this.#question, this.#emailOf, source.data ?? {});
      const read = paths === null ? null : [...paths, PROOF_PATH];
      // Only the last text is kept.
      this.#last = { key, json: JSON.stringify(projectInput(whole as Record<string, Json>, read)) };
    }
    return this.#last.json;
  }
}

/** All addresses in the plan document and in the findings. */
export function knownAddresses(document: unknown, findings: readonly Finding[]): ReadonlySet<string> {
  const known = new Set(findings.map((f) => f.address));
  if (document === null || typeof document !== 'object') return known;
  for (const key of ['resource_changes', 'resource_drift']) {
    const list = (document as Readonly<Record<string, unknown>>)[key];
    if (!Array.isArray(list)) continue;
    for (const entry of list) {
      const address = (entry as { readonly address?: unknown } | null)?.address;
      if (typeof address === 'string') known.add(address);
    }
  }
  return known;
}
