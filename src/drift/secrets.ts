/** Finds the secrets in a plan and removes them from texts. */
import { base64Hider, decodedText } from './base64-secrets.ts';
import { parseDocument } from './canonical.ts';
import type { Json } from './finding.ts';
import { field, hasTrue, isArray, isBigNumber, isObject, leavesOf } from './json-value.ts';
import type { PlanDocument } from './plan-document.ts';
import { type PlanParts, planParts } from './plan-parts.ts';

/** The text that replaces a secret. */
export const HIDDEN = '(sensitive)';

/** Shorter secrets are hidden by their path only, because a replacement by value would damage too many texts. */
const MIN_LENGTH = 6;
const SECRET_NAME = /pass(word|phrase|wd)?$|secret|token|private_key|access_key|api_key|credential/i;

/**
 * The literal secrets of a plan, longest first: everything that a mask marks in either list, before or after, in
 * planned values and in the prior state; sensitive variables and outputs; constants of the code at the same places;
 * and those in `known`. Terraform's masks miss copies, so m0 searches for the values themselves.
 */
export function collectSecrets(
  document: PlanDocument,
  plan = planParts(document),
  known: readonly string[] = [],
): readonly string[] {
  const found = new Set<string>();
  for (const list of [plan.drift, plan.changes]) {
    for (const entry of list) {
      for (const mask of [entry.beforeSensitive, entry.afterSensitive]) {
        if (!hasTrue(mask)) continue;
        // A mask for one side counts for the other side too.
        addMasked(entry.before, mask, found);
        addMasked(entry.after, mask, found);
      }
    }
  }
  for (const invocation of plan.invocations) {
    addMasked(invocation.configValues, invocation.configSensitive, found);
  }
  for (const output of plan.outputs) {
    if (output.sensitive) addLeaves([output.before, output.after], found);
  }
  addOutputs(field(plan.plannedValues, 'outputs'), found);
  addState(field(plan.plannedValues, 'root_module'), found);
  addOutputs(field(field(plan.priorState, 'values'), 'outputs'), found);
  addState(field(field(plan.priorState, 'values'), 'root_module'), found);
  addConfiguration(plan, found);
  for (const secret of known) if (secret.length >= MIN_LENGTH) found.add(secret);
  return [...found].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}

/** Replaces every secret in a text, including its escaped and URL-encoded forms, and all of these inside base64. */
export function scrub(text: string, secrets: readonly string[]): string {
  return scrubberFor(secrets)(text);
}

/** Like `scrub`, but prepared once for many texts. */
export function scrubberFor(secrets: readonly string[]): (text: string) => string {
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  if (forms.length === 0) return (text) => text;
  const pattern = new RegExp(
    forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'),
    'g',
  );
  const hideInBase64 = base64Hider(forms, HIDDEN);
  return (text) => hideInBase64(text.replace(pattern, HIDDEN));
}

function formsOf(secret: string): string[] {
  if (secret.length < MIN_LENGTH) return [];
  const escaped = JSON.stringify(secret).slice(1, -1);
  const forms = new Set([secret, escaped, JSON.stringify(escaped).slice(1, -1)]);
  // Go's JSON encoder escapes these three characters.
  forms.add(escaped.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`));
  forms.add(encodeURIComponent(secret.toWellFormed()));
  return [...forms];
}

function addSecret(value: Json, found: Set<string>): void {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'object' && !isBigNumber(value)) return;
  const text = String(value);
  // A plan has the same secret in many places.
  if (text.length < MIN_LENGTH || found.has(text)) return;
  found.add(text);
  const trimmed = text.trim();
  if (trimmed !== text) addSecret(trimmed, found);
  // Error messages quote keys and certificates line by line.
  if (text.includes('\n')) {
    for (const line of text.split(/\r?\n/)) {
      const part = line.trim();
      if (part.length >= 16 && !part.startsWith('-----')) addSecret(part, found);
    }
  }
  // Masked base64 of a text: the text stands elsewhere in clear.
  const decoded = decodedText(text);
  if (decoded !== undefined) addSecret(decoded, found);
  // In a JSON document, the values under names that suggest a secret.
  const document = parseDocument(text);
  if (document !== undefined) addNamed(document, found);
}

function addNamed(value: Json, found: Set<string>): void {
  if (isArray(value)) for (const item of value) addNamed(item, found);
  if (!isObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    if (SECRET_NAME.test(key)) addLeaves(child, found);
    else addNamed(child, found);
  }
}

function addLeaves(value: Json | undefined, found: Set<string>): void {
  for (const leaf of leavesOf(value)) addSecret(leaf, found);
}

function addMasked(value: Json | undefined, mask: Json | undefined, found: Set<string>): void {
  if (mask === true) addLeaves(value, found);
  else if (isArray(mask)) {
    for (const [i, child] of mask.entries()) addMasked(isArray(value) ? value[i] : undefined, child, found);
  } else if (isObject(mask)) {
    for (const [key, child] of Object.entries(mask)) addMasked(field(value, key), child, found);
  }
}

function addOutputs(outputs: Json | undefined, found: Set<string>): void {
  for (const output of isObject(outputs) ? Object.values(outputs) : []) {
    if (field(output, 'sensitive') === true) addLeaves(field(output, 'value'), found);
  }
}

function addState(module: Json | undefined, found: Set<string>): void {
  const resources = field(module, 'resources');
  for (const resource of isArray(resources) ? resources : []) {
    const mask = field(resource, 'sensitive_values');
    if (hasTrue(mask)) addMasked(field(resource, 'values'), mask, found);
  }
  const children = field(module, 'child_modules');
  for (const child of isArray(children) ? children : []) addState(child, found);
}

/** Constants of the code at masked places. For a write-only value this is the only copy in the plan. */
function addConfiguration(plan: PlanParts, found: Set<string>): void {
  const masks = new Map<string, Json[]>();
  for (const entry of plan.changes) {
    if (!hasTrue(entry.afterSensitive)) continue;
    const name = `${entry.type}.${entry.name}`;
    masks.set(name, [...(masks.get(name) ?? []).slice(0, 4), entry.afterSensitive]);
  }
  const visit = (module: Json | undefined, passed: Json | undefined, root: boolean): void => {
    const variables = field(module, 'variables');
    for (const [name, variable] of isObject(variables) ? Object.entries(variables) : []) {
      if (field(variable, 'sensitive') !== true) continue;
      addLeaves(field(variable, 'default'), found);
      addLeaves(field(field(passed, name), 'constant_value'), found);
      if (root) addLeaves(field(field(plan.variables, name), 'value'), found);
    }
    const outputs = field(module, 'outputs');
    for (const output of isObject(outputs) ? Object.values(outputs) : []) {
      if (field(output, 'sensitive') === true)
        addLeaves(field(field(output, 'expression'), 'constant_value'), found);
    }
    const resources = field(module, 'resources');
    for (const resource of isArray(resources) ? resources : []) {
      const expressions = field(resource, 'expressions');
      const name = `${String(field(resource, 'type'))}.${String(field(resource, 'name'))}`;
      for (const mask of masks.get(name) ?? []) addConstants(expressions, mask, found);
      for (const [key, expression] of isObject(expressions) ? Object.entries(expressions) : []) {
        if (key.endsWith('_wo')) addLeaves(field(expression, 'constant_value'), found);
      }
    }
    const calls = field(module, 'module_calls');
    for (const call of isObject(calls) ? Object.values(calls) : []) {
      visit(field(call, 'module'), field(call, 'expressions'), false);
    }
  };
  visit(field(plan.configuration, 'root_module'), undefined, true);
  const providers = field(plan.configuration, 'provider_config');
  for (const provider of isObject(providers) ? Object.values(providers) : []) {
    const expressions = field(provider, 'expressions');
    for (const [key, expression] of isObject(expressions) ? Object.entries(expressions) : []) {
      if (SECRET_NAME.test(key)) addLeaves(field(expression, 'constant_value'), found);
    }
  }
}

function addConstants(expression: Json | undefined, mask: Json | undefined, found: Set<string>): void {
  if (expression === undefined || mask === undefined) return;
  const constant = field(expression, 'constant_value');
  if (constant !== undefined) addMasked(constant, mask, found);
  else if (isArray(expression) && isArray(mask)) {
    // The code may list the blocks of a set in another order, so each block is checked with each mask.
    for (const block of expression) for (const m of mask) addConstants(block, m, found);
  } else if (isObject(mask)) {
    for (const [key, child] of Object.entries(mask)) addConstants(field(expression, key), child, found);
  }
}
