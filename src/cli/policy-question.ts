/** Builds the input document for `m0 policy check`. */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { parseExact } from '../base/exact-json.ts';
import { analyzePlan } from '../drift/analyze.ts';
import type { Analysis, Finding } from '../drift/finding.ts';
import { readPlan } from '../drift/read-plan.ts';
import { M0 } from '../model/run.ts';
import { bareStack } from '../model/stack.ts';
import { inputDocument } from '../policy/document.ts';
import { inflate, inputName, STANDARD_INPUT } from './plan-input.ts';

/** A typed argument can't be used. The message is the one line for stderr. */
export class UsageError extends Error {}

/** The arguments about the input document; paths as typed. */
export interface TypedQuestion {
  readonly plan: string | null;
  readonly input: string | null;
  /** E-mail addresses of the people who approved. */
  readonly approvers: readonly string[];
}

/** What the input document depends on besides the arguments. */
export interface QuestionOptions {
  /** The folder that typed paths are relative to. */
  readonly cwd: string;
  /** ms since epoch: the time that the policy sees. */
  readonly now: number;
  /** All of standard input, for `--plan -`. Without it, that is refused. */
  readonly readStdin?: () => Promise<Uint8Array>;
}

/** The input for a policy on the command line, and the findings to decide on. */
export interface PolicyInput {
  readonly input: { readonly run: number; readonly json: string };
  readonly document: unknown;
  readonly analysis: Analysis;
}

/** Represents the whole run if the input has no findings, like documents written for env0. */
const WHOLE_RUN: Finding = {
  address: '(the whole run)',
  type: '',
  origin: 'cloud',
  action: 'update',
  actionable: true,
  attributes: [],
  fingerprint: '',
};

const NOTHING: Analysis = {
  findings: [],
  outputs: [],
  noise: [],
  counts: { findings: 0, cloud: 0, code: 0, both: 0, create: 0, update: 0, delete: 0, replace: 0, noise: 0 },
  secrets: [],
  changes: [],
  untold: [],
};

/**
 * Builds the input document from `--plan` and `--input`; keys of `--input` win. Null if neither is given. Rejects
 * with a WrongUse or a PlanError if a file can't be used.
 */
export async function policyInputOf(
  typed: TypedQuestion,
  options: QuestionOptions,
): Promise<PolicyInput | null> {
  if (typed.plan === null && typed.input === null) return null;
  const given = typed.input === null ? {} : await readInput(typed.input, options);
  let analysis = NOTHING;
  let document: unknown = given.plan;
  if (typed.plan !== null) {
    const plan = readPlan(await readPlanBytes(typed.plan, options), inputName(typed.plan));
    // Fingerprints are not shown here, so the key does not matter.
    analysis = analyzePlan(plan, { key: 'policy check' });
    document = plan;
  }
  const made = inputDocument(questionAbout(typed, options, analysis, document), () => null);
  const m0 = (typed.input === null ? made.m0 : { ...madeM0(made), ...givenM0(given) }) as Readonly<
    Record<string, unknown>
  >;
  const findings = typed.plan !== null ? madeM0(made).findings : m0.findings;
  const run = typeof m0.run === 'number' && Number.isSafeInteger(m0.run) ? m0.run : 1;
  const approvers = typed.approvers.map((email) => ({ name: email, email }));
  const full = {
    ...made,
    ...given,
    ...(approvers.length > 0 ? { approvers } : {}),
    plan: document ?? {},
    m0: { ...m0, findings, run },
  };
  const judged = typed.plan !== null ? analysis.findings : findingsIn(givenM0(given).findings);
  return {
    input: { run, json: JSON.stringify(full) },
    document,
    analysis: { ...analysis, findings: judged.length === 0 && typed.plan === null ? [WHOLE_RUN] : judged },
  };
}

function madeM0(made: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return made.m0 as Readonly<Record<string, unknown>>;
}

function givenM0(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const m0 = given.m0;
  return m0 !== null && typeof m0 === 'object' ? (m0 as Readonly<Record<string, unknown>>) : {};
}

/** The findings of an input document, with the fields that a decision needs. */
function findingsIn(value: unknown): readonly Finding[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const address = (item as { readonly address?: unknown } | null)?.address;
    if (typeof address !== 'string') return [];
    return [{ ...WHOLE_RUN, ...(item as Partial<Finding>), address }];
  });
}

function questionAbout(
  typed: TypedQuestion,
  options: QuestionOptions,
  analysis: Analysis,
  document: unknown,
): Parameters<typeof inputDocument>[0] {
  const name = basename(inputName(typed.plan ?? typed.input ?? ''), '.json');
  return {
    run: 1,
    stack: bareStack(name, name, { realign: 'policy' }),
    trigger: 'command',
    code: { repository: '', ref: '', commit: '', author: '', authorEmail: '', committedAt: 0, subject: '' },
    analysis,
    document,
    requestedBy: M0,
    approvers: [],
    now: options.now,
  };
}

async function readPlanBytes(typed: string, options: QuestionOptions): Promise<Uint8Array> {
  if (typed !== STANDARD_INPUT) return inflate(await read(typed, options), typed);
  if (options.readStdin === undefined) throw new UsageError('--plan -: no standard input here; name a file');
  return inflate(await options.readStdin(), inputName(typed));
}

async function read(typed: string, options: QuestionOptions): Promise<Buffer> {
  try {
    return await readFile(resolve(options.cwd, typed));
  } catch (error) {
    throw new UsageError(
      `${typed}: ${(error as NodeJS.ErrnoException).code ?? 'can’t be read'}; name a file that is there`,
    );
  }
}

async function readInput(
  typed: string,
  options: QuestionOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const text = (await read(typed, options)).toString('utf8');
  let value: unknown;
  try {
    value = parseExact(text);
  } catch (error) {
    throw new UsageError(`${typed}: is no JSON: ${errorText(error)}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError(`${typed}: is no input document; it must be a JSON object`);
  }
  return value as Readonly<Record<string, unknown>>;
}
