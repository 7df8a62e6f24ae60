import { POLICY_RULES } from '../decisions/decision.ts';
import { ENTRY_PACKAGE, PACKAGES, PROOF_KEY, type RuleDefinition } from './bundle.ts';
import { eachRef, type ParsedFile, type ParsedRule, type Part, ruleName } from './parse.ts';
import { PolicyRefusal } from './refusal.ts';

/** A definition of a rule that m0 asks, and what the parser knows of it. */
export interface AskedRule {
  readonly definition: RuleDefinition;
  readonly parsed: ParsedRule;
}

/** Where a policy defines the rules m0 asks, in the order of files and lines. */
export function findRules(files: readonly ParsedFile[]): readonly RuleDefinition[] {
  return askedRules(files).map((a) => a.definition);
}

/** The same, with their trees. Refuses the packages that m0 keeps for itself. */
export function askedRules(files: readonly ParsedFile[]): readonly AskedRule[] {
  return files.flatMap(({ file, package: path, rules }) => {
    if (path[0] === ENTRY_PACKAGE || path[0] === PROOF_KEY) {
      throw new PolicyRefusal(`${file}: package ${path[0]} is m0's own; choose another name`);
    }
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

/** `default allow := false` and the like: what it stands for is silence. */
function isMute(rule: ParsedRule): boolean {
  if (rule.default !== true) return false;
  const value = (rule.head.value as Part | undefined)?.value;
  return value === false || (Array.isArray(value) && value.length === 0);
}

/** Its own title before that of all definitions of its name. */
function titleOf(rule: ParsedRule): string | null {
  const titles = (rule.annotations ?? []).filter((a) => a.title !== undefined && a.title !== '');
  const own = titles.find((a) => a.scope === 'rule') ?? titles.find((a) => a.scope === 'document');
  return own?.title ?? null;
}

/**
 * True where any rule of the policy may read `input.approvers`: by that name, by a name that is computed, or
 * because it takes `input` as a whole. In doubt it does.
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
