/** Finds what looks like a part of a policy and has no effect, because m0 does not give it to OPA. */
import { basename } from 'node:path';
import { POLICY_RULES } from '../decisions/decision.ts';
import { nearest } from '../text/nearest.ts';
import { type DataDocument, dataShape } from './data-shape.ts';
import { Inference, ownKey, SILENT } from './infer.ts';
import type { ObjectShape, Shape } from './input-shape.ts';
import { type LintWarning, sortWarnings } from './lint-warning.ts';
import { type ParsedFile, type Part, ruleName } from './parse.ts';
import { isAsked } from './reads.ts';

/** A policy's folder, parsed. */
export interface PolicyFolder {
  readonly rules: readonly ParsedFile[];
  readonly tests: readonly ParsedFile[];
  readonly data: readonly DataDocument[];
  /** Paths of files that OPA does not get. */
  readonly leftOut: readonly string[];
}

/** More files under other names are counted, not named. */
const MAX_NAMED = 10;

/**
 * Warnings about rules in test files that would decide, about files that OPA does not get, and about data that
 * nothing defines: each of them may be an objection that is never made. Data under other names comes last, because
 * it is often no part of the policy.
 */
export function leftOutOf(folder: PolicyFolder): readonly LintWarning[] {
  const isData = (path: string): boolean => !isHidden(path) && !isRego(path);
  const data = folder.leftOut.filter(isData).sort();
  const others = folder.leftOut.filter((path) => !isData(path)).sort();
  return [
    ...sortWarnings(rulesInTests(folder.tests)),
    ...others.map(fileLeftOut),
    ...sortWarnings(undefinedData(folder)),
    ...dataLeftOut(data),
  ];
}

function isHidden(path: string): boolean {
  return path.split(/[/\\]/).some((part) => part.startsWith('.'));
}

function isRego(path: string): boolean {
  return /\.rego$/i.test(path);
}

function warn(file: string, text: string): LintWarning {
  return { level: 'warning', file, line: 1, text };
}

function fileLeftOut(path: string): LintWarning {
  return isHidden(path)
    ? warn(path, 'left out, because it is hidden; rename it, or move it out of the hidden folder')
    : warn(path, 'left out, because its name does not end with .rego in lower case; rename it');
}

function dataLeftOut(paths: readonly string[]): readonly LintWarning[] {
  const named = paths.slice(0, paths.length > MAX_NAMED + 1 ? MAX_NAMED : paths.length);
  const [first, ...more] = paths.slice(named.length);
  const why =
    'only data.json, data.yaml and data.yml are loaded as data; rename it, or move it to another folder';
  return [
    ...named.map((path) => warn(path, `left out, because ${why}`)),
    ...(first === undefined
      ? []
      : [warn(first, `left out like ${more.length} more JSON and YAML files under other names`)]),
  ];
}

function rulesInTests(tests: readonly ParsedFile[]): readonly LintWarning[] {
  return tests
    .filter((file) => isAsked(file.package))
    .flatMap(({ file, rules }) =>
      rules
        .filter((rule) => POLICY_RULES.some((name) => name === ruleName(rule)))
        .map((rule): LintWarning => {
          const text = `this ${ruleName(rule)} is left out, because *_test.rego is only for tests; move it to another file`;
          return { level: 'warning', file, line: rule.location.row, text };
        }),
    );
}

/** Warns about references to data that neither a rule nor a data file defines. */
function undefinedData({ rules, data, leftOut, tests }: PolicyFolder): readonly LintWarning[] {
  const shape = dataShape(rules, data);
  const inference = new Inference(rules, shape);
  return rules.flatMap((file) => {
    const warnings: LintWarning[] = [];
    const warn = (parent: ObjectShape, key: string, line: number): void => {
      const hint = whereItMayBe(parent, key, leftOut, tests);
      const text = `nothing defines ${parent.name}.${key}: this is always undefined${hint}`;
      warnings.push({ level: 'warning', file: file.file, line, text });
    };
    for (const { path, location } of file.imports) {
      const [head, ...parts] = path.value as readonly Part[];
      let at: Shape = head?.value === 'data' ? shape : null;
      for (const part of parts) {
        if (at?.type !== 'object') break;
        const next: Shape | undefined = ownKey(at, String(part.value));
        if (next === undefined) warn(at, String(part.value), location.row);
        at = next ?? null;
      }
    }
    for (const rule of file.rules) {
      inference.walk(rule, {
        ...SILENT,
        missing: (parent, key, row) => {
          if (parent.type === 'object' && parent.isData) warn(parent, key, row || rule.location.row);
        },
      });
    }
    return warnings;
  });
}

/** What may have been meant: a file that is left out, or a similar key; empty where there is none. */
function whereItMayBe(
  parent: ObjectShape,
  key: string,
  leftOut: readonly string[],
  tests: readonly ParsedFile[],
): string {
  const path = [...parent.name.split('.').slice(1), key];
  const test = tests.find((file) =>
    file.rules.some((rule) => isBeginning(path, [...file.package, ruleName(rule)])),
  );
  if (test !== undefined) return `; ${test.file} defines it, and tests are left out`;
  const stem = (file: string): string => basename(file).replace(/^\.+|\.\w+$/g, '');
  const named = leftOut.find((file) => path.includes(stem(file)));
  if (named !== undefined) return `; ${named} is left out`;
  const [near] = nearest(key, Object.keys(parent.keys), 1);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** True if one of two paths is the beginning of the other. */
function isBeginning(one: readonly string[], other: readonly string[]): boolean {
  return one.every((part, i) => i >= other.length || part === other[i]);
}
