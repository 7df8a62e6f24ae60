import { POLICY_RULES } from '../decisions/decision.ts';
import { ENTRY_PACKAGE, PACKAGES, PROOF_KEY } from './bundle.ts';

/** The slash-separated path that `opa build -e` takes. */
export const ENTRYPOINT = `${ENTRY_PACKAGE}/decision`;

/** Keys of the entrypoint's document that prove that input and data arrived. */
export const ECHO_RUN = 'input.m0.run';
export const ECHO_DATA = `data.${PROOF_KEY}`;

/** The rules that decide: key of the document -> what it is the value of. */
export const DECIDING: ReadonlyMap<string, string> = new Map(
  PACKAGES.flatMap((p) => POLICY_RULES.map((r) => [`${p}.${r}`, `data.${p}.${r}`] as const)),
);

/**
 * The generated module in front of every policy. One object with a key a rule: a rule that is not defined
 * just drops out of it. A package as entrypoint would break where a function reads another rule
 * (open-policy-agent/opa#4411).
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
