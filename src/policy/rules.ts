import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { POLICY_RULES } from '../decisions/decision.ts';
import { ENTRY_PACKAGE, PACKAGES, PROOF_KEY, type RuleDefinition } from './bundle.ts';
import type { Opa } from './opa.ts';
import { PolicyRefusal } from './refusal.ts';

const Parsed = z.object({
  package: z.object({ path: z.array(z.object({ value: z.unknown() })) }),
  rules: z
    .array(
      z.object({
        default: z.boolean().optional(),
        location: z.object({ row: z.number() }).optional(),
        head: z.object({
          name: z.string().optional(),
          ref: z.array(z.object({ value: z.unknown() })).optional(),
          key: z.unknown().optional(),
          value: z.unknown().optional(),
        }),
      }),
    )
    .optional(),
});

/**
 * Where a policy defines the rules m0 asks, in the order of files and lines. `dir` holds the files, `opa` runs
 * in `cwd` with paths under `stage`. Refuses the packages that m0 keeps for itself.
 */
export async function findRules(
  opa: Opa,
  dir: string,
  files: readonly string[],
  syntax: 'v1' | 'v0',
): Promise<readonly RuleDefinition[]> {
  const found: RuleDefinition[] = [];
  for (const file of files) {
    const text = await readFile(join(dir, file), 'utf8');
    // One process a file: only those that can matter.
    if (!/\b(?:env0|m0|m0_entry|m0_proof)\b/.test(text)) continue;
    const flags = syntax === 'v0' ? ['--v0-compatible'] : [];
    const result = await opa.run(
      ['parse', ...flags, '--format', 'json', '--json-include', 'locations', file],
      dir,
    );
    if (result.exitCode !== 0) throw new Error(`running opa parse on ${file}: ${result.stderr.trim()}`);
    const parsed = Parsed.parse(JSON.parse(result.stdout));
    const path = parsed.package.path.slice(1).map((p) => String(p.value));
    if (path[0] === ENTRY_PACKAGE || path[0] === PROOF_KEY) {
      throw new PolicyRefusal(`${file}: package ${path[0]} is m0's own; choose another name`);
    }
    const name = PACKAGES.find((p) => path.length === 1 && p === path[0]);
    if (name === undefined) continue;
    for (const rule of parsed.rules ?? []) {
      const head = rule.head;
      const named = head.name ?? String(head.ref?.[0]?.value ?? '');
      const known = POLICY_RULES.find((r) => r === named);
      if (known === undefined) continue;
      found.push({
        package: name,
        rule: known,
        file,
        line: rule.location?.row ?? 0,
        kind: head.key !== undefined && head.value === undefined ? 'set' : 'value',
      });
    }
  }
  return found;
}
