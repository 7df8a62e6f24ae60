/** Finds the rules that m0 evaluates in a parsed policy. */
import { POLICY_RULES } from '../decisions/decision.ts';
import { PACKAGES, type RuleDefinition } from './bundle.ts';
import { CLOCK_BUILTIN } from './capabilities.ts';
import { eachRef, eachTerm, type ParsedFile, type ParsedRule, type Part, ruleName } from './parse.ts';

/** A definition of a rule that m0 evaluates, and its syntax tree. */
export interface AskedRule {
  readonly definition: RuleDefinition;
  readonly parsed: ParsedRule;
}

/** The definitions of all rules that m0 evaluates, in the order of files and lines. */
export function findRules(files: readonly ParsedFile[]): readonly RuleDefinition[] {
  return askedRules(files).map((a) => a.definition);
}

/** The same with their syntax trees. */
export function askedRules(files: readonly ParsedFile[]): readonly AskedRule[] {
  return files.flatMap(({ file, package: path, rules }) => {
    const name = PACKAGES.find((p) => path.length === 1 && p === path[0]);
    if (name === undefined) return [];
    return rules.flatMap((parsed): readonly AskedRule[] => {
      const known = POLICY_RULES.find((r) => r === ruleName(parsed));
      if (known === undefined) return [];
      const definition: RuleDefinition = {
        package: name,
        rule: known,
        file,
        line: parsed.location.row,
        kind: parsed.head.key !== undefined && parsed.head.value === undefined ? 'set' : 'value',
        title: titleOf(parsed),
        mute: isMute(parsed),
      };
      return [{ definition, parsed }];
    });
  });
}

/** True for `default allow := false` and the like, which produce no message. */
function isMute(rule: ParsedRule): boolean {
  if (rule.default !== true) return false;
  const value = (rule.head.value as Part | undefined)?.value;
  return value === false || (Array.isArray(value) && value.length === 0);
}

/** The rule's own title, or else the title for all definitions of its name. */
function titleOf(rule: ParsedRule): string | null {
  const titles = (rule.annotations ?? []).filter((a) => a.title !== undefined && a.title !== '');
  const own = titles.find((a) => a.scope === 'rule') ?? titles.find((a) => a.scope === 'document');
  return own?.title ?? null;
}

/**
 * True where a rule may read `input.approvers`: by name, by a computed key, or by using `input` as a whole.
 * Returns true where it is not certain.
 */
export function readsApprovers(files: readonly ParsedFile[]): boolean {
  let reads = false;
  const visit = ([head, part]: readonly Part[]): void => {
    if (head?.type !== 'var' || head.value !== 'input') return;
    if (part === undefined || part.type !== 'string' || part.value === 'approvers') reads = true;
  };
  for (const file of files) {
    for (const { path } of file.imports) eachRef(path, visit);
    for (const rule of file.rules) eachRef(rule, visit);
  }
  return reads;
}

/** True where a rule names the key `cause`. The input of all others has no such key, so they can't read it in any way. */
export function readsCause(files: readonly ParsedFile[]): boolean {
  let reads = false;
  const visit = (term: Part): void => {
    if (term.type === 'string' && term.value === 'cause') reads = true;
  };
  for (const file of files) {
    for (const { path } of file.imports) eachTerm(path, visit);
    for (const rule of file.rules) eachTerm(rule, visit);
  }
  return reads;
}

/** True where a rule asks what time it is. */
export function readsClock(files: readonly ParsedFile[]): boolean {
  let reads = false;
  for (const { rules } of files) {
    eachRef(rules, (parts) => {
      if (parts.map((p) => p.value).join('.') === CLOCK_BUILTIN) reads = true;
    });
  }
  return reads;
}
