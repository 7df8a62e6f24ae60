/** Warns about messages that m0 would not read as their author means. */
import { type Inference, SILENT } from './infer.ts';
import type { Shape } from './input-shape.ts';
import type { LintWarning } from './lint-warning.ts';
import { type ParsedFile, type ParsedRule, ruleName } from './parse.ts';
import { isAsked } from './reads.ts';
import { looksLikeAddress, MESSAGE_KEYS, mayBeAddress, meantKey } from './resource-address.ts';
import type { Node } from './syntax-tree.ts';

/**
 * Errors about an `allow` that seems to name a finding and does not: m0 takes it for nothing. The same mistakes in
 * other rules are warnings, because there the message counts for the whole run.
 */
export function lintMessages(
  inference: Inference,
  file: ParsedFile,
  rule: ParsedRule,
): readonly LintWarning[] {
  if (rule.default === true) return [];
  const name = isAsked(file.package) ? ruleName(rule) : '';
  const isAllow = name === 'allow';
  const warnings: LintWarning[] = [];
  const warn = (level: LintWarning['level'], row: number, text: string): void => {
    warnings.push({ level, file: file.file, line: row || rule.location.row, text });
  };
  const result = isAllow ? 'it allows nothing' : 'it counts for the whole run';
  inference.walk(rule, {
    ...SILENT,
    object: (pairs, shapes, row) => {
      if (!pairs.some(([key]) => constantOf(key) === 'msg')) return;
      for (const [i, [key, value]] of pairs.entries()) {
        const text = constantOf(key);
        const shape = shapes[i] ?? null;
        if (text === 'address' && isAllow) {
          const problem = notAnAddress(value, shape);
          if (problem !== null) warn('error', row, `the address of this message is ${problem}: ${result}`);
        }
        const problem = text === null ? null : unreadKey(text, shape);
        if (problem !== null) warn(isAllow ? 'error' : 'warning', row, `${problem}: ${result}`);
      }
    },
    head: (part, node, shape) => {
      if (!isAllow || !isAddressText(part, node, shape)) return;
      const text = 'this message is an address as plain text, which names no finding: it allows nothing';
      warn('error', node.location?.row ?? 0, `${text}; write {"msg": …, "address": …}`);
    },
  });
  return warnings;
}

function constantOf(node: Node | undefined): string | null {
  return node?.type === 'string' ? String(node.value) : null;
}

/** Why a value is no address, where that is certain. */
function notAnAddress(value: Node | undefined, shape: Shape): string | null {
  const text = constantOf(value);
  if (text !== null) return mayBeAddress(text) ? null : `${JSON.stringify(text)}, which is no address`;
  if (shape === null || (shape.type === 'text' && shape.isAddress)) return null;
  if (shape.type === 'text' || shape.type === 'word') return `${shape.name}, which is no address`;
  return `no text but ${shape.type === 'object' || shape.type === 'map' ? 'an object' : 'a list'}`;
}

/** What is wrong with a key that m0 does not read; null for keys that are for people only. */
function unreadKey(key: string, shape: Shape): string | null {
  const meant = meantKey(key);
  if (meant !== null) return `m0 does not read ${key} in a message; did you mean ${meant}?`;
  if (MESSAGE_KEYS.some((known) => known === key)) return null;
  return shape?.type === 'text' && shape.isAddress
    ? `m0 does not read ${key} in a message; write the address as address`
    : null;
}

/** True where all messages of a head are addresses. */
function isAddressText(part: 'key' | 'value', node: Node, shape: Shape): boolean {
  const inside = shape?.type === 'list' || shape?.type === 'set' ? shape.of : null;
  const message = part === 'key' ? shape : inside;
  if (message?.type === 'text' && message.isAddress) return true;
  const text = part === 'key' ? constantOf(node) : null;
  return text !== null && looksLikeAddress(text);
}
