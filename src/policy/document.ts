/** Builds the input document of policies. */
import type { Finding, Json, PlannedChange } from '../drift/finding.ts';
import { touchedCommit } from '../model/code-version.ts';
import type { Stack } from '../model/directory.ts';
import type { Actor } from '../model/run.ts';
import type { CauseFact, PolicyQuestion } from '../ports/policy.ts';
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

/** What is told of a cause where nobody was asked. */
const NOT_ASKED: CauseFact = {
  ...{ status: 'none', who: null, how: null, at: null, grade: 'nothing found', events: [] },
};

/** A finding as in `explain --json`, without the hashes, and its cause. */
function shownFinding(
  finding: Finding,
  causes: PolicyQuestion['causes'] | null,
): Omit<Finding, 'fingerprint' | 'change' | 'cloudId' | 'cloudNames'> & {
  readonly cause?: CauseFact;
} {
  const { fingerprint, change: _, cloudId: __, cloudNames: ___, ...shown } = finding;
  return causes === null ? shown : { ...shown, cause: causes?.get(fingerprint) ?? NOT_ASKED };
}

/** A planned change as policies see it. An output has the address `output.NAME`. */
function shownChange({ kind, address, deposed, triggeredBy, actions, paths }: PlannedChange): object {
  return {
    ...{ kind, address, actions, paths },
    ...(deposed === undefined ? {} : { deposed }),
    ...(triggeredBy === undefined ? {} : { triggeredBy }),
  };
}

/** As env0 names the kinds of templates. */
function templateType(stack: Stack): string {
  if (stack.terragrunt === true) return 'terragrunt';
  return stack.tool === 'tofu' ? 'opentofu' : 'terraform';
}

/**
 * The document that policies get as `input`: env0's approval-policy document, so that policies written for it
 * run unchanged, plus the key `m0`.
 */
export function inputDocument(
  question: PolicyQuestion,
  emailOf: EmailOf,
  policyData: Readonly<Record<string, unknown>> = {},
  withCause = true,
): Readonly<Record<string, unknown>> {
  const { stack, code, requestedBy } = question;
  const { author, authorEmail } = touchedCommit(code);
  return {
    plan: question.document,
    deploymentRequest: { type: 'deploy', triggerName: question.trigger, revision: code.commit },
    template: {
      name: stack.name,
      repository: code.repository,
      revision: code.ref,
      path: stack.source.path,
      type: templateType(stack),
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
      author: { name: author, email: authorEmail },
      authors: code.inputs?.authors ?? [{ name: author, email: authorEmail }],
      now: new Date(question.now).toISOString(),
      findings: question.analysis.findings.map((finding) =>
        shownFinding(finding, withCause ? question.causes : null),
      ),
      changes: question.analysis.changes.map(shownChange),
    },
  };
}

/** m0 reads this path itself, to prove that the input has arrived. */
const PROOF_PATH = ['m0', 'run'];

/**
 * The parts of the document that policies can read, as the value that their input's text is written from. `paths` is
 * what each of them can read: the rest of a plan, which can have hundreds of MB, is left out. `withCause`: whether its
 * findings say who caused them.
 */
export function inputFor(
  question: PolicyQuestion,
  emailOf: EmailOf,
  paths: readonly InputPaths[],
  withCause = true,
): Json {
  const whole = inputDocument(question, emailOf, {}, withCause) as Record<string, Json>;
  const read = paths.some((p) => p === null) ? null : [...paths.flatMap((p) => p ?? []), PROOF_PATH];
  return projectInput(whole, read);
}

/** All addresses in the plan document, in the findings and in the planned changes. */
export function knownAddresses(
  document: unknown,
  findings: readonly Finding[],
  changes: readonly PlannedChange[],
): ReadonlySet<string> {
  const known = new Set([...findings, ...changes].map((f) => f.address));
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
