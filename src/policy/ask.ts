/** Asks opa what the rules of several policies say of one input. */
import { errorText } from '../base/error-text.ts';
import type { Bundle } from './bundle.ts';
import type { CopyValues } from './definition-copies.ts';
import { type Opa, OpaLimitReached } from './opa.ts';

/** A policy to ask, and what m0.yaml gives it as `input.policyData`. */
export interface AskedPolicy {
  readonly bundle: Bundle;
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** The input of a question. `run` is the whole number in it at `m0.run`; `json` gives its text each time it is called. */
export interface QuestionInput {
  readonly run: number;
  readonly json: () => Iterable<string>;
}

/** What a policy says: its rules' values by `package.rule`, without a key where a rule is undefined. */
export type Evaluation =
  | {
      readonly ok: true;
      readonly values: Readonly<Record<string, unknown>>;
      /** The values of the copied definitions, where their rule said something. */
      readonly copies: CopyValues;
      /** Builtins that failed, as `FILE:LINE: what`: their rules may have said too little. */
      readonly failures: readonly string[];
    }
  | { readonly ok: false; readonly error: string };

/** How opa is asked. */
export interface Asking {
  readonly opa: Opa;
  /** Path of a file with the builtins that policies may call. */
  readonly capabilities: string;
  /** The time that policies see, in ms since epoch. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

/**
 * One answer for each policy, in their order. All are asked in one process; where that fails, each in its own, so
 * that one policy's failure is not the others'. Never rejects.
 */
export async function askPolicies(
  policies: readonly AskedPolicy[],
  input: QuestionInput,
  asking: Asking,
): Promise<readonly Evaluation[]> {
  if (policies.length === 0) return [];
  const joint = await askOnce(policies, input, asking, true);
  if (joint.ok) return joint.evaluations;
  const hasCopies = policies.some((p) => Object.keys(p.bundle.copies).length > 0);
  if (policies.length === 1 && !hasCopies) return [joint];
  if (asking.signal?.aborted === true) return policies.map(() => ({ ok: false, error: 'm0 is stopping' }));
  const answers: Evaluation[] = [];
  // One after the other, because each may need hundreds of MB of memory.
  for (const policy of policies) {
    // The copies only name lines, so a policy is not held to have failed for their sake.
    const alone = await askOnce([policy], input, asking, false);
    answers.push(alone.ok ? (alone.evaluations[0] as Evaluation) : alone);
  }
  return answers;
}

type Answered =
  | { readonly ok: true; readonly evaluations: readonly Evaluation[] }
  | { readonly ok: false; readonly error: string };

async function askOnce(
  policies: readonly AskedPolicy[],
  input: QuestionInput,
  { opa, capabilities, now, signal }: Asking,
  withCopies: boolean,
): Promise<Answered> {
  const bundles = new Set(policies.map((p) => p.bundle.dir));
  const args = [
    ...['eval', '--format', 'json', '--stdin-input', '--show-builtin-errors', '--capabilities', capabilities],
    ...[...bundles].flatMap((dir) => ['--bundle', dir]),
    query(policies, now, withCopies),
  ];
  // The data may be too long for an argument.
  const given = JSON.stringify(policies.map((p) => p.data));
  function* text(): Generator<string, void, undefined> {
    yield `{"given": ${given}, "asked": `;
    yield* input.json();
    yield '}';
  }
  try {
    const command = { cwd: '/', input: text(), ...(signal === undefined ? {} : { signal }) };
    const { exitCode, stdout, stderr } = await opa.run(args, command);
    const output = readOutput(stdout);
    if (output?.bindings === undefined) {
      const [first] = output?.errors ?? [];
      const said =
        first === undefined ? stderr.trim() || `opa ended with ${exitCode}` : describe(first, policies);
      return { ok: false, error: said };
    }
    const { bindings, errors } = output;
    if (bindings.run !== input.run) return { ok: false, error: 'the input did not reach the policy' };
    return {
      ok: true,
      evaluations: policies.map((policy, i) => evaluationOf(bindings[`p${i}`], policy, policies, errors)),
    };
  } catch (error) {
    if (error instanceof OpaLimitReached)
      return { ok: false, error: error.message.replace(/^running opa eval: /, '') };
    return { ok: false, error: errorText(error) };
  }
}

/**
 * One expression for each policy, and the proof that the input arrived. Each policy's input is a new object, so that
 * none sees what m0.yaml gives another.
 */
function query(policies: readonly AskedPolicy[], now: number, withCopies: boolean): string {
  const expressions = policies.map(({ bundle, data }, i) => {
    const clock = bundle.readsClock ? ` with time.now_ns as ${BigInt(Math.trunc(now)) * 1_000_000n}` : '';
    const own = `{"policyData": input.given[${i}], "policyConfiguration": input.given[${i}]}`;
    const input = data === null ? 'input.asked' : `object.union(input.asked, ${own})`;
    return `p${i} := ${answerExpression(bundle, withCopies)}${clock} with input as ${input}`;
  });
  return [...expressions, 'run := input.asked.m0.run'].join('; ');
}

/**
 * A policy's answer as an expression of Rego: an object with a key for each of its rules. A value is a set of at most
 * one element, because an object with an undefined value would be undefined as a whole. Rules are named one by one, so
 * that no data of a policy can speak as a rule.
 */
export function answerExpression({ rules, namespace, copies }: Bundle, withCopies: boolean): string {
  const names = new Set(rules.map((r) => `${r.package}.${r.rule}`));
  const values = [...names].map((name) => `${JSON.stringify(name)}: {v | v := data.${namespace}.${name}}`);
  const copied = Object.entries(withCopies ? copies : {}).map(([index, ref]) => {
    const { package: name, rule } = rules[Number(index)] as Bundle['rules'][number];
    // Asked only where the rule said something.
    const spoke = `r := data.${namespace}.${name}.${rule}; r != set(); r != false`;
    return `"${COPY}${index}": {v | ${spoke}; v := ${ref}}`;
  });
  return `{${[...values, ...copied].join(', ')}}`;
}

const COPY = 'copy ';

interface OpaError {
  readonly message?: string;
  readonly code?: string;
  readonly location?: { readonly file?: string; readonly row?: number };
}

interface Output {
  readonly bindings: Readonly<Record<string, unknown>> | undefined;
  readonly errors: readonly OpaError[];
}

function readOutput(stdout: string): Output | null {
  try {
    const { result, errors } = JSON.parse(stdout) as {
      readonly result?: readonly { readonly bindings?: Readonly<Record<string, unknown>> }[];
      readonly errors?: readonly OpaError[];
    };
    return { bindings: result?.[0]?.bindings, errors: errors ?? [] };
  } catch {
    return null;
  }
}

/** A builtin was given a value of a type it does not take: the rule is undefined there, as its author may intend. */
const WRONG_TYPE = 'eval_type_error';
const MAX_FAILURES = 5;

function evaluationOf(
  found: unknown,
  asked: AskedPolicy,
  all: readonly AskedPolicy[],
  errors: readonly OpaError[],
): Evaluation {
  const failed = errors.filter((e) => e.code !== WRONG_TYPE && isOf(e, asked.bundle));
  const failures = [...new Set(failed.map((e) => describe(e, all)))];
  const more = failures.length - MAX_FAILURES;
  const shown = more > 0 ? [...failures.slice(0, MAX_FAILURES), `and ${more} more`] : failures;
  return { ...readAnswer(found), failures: shown };
}

/** Reads the value of an `answerExpression`, in which no builtin failed. */
export function readAnswer(found: unknown): Extract<Evaluation, { ok: true }> {
  const values: Record<string, unknown> = {};
  const copies = new Map<number, unknown>();
  for (const [key, [value]] of Object.entries(found as Readonly<Record<string, readonly unknown[]>>)) {
    if (key.startsWith(COPY)) copies.set(Number(key.slice(COPY.length)), value);
    else if (value !== undefined) values[key] = value;
  }
  return { ok: true, values, copies, failures: [] };
}

/** True for an error of the policy itself, not of a copy in it. An error without a place is everybody's. */
function isOf({ location }: OpaError, bundle: Bundle): boolean {
  const file = location?.file;
  if (file === undefined || file === '') return true;
  const own = ownFile(file, bundle);
  return own !== null && (location?.row ?? 0) <= (bundle.ownLines[own] ?? Number.POSITIVE_INFINITY);
}

/** The path of a file inside its policy's directory; null for another policy's. */
function ownFile(file: string, { namespace }: Bundle): string | null {
  const at = file.indexOf(`${namespace}/`);
  return at < 0 ? null : file.slice(at + namespace.length + 1);
}

function describe({ message, location }: OpaError, policies: readonly AskedPolicy[]): string {
  const file = location?.file ?? '';
  const own = policies.map((p) => ownFile(file, p.bundle)).find((path) => path !== null);
  const text = policies.reduce(
    (t, { bundle: { dir, namespace } }) =>
      t.replaceAll(`${dir}/${namespace}/`, '').replaceAll(`${namespace}.`, ''),
    message ?? '',
  );
  return own === undefined ? text : `${own}:${location?.row ?? 0}: ${text}`;
}
