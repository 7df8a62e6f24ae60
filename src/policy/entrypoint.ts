/** Generates the module through which m0 evaluates a policy. */
import { POLICY_RULES } from '../decisions/decision.ts';
import { ENTRY_PACKAGE, PACKAGES, PROOF_KEY } from './bundle.ts';

/** The path that `opa build -e` takes. */
export const ENTRYPOINT = `${ENTRY_PACKAGE}/decision`;

/** Keys of the entrypoint's document which prove that input and data have arrived. */
export const ECHO_RUN = 'input.m0.run';
export const ECHO_DATA = `data.${PROOF_KEY}`;

/** The rules that decide: key in the document -> reference to the rule. */
export const DECIDING: ReadonlyMap<string, string> = new Map(
  PACKAGES.flatMap((p) => POLICY_RULES.map((r) => [`${p}.${r}`, `data.${p}.${r}`] as const)),
);

/**
 * The generated module for every policy: one object with a key per rule; an undefined rule is missing in it.
 * A package as the entrypoint would fail where a function reads another rule (open-policy-agent/opa#4411).
 */
export function entrypointModule(asked: ReadonlyMap<string, string>): string {
  return [
    `package ${ENTRY_PACKAGE}`,
    'import rego.v1',
    ...[...asked].map(([key, ref]) => `decision[${JSON.stringify(key)}] := ${ref}`),
    `decision["${ECHO_RUN}"] := input.m0.run`,
    `decision["${ECHO_DATA}"] := data.${PROOF_KEY}`,
    '',
  ].join('\n');
}
