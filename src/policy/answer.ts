/** Reads the values of a policy's rules as messages. */
import { POLICY_RULES, type PolicyMessage, type PolicyMode, type PolicyRule } from '../decisions/decision.ts';
import { clip } from '../text/words.ts';
import { PACKAGES, type RuleDefinition } from './bundle.ts';
import { activeDefinitions, type CopyValues, sourcesOf } from './definition-copies.ts';
import { looksLikeAddress, mayBeAddress, meantKey } from './resource-address.ts';

/** A message with the package of its rule. */
export interface AnswerMessage extends PolicyMessage {
  readonly package: (typeof PACKAGES)[number];
  /** On an `allow`: what else its message says, by key. `resolveAddresses` takes it away. */
  readonly others?: Readonly<Record<string, unknown>>;
}

/** The messages of a policy, or why its values are not valid. */
export type Reading =
  | { readonly ok: true; readonly messages: readonly AnswerMessage[] }
  | { readonly ok: false; readonly error: string };

/**
 * Longest text of a message, in characters. Messages themselves are never dropped, because any of them may be
 * an objection.
 */
const MAX_TEXT = 2000;
/** More messages than this are an error: nobody could act on them. */
const MAX_MESSAGES = 20_000;

class Unreadable extends Error {}

/**
 * Reads the values of an evaluation: partial sets, `contains` and booleans; messages as text or `{msg,
 * address}`. `{msg, failed: false}` is no message. An error is: a value of another type, an undefined set,
 * and a policy none of whose rules count in its mode. A text that several definitions produce becomes one
 * message for each.
 *
 * `values` are the rules' values by `package.rule`, without a key where undefined. `copyValues` are the
 * values of the copied definitions, where they were evaluated.
 */
export function readValues(
  values: Readonly<Record<string, unknown>>,
  rules: readonly RuleDefinition[],
  mode: PolicyMode,
  spoken: CopyValues | null = null,
): Reading {
  if (mode === 'guardrail' && !rules.some((r) => r.rule === 'deny' || r.rule === 'pending')) {
    return { ok: false, error: 'a guardrail needs a deny or pending rule, and it has none' };
  }
  try {
    const read = PACKAGES.flatMap((name) =>
      POLICY_RULES.flatMap((rule) => {
        const sourcesOfItem = sourcesOf(activeDefinitions(name, rule, rules), spoken);
        return readRule(values[`${name}.${rule}`], name, rule, rules).map(
          ({ item, message }) => [message, sourcesOfItem(item)] as const,
        );
      }),
    );
    if (read.length > MAX_MESSAGES) throw new Unreadable(`gave more than ${MAX_MESSAGES} messages`);
    const messages = read.flatMap(([message, sources]): readonly AnswerMessage[] =>
      sources.length === 0
        ? [message]
        : sources.map(({ file, line }) => ({ ...message, at: { file, line } })),
    );
    return { ok: true, messages };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, error: error.message };
    throw error;
  }
}

/** A message, and the item of the rule's value that it was read from. */
interface ReadItem {
  readonly item: unknown;
  readonly message: AnswerMessage;
}

function readRule(
  value: unknown,
  name: (typeof PACKAGES)[number],
  rule: PolicyRule,
  rules: readonly RuleDefinition[],
): readonly ReadItem[] {
  const where = `${name}.${rule}`;
  const defined = rules.filter((r) => r.package === name && r.rule === rule);
  if (value === undefined) {
    if (defined.some((d) => d.kind === 'set')) throw new Unreadable(`${where} is undefined`);
    return [];
  }
  if (typeof value === 'boolean') {
    return value ? [{ item: true, message: { rule, package: name, text: `${rule} holds` } }] : [];
  }
  if (!Array.isArray(value)) {
    throw new Unreadable(`${where} is ${typeName(value)}; it must be a set of messages or a boolean`);
  }
  return value.flatMap((item: unknown) =>
    readMessage(item, name, rule).map((message) => ({ item, message })),
  );
}

function readMessage(item: unknown, name: (typeof PACKAGES)[number], rule: PolicyRule): AnswerMessage[] {
  const where = `${name}.${rule}`;
  if (typeof item === 'string') return [{ rule, package: name, text: item }];
  if (item === null || typeof item !== 'object' || Array.isArray(item)) {
    throw new Unreadable(`${where} holds ${typeName(item)}; a message is text or {"msg", "address"}`);
  }
  const { msg, address, failed, ...others } = item as Readonly<Record<string, unknown>>;
  if (typeof msg !== 'string') throw new Unreadable(`${where} holds an object whose msg is ${typeName(msg)}`);
  if (failed !== undefined && typeof failed !== 'boolean') {
    throw new Unreadable(`${where} holds an object whose failed is ${typeName(failed)}`);
  }
  if (failed === false) return [];
  const rest = rule === 'allow' && Object.keys(others).length > 0 ? { others } : {};
  if (address === undefined) return [{ rule, package: name, text: msg, ...rest }];
  if (typeof address !== 'string') {
    throw new Unreadable(`${where} holds an object whose address is ${typeName(address)}`);
  }
  return [{ rule, package: name, text: msg, address, ...rest }];
}

/** Cuts a long text. Remove secrets first: half a secret would not be recognised. */
export function shorten(text: string): string {
  return clip(text, MAX_TEXT);
}

function typeName(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * Makes sure that no objection is lost because of its address, and that no `allow` counts for the whole run by
 * mistake. An objection with a finding's former address counts for that finding. One with an address that is not in
 * the plan (a module, a typing mistake) counts for the whole run. An `allow` for an unknown address allows nothing;
 * neither does one without an address that names a resource in another way: as its text, or under another key.
 * Those become one warning for each rule and reason.
 *
 * `known`: every address of the plan. `moved`: former address -> the finding's address.
 */
export function resolveAddresses(
  messages: readonly AnswerMessage[],
  known: ReadonlySet<string>,
  moved: ReadonlyMap<string, string>,
): readonly Omit<AnswerMessage, 'others'>[] {
  const isAddress = (text: string): boolean => known.has(text) || moved.has(text) || looksLikeAddress(text);
  const warned = new Set<string>();
  return messages.flatMap((given): readonly Omit<AnswerMessage, 'others'>[] => {
    const { others, ...message } = given;
    if (message.rule === 'allow') {
      const why = whyNothing(message, others ?? {}, isAddress);
      if (why === null) return [message];
      const key = JSON.stringify([message.package, message.at, why]);
      if (warned.has(key)) return [];
      warned.add(key);
      const { address: _, ...rest } = message;
      return [{ ...rest, rule: 'warn', text: `allow "${message.text}" allows nothing: ${why}` }];
    }
    if (message.address === undefined || message.rule === 'warn') return [message];
    if (known.has(message.address)) return [message];
    const { address, ...rest } = message;
    const now = moved.get(address);
    if (now !== undefined) return [{ ...rest, address: now }];
    return [{ ...rest, text: `${message.text} (${address}, which is not in this plan)` }];
  });
}

/** Why an `allow` allows nothing of any plan; null where it may allow something. */
function whyNothing(
  { text, address }: PolicyMessage,
  others: Readonly<Record<string, unknown>>,
  isAddress: (text: string) => boolean,
): string | null {
  const wrong = Object.keys(others).find((key) => meantKey(key) !== null);
  if (wrong !== undefined) return `m0 does not read its "${wrong}"; did you mean ${meantKey(wrong) ?? ''}?`;
  if (address !== undefined) {
    return isAddress(address) || mayBeAddress(address) ? null : `its address "${address}" is no address`;
  }
  if (isAddress(text.trim())) return 'its text is an address; write {"msg": …, "address": …}';
  const key = Object.keys(others).find((k) => holdsAddress(others[k], isAddress));
  return key === undefined ? null : `it names a resource as "${key}"; write it as address`;
}

/** True where an address stands somewhere in a value. */
function holdsAddress(value: unknown, isAddress: (text: string) => boolean): boolean {
  if (typeof value === 'string') return isAddress(value.trim());
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some((item) => holdsAddress(item, isAddress));
}
