/** Reads the values of a policy's rules as messages. */
import { POLICY_RULES, type PolicyMessage, type PolicyMode, type PolicyRule } from '../decisions/decision.ts';
import { clip } from '../text/words.ts';
import { PACKAGES, type RuleDefinition } from './bundle.ts';
import { activeDefinitions, type CopyValues, sourcesOf } from './definition-copies.ts';

/** A message with the package of its rule. */
export interface AnswerMessage extends PolicyMessage {
  readonly package: (typeof PACKAGES)[number];
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
  const { msg, address, failed } = item as Readonly<Record<string, unknown>>;
  if (typeof msg !== 'string') throw new Unreadable(`${where} holds an object whose msg is ${typeName(msg)}`);
  if (failed !== undefined && typeof failed !== 'boolean') {
    throw new Unreadable(`${where} holds an object whose failed is ${typeName(failed)}`);
  }
  if (failed === false) return [];
  if (address === undefined) return [{ rule, package: name, text: msg }];
  if (typeof address !== 'string') {
    throw new Unreadable(`${where} holds an object whose address is ${typeName(address)}`);
  }
  return [{ rule, package: name, text: msg, address }];
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
 * Makes sure that no objection is lost because of its address. An objection with a finding's former address
 * counts for that finding. One with an address that is not in the plan (a module, a typing mistake) counts
 * for the whole run. An `allow` for an unknown address allows nothing.
 *
 * `known`: every address of the plan. `moved`: former address -> the finding's address.
 */
export function resolveAddresses<M extends PolicyMessage>(
  messages: readonly M[],
  known: ReadonlySet<string>,
  moved: ReadonlyMap<string, string>,
): readonly M[] {
  return messages.map((message) => {
    if (message.address === undefined || message.rule === 'allow' || message.rule === 'warn') return message;
    if (known.has(message.address)) return message;
    const { address, ...rest } = message;
    const now = moved.get(address);
    if (now !== undefined) return { ...rest, address: now } as unknown as M;
    return { ...rest, text: `${message.text} (${address}, which is not in this plan)` } as unknown as M;
  });
}
