/** Compiles a policy with opa and runs its tests. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BUNDLE, type Bundle, type BundleFacts } from './bundle.ts';
import type { Compiler } from './compiler.ts';
import { compilerErrors, onlySyntax } from './compiler-errors.ts';
import { readData } from './data-shape.ts';
import { copyDefinitions } from './definition-copies.ts';
import { buildFastPath } from './fast-path.ts';
import { inputPaths } from './input-paths.ts';
import { leftOutOf } from './left-out.ts';
import { moveText, namespaceOf, proveMoved } from './namespace.ts';
import type { OpaResult } from './opa.ts';
import { OpaLimitReached } from './opa.ts';
import { bridgeFor } from './other-systems.ts';
import { type ParsedFile, parseFiles, type RegoFile, readRego, type Syntax, syntaxFlags } from './parse.ts';
import { FailedTests, PolicyRefusal } from './refusal.ts';
import { findRules, readsApprovers, readsCause, readsClock } from './rules.ts';
import { copyPolicy, listPolicy, type PolicyFiles } from './stage.ts';
import { meantFor } from './unread.ts';

/** Name of the directory that opa works on; removed from paths in its messages. */
export const STAGE = 'policy';
/** A policy that opa compiles, before m0 asks it. */
export interface CheckedPolicy {
  readonly syntax: Syntax;
  readonly parsed: readonly ParsedFile[];
}

/**
 * Compiles the policy in `dir` into the new directory `into`: without tests, with v1 and then v0 syntax, with the
 * allowed builtins only. Then runs its own `opa test`. `identity` is what no other policy has, for its namespace.
 * Throws a PolicyRefusal that names file and line where the policy is wrong, any other error where opa could not be
 * run.
 */
export async function compilePolicy(
  compiler: Compiler,
  dir: string,
  into: string,
  identity: readonly string[],
): Promise<Bundle> {
  const files = await listPolicy(dir);
  if (files.rules.length === 0) {
    const [other] = [...files.leftOut.filter((file) => file.endsWith('.rego')), ...files.tests];
    throw new PolicyRefusal(
      `there is no .rego file${other === undefined ? '' : ` but ${other}, which is left out`}`,
    );
  }
  return inScratch(into, (work) =>
    refusingLimits(async () => {
      const checked = await checkPolicy(compiler, dir, files, work);
      const { syntax, parsed } = checked;
      const rules = rulesOf(parsed);
      await runTests(compiler, dir, files, syntax, work);
      const facts = {
        ...{ namespace: namespaceOf(identity), syntax, rules, inputPaths: inputPaths(parsed) },
        ...{ readsApprovers: readsApprovers(parsed), readsClock: readsClock(parsed) },
        readsCause: readsCause(parsed),
        leftOut: await findLeftOut(compiler, dir, files, checked, work),
      };
      const own = { facts, parsed, files, stage: join(work, STAGE), into: join(into, BUNDLE) };
      const bundle =
        (await withCopies(compiler, own, work)) ?? (await writeBundle(compiler, own, parsed, work));
      return { ...bundle, fast: await buildFastPath(compiler, bundle, parsed, into, work) };
    }),
  );
}

/** The definitions that m0 evaluates. Throws a PolicyRefusal where there are none. */
function rulesOf(parsed: readonly ParsedFile[]): BundleFacts['rules'] {
  const rules = findRules(parsed);
  if (rules.length > 0) return rules;
  const bridge = bridgeFor(parsed);
  const why = [
    'no deny, pending, allow or warn rule in package env0 or m0: it could say nothing',
    ...[meantFor(parsed, bridge === null), bridge].filter((hint) => hint !== null),
  ];
  throw new PolicyRefusal(why.join('; '));
}

/** What of the folder has no effect. */
async function findLeftOut(
  { opa }: Compiler,
  dir: string,
  files: PolicyFiles,
  { syntax, parsed }: CheckedPolicy,
  work: string,
): Promise<BundleFacts['leftOut']> {
  const tests = await parseFiles(opa, work, await readRego(dir, files.tests), syntax);
  const data = await readData(join(work, STAGE), files.data);
  return leftOutOf({ rules: parsed, tests, data, leftOut: files.leftOut });
}

/** Runs `task` with a new folder beside `into` for temporary files. */
async function inScratch<T>(into: string, task: (work: string) => Promise<T>): Promise<T> {
  await mkdir(dirname(into), { recursive: true, mode: 0o700 });
  const work = await mkdtemp(`${into}-work-`);
  try {
    return await task(work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A policy that needs more memory or processor time than it may have needs it each time, so it is refused. */
export async function refusingLimits<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof OpaLimitReached && error.of !== 'time') throw new PolicyRefusal(error.message);
    throw error;
  }
}

/** Copies the policy to `work`/policy, compiles it there as it is and parses it. Throws a PolicyRefusal. */
export async function checkPolicy(
  compiler: Compiler,
  dir: string,
  files: PolicyFiles,
  work: string,
): Promise<CheckedPolicy> {
  const stage = join(work, STAGE);
  await copyPolicy(dir, stage, [...files.rules, ...files.data]);
  const syntax = await checkEither(compiler, work);
  return { syntax, parsed: await parseFiles(compiler.opa, work, await readRego(stage, files.rules), syntax) };
}

/** Tries v1 and then v0. Returns the one that compiled; of two failures it reports the more likely one. */
async function checkEither({ opa, capabilities }: Compiler, work: string): Promise<Syntax> {
  const check = (syntax: Syntax): Promise<OpaResult> =>
    opa.run(['check', ...syntaxFlags(syntax), '--capabilities', capabilities, '--bundle', STAGE], {
      cwd: work,
    });
  const v1 = await check('v1');
  if (v1.exitCode === 0) return 'v1';
  const v0 = await check('v0');
  if (v0.exitCode === 0) return 'v0';
  const [output1, output0] = [v1.stdout + v1.stderr, v0.stdout + v0.stderr];
  // If only v1 reports syntax errors, the policy is written in v0, and v0's error is the real one.
  const output = onlySyntax(output1) && !onlySyntax(output0) ? output0 : output1;
  throw new PolicyRefusal(compilerErrors(output, STAGE) || `opa check ended with ${v1.exitCode}`);
}

interface OwnPolicy {
  readonly facts: Omit<BundleFacts, 'copies' | 'ownLines' | 'fast'>;
  readonly parsed: readonly ParsedFile[];
  readonly files: PolicyFiles;
  /** The policy's files as they are. */
  readonly stage: string;
  /** The new directory that becomes a bundle of opa. */
  readonly into: string;
}

/**
 * The bundle with a copy of each definition that shares its rule with others. Null where there are none, or where
 * they do not compile: a missing line number is no reason to refuse a policy.
 */
async function withCopies(compiler: Compiler, own: OwnPolicy, work: string): Promise<Bundle | null> {
  const copies = copyDefinitions(own.parsed);
  if (copies === null) return null;
  const texts = own.parsed.map(({ file, text }) => ({ file, text: text + (copies.append.get(file) ?? '') }));
  try {
    const parsed = await parseFiles(compiler.opa, work, texts, own.facts.syntax);
    const bundle = await writeBundle(compiler, own, parsed, work);
    const place = ([i, ref]: readonly [number, string]): [number, string] => [
      i,
      moved(ref, bundle.namespace),
    ];
    return {
      ...bundle,
      copies: Object.fromEntries([...copies.refs].map(place)),
      ownLines: Object.fromEntries(own.parsed.map(({ file, text }) => [file, text.split('\n').length])),
    };
  } catch (error) {
    if (!(error instanceof PolicyRefusal)) throw error;
    await rm(own.into, { recursive: true, force: true });
    return null;
  }
}

/** A reference to `data` in the bundle's namespace. */
export function moved(ref: string, namespace: string): string {
  return ref.replace(/^data\b/, `data.${namespace}`);
}

/** Writes a bundle as opa loads it, all of it below the namespace, and compiles it. Throws a PolicyRefusal. */
async function writeBundle(
  { opa, capabilities }: Compiler,
  { facts, files, stage, into }: OwnPolicy,
  parsed: readonly ParsedFile[],
  work: string,
): Promise<Bundle> {
  const { namespace, syntax } = facts;
  const texts: readonly RegoFile[] = parsed.map((f) => ({ file: f.file, text: moveText(f, namespace) }));
  for (const [i, after] of (await parseFiles(opa, work, texts, syntax)).entries()) {
    proveMoved(parsed[i] as ParsedFile, after, namespace);
  }
  const below = join(into, namespace);
  await copyPolicy(stage, below, files.data);
  for (const { file, text } of texts) {
    await mkdir(dirname(join(below, file)), { recursive: true });
    await writeFile(join(below, file), text);
  }
  const manifest = { roots: [namespace], rego_version: syntax === 'v0' ? 0 : 1 };
  await writeFile(join(into, '.manifest'), JSON.stringify(manifest));
  const check = ['check', '--capabilities', capabilities, '--bundle', BUNDLE];
  const checked = await opa.run(check, { cwd: dirname(into) });
  if (checked.exitCode !== 0) {
    throw new PolicyRefusal(compilerErrors(checked.stdout + checked.stderr, `${BUNDLE}/${namespace}`));
  }
  return { ...facts, dir: into, copies: {}, ownLines: {}, fast: false };
}

/**
 * Runs the policy's own tests, without network and without m0's environment. Throws a PolicyRefusal that names the
 * failing tests.
 */
export async function runTests(
  { opa, capabilities }: Compiler,
  dir: string,
  files: PolicyFiles,
  syntax: Syntax,
  work: string,
): Promise<readonly TestCase[]> {
  if (files.tests.length === 0) return [];
  const tests = join(work, 'tests');
  await copyPolicy(dir, join(tests, STAGE), [...files.rules, ...files.tests, ...files.data]);
  // A test that its author skips (`todo_test_…`) does not fail.
  const given = ['--capabilities', capabilities, '--exit-zero-on-skipped'];
  const flags = [...given, '--format', 'json', '--bundle', STAGE];
  const result = await opa.run(['test', ...syntaxFlags(syntax), ...flags], { cwd: tests });
  const cases = readTestCases(result.stdout);
  if (result.exitCode !== 0) throw new FailedTests(testFailures(cases, result));
  return cases ?? [];
}

/** One test case of `opa test --format json`. */
export interface TestCase {
  readonly package?: string;
  readonly name?: string;
  readonly skip?: boolean;
  readonly fail?: boolean;
  readonly error?: unknown;
  readonly location?: { readonly file?: string; readonly row?: number };
}

function readTestCases(stdout: string): readonly TestCase[] | null {
  try {
    const cases = JSON.parse(stdout) as unknown;
    return Array.isArray(cases) ? (cases as readonly TestCase[]) : null;
  } catch {
    return null;
  }
}

function testFailures(cases: readonly TestCase[] | null, result: OpaResult): string {
  if (cases === null) return compilerErrors(result.stdout + result.stderr, STAGE);
  const failed = cases.filter((c) => c.fail === true || c.error !== undefined);
  const named = failed.slice(0, 3).map((c) => {
    const file = (c.location?.file ?? '').replace(new RegExp(`^/?${STAGE}/`), '');
    return `${file}:${c.location?.row ?? 0}: ${c.name ?? ''}`;
  });
  const more = failed.length - named.length;
  return `its own opa test fails: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
