/** Warns about rules that neither m0 nor another rule reads. */
import { POLICY_RULES, type PolicyRule } from '../decisions/decision.ts';
import { PACKAGES } from './bundle.ts';
import type { LintWarning } from './lint-warning.ts';
import { type ParsedFile, ruleName } from './parse.ts';
import { constantPath, isAsked, readsOf } from './reads.ts';

/** Names that authors use instead of m0's rule names, by their first letters. */
const SIMILAR_NAMES: readonly (readonly [RegExp, PolicyRule])[] = [
  [/^(?:den(?:y|ies|ied|ial)|reject|violat|block|forbid|disallow|prohibit|error|fail)/i, 'deny'],
  [/^(?:allow|approv|permit|accept|auto|pass)/i, 'allow'],
  [/^(?:pend|wait|manual|human|review|require|need|hold|ask)/i, 'pending'],
  [/^(?:warn|info|notice|advis)/i, 'warn'],
];

/** The rule that the author probably meant by a name, or null. */
export function meantRule(name: string): PolicyRule | null {
  return SIMILAR_NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/**
 * Warns about rules in env0 and m0 that nothing reads, and about decisions in packages that m0 does not
 * evaluate.
 */
export function unread(files: readonly ParsedFile[], tests: readonly ParsedFile[]): readonly LintWarning[] {
  const reads = [...files, ...tests].flatMap((file) => readsOf(file).map(({ path }) => constantPath(path)));
  const isRead = (path: readonly string[]): boolean =>
    reads.some((read) => read.every((part, i) => i >= path.length || part === path[i]));
  const warned = new Set<string>();
  return files.flatMap((file) =>
    file.rules.flatMap((rule): readonly LintWarning[] => {
      const name = ruleName(rule);
      const path = [...file.package, name];
      const asked = isAsked(file.package);
      if (warned.has(path.join('.')) || name.startsWith('test_') || isRead(path)) return [];
      if (asked && POLICY_RULES.some((r) => r === name)) return [];
      const text = asked ? unaskedRule(name) : unaskedPackage(file.package, name);
      if (text === null) return [];
      warned.add(path.join('.'));
      return [{ level: 'warning', file: file.file, line: rule.location.row, text }];
    }),
  );
}

/**
 * For a policy without any rule that m0 evaluates: the warning about the first rule that was probably meant
 * as one; null where there is none. `advice`: with what to do about it.
 */
export function meantFor(files: readonly ParsedFile[], advice: boolean): string | null {
  const first = unread(files, []).find(
    ({ text }) => text.startsWith('m0 asks only packages') || text.includes('did you mean'),
  );
  if (first === undefined) return null;
  const [fact] = first.text.split('; ');
  return `${first.file}:${first.line}: ${advice ? first.text : fact}`;
}

function unaskedRule(name: string): string {
  const meant = meantRule(name);
  const warning = `nothing reads ${name}: m0 asks ${POLICY_RULES.join(', ')} only`;
  return meant === null
    ? `${warning}; use it in one of them, or leave it out`
    : `${warning}; did you mean ${meant}?`;
}

function unaskedPackage(path: readonly string[], name: string): string | null {
  if (!POLICY_RULES.some((r) => r === name) && !/^violations?$/.test(name)) return null;
  return `m0 asks only packages ${PACKAGES.join(' and ')}, so it never reads ${path.join('.')}.${name}; say package m0, or use it in a rule of m0`;
}
