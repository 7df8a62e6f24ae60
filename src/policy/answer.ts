import { POLICY_RULES, type PolicyMessage, type PolicyMode, type PolicyRule } from '../decisions/decision.ts';
import { clip } from '../text/words.ts';
import { PACKAGES, type RuleDefinition } from './bundle.ts';
import { type SpokenValues, speakersOf, speaking } from './spoken.ts';

/** A message with the package whose rule said it. */
export interface SpokenMessage extends PolicyMessage {
  readonly package: (typeof PACKAGES)[number];
}

/** What the rules' raw values mean, or why they mean nothing. */
export type Reading =
  | { readonly ok: true; readonly messages: readonly SpokenMessage[] }
  | { readonly ok: false; readonly error: string };

/** Longest text kept, in characters. Messages themselves are never dropped: one of them may object. */
const MOST_TEXT = 2000;
/** A policy that says more than this says nothing anybody could act on. */
const MOST_MESSAGES = 20_000;

class Unreadable extends Error {}

/**
 * Reads what an evaluation returned: partial sets, `contains`, booleans; messages as text or `{msg, address}`;
 * `{msg, failed: false}` says nothing. Anything of another type is an error, and so is a set that is
 * undefined, and a policy that by its mode could say nothing that counts. What several definitions say alike
 * is a message of each.
 *
 * `values` are the rules' values by `package.rule`, without a key where undefined; `spoken` is what the
 * definitions said each, where they were asked.
 */
export function readValues(
  values: Readonly<Record<string, unknown>>,
  rules: readonly RuleDefinition[],
  mode: PolicyMode,
  spoken: SpokenValues | null = null,
): Reading {
  if (mode === 'guardrail' && !rules.some((r) => r.rule === 'deny' || r.rule === 'pending')) {
    return { ok: false, error: 'a guardrail needs a deny or pending rule, and it has none' };
  }
  try {
    const read = PACKAGES.flatMap((name) =>
      POLICY_RULES.flatMap((rule) => {
        const speakers = speakersOf(speaking(name, rule, rules), spoken);
        return readRule(values[`${name}.${rule}`], name, rule, rules).map(
          ({ item, message }) => [message, speakers(item)] as const,
        );
      }),
    );
    if (read.length > MOST_MESSAGES) throw new Unreadable(`said more than ${MOST_MESSAGES} things`);
    const messages = read.flatMap(([message, by]): readonly SpokenMessage[] =>
      by.length === 0 ? [message] : by.map(({ file, line }) => ({ ...message, at: { file, line } })),
    );
    return { ok: true, messages };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, error: error.message };
    throw error;
  }
}

/** A message and what stands for it in the rule's value. */
interface ReadItem {
  readonly item: unknown;
  readonly message: SpokenMessage;
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

function readMessage(item: unknown, name: (typeof PACKAGES)[number], rule: PolicyRule): SpokenMessage[] {
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

/** Cuts a text that nobody would read to its end. Scrub first: half a secret is found by no value. */
export function shorten(text: string): string {
  return clip(text, MOST_TEXT);
}

function typeName(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * Makes sure that no objection gets lost by its address. One that names a finding by its former address speaks
 * for that finding; one that names nothing in the plan at all (a module, a typing mistake) speaks for the whole
 * run. An `allow` for an unknown address allows nothing, which is as it should be.
 *
 * `known`: every address of the plan. `moved`: former address -> the finding's address.
 */
export function anchor<M extends PolicyMessage>(
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
