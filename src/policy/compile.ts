/** Compiles a policy with opa and runs its tests. */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { mendModule } from './builtins/natives.ts';
import { HOST_BUILTINS } from './builtins/table.ts';
import { type Bundle, ENTRY_PACKAGE, PROOF_KEY, type RuleDefinition } from './bundle.ts';
import { trimCapabilities } from './capabilities.ts';
import { compilerErrors, onlySyntax } from './compiler-errors.ts';
import { copyDefinitions, keyOfCopy } from './definition-copies.ts';
import { DECIDING, ENTRYPOINT, entrypointModule } from './entrypoint.ts';
import { type InputPaths, inputPaths } from './input-paths.ts';
import { requiredBuiltins } from './instance.ts';
import type { Opa, OpaResult } from './opa.ts';
import { type ParsedFile, parseFiles } from './parse.ts';
import { FailedTests, PolicyRefusal } from './refusal.ts';
import { findRules, readsApprovers } from './rules.ts';
import { copyPolicy, listPolicy, type PolicyFiles } from './stage.ts';
import { readTarGz } from './tar.ts';
import { meantFor } from './unread.ts';

/** The result of a compilation, before it is loaded. This is what the cache stores. */
export interface CompiledFiles {
  readonly wasm: Buffer;
  /** JSON text of the policy's data documents, without the proof. */
  readonly data: string;
  readonly syntax: 'v1' | 'v0';
  readonly rules: readonly RuleDefinition[];
  readonly readsApprovers: boolean;
  /**
   * The module that shows which definition produced a message, and the indexes of the definitions it copies.
   */
  readonly spoken: { readonly wasm: Buffer; readonly copied: readonly number[] } | null;
  readonly inputPaths: InputPaths;
}

/** Name of the directory that opa works on; removed from paths in its messages. */
export const STAGE = 'policy';

/**
 * Compiles the policy in `dir` as production does: without tests, with v1 and then v0 syntax, with the
 * allowed builtins only. Then runs its own `opa test`. Throws a PolicyRefusal that names file and line where
 * the policy is wrong, any other error where opa could not be run. Works under `scratch`.
 */
export async function compilePolicy(opa: Opa, dir: string, scratch: string): Promise<CompiledFiles> {
  const files = await listPolicy(dir);
  if (files.rules.length === 0) throw new PolicyRefusal('there is no .rego file');
  await mkdir(scratch, { recursive: true });
  const work = await mkdtemp(join(scratch, 'compile-'));
  try {
    return await compileIn(opa, dir, files, work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function compileIn(opa: Opa, dir: string, files: PolicyFiles, work: string): Promise<CompiledFiles> {
  const stage = join(work, STAGE);
  await copyPolicy(dir, stage, [...files.rules, ...files.data]);
  const built = await buildStage(opa, work, entrypointModule(DECIDING));
  const parsed = await parseFiles(opa, stage, files.rules, built.syntax);
  const rules = findRules(parsed);
  if (rules.length === 0) {
    const output = meantFor(parsed);
    throw new PolicyRefusal(
      `no deny, pending, allow or warn rule in package env0 or m0: it could say nothing${output === null ? '' : `; ${output}`}`,
    );
  }
  await runTests(opa, dir, files, built.syntax, work);
  const spoken = await buildSpoken(opa, parsed, files, built.syntax, work);
  const reads = { readsApprovers: readsApprovers(parsed), inputPaths: inputPaths(parsed) };
  return { ...built, rules, ...reads, spoken };
}

/**
 * Builds the module with the copied definitions from the policy staged in `work`. Null where no copies are
 * needed or they do not build: missing line numbers are no reason to refuse a policy.
 */
async function buildSpoken(
  opa: Opa,
  parsed: readonly ParsedFile[],
  files: PolicyFiles,
  syntax: 'v1' | 'v0',
  work: string,
): Promise<CompiledFiles['spoken']> {
  const copies = copyDefinitions(parsed);
  if (copies === null) return null;
  try {
    const stage = join(work, 'spoken', STAGE);
    await copyPolicy(join(work, STAGE), stage, [...files.rules, ...files.data]);
    for (const [file, text] of copies.append) await appendFile(join(stage, file), text);
    const asked = new Map([...copies.refs].map(([i, ref]) => [keyOfCopy(i), ref]));
    const built = await buildStage(opa, join(work, 'spoken'), entrypointModule(asked));
    return built.syntax === syntax ? { wasm: built.wasm, copied: [...copies.refs.keys()] } : null;
  } catch {
    // The policy itself has been built, so any failure here is acceptable.
    return null;
  }
}

/** A built module with its data, before its rules are read. */
export type BuiltModule = Pick<CompiledFiles, 'wasm' | 'data' | 'syntax'>;

/**
 * Builds what is staged in `work`/policy with the given entrypoint, and checks that m0 can answer all its
 * builtins. Throws a PolicyRefusal where the policy is wrong.
 */
export async function buildStage(opa: Opa, work: string, entrypoint: string): Promise<BuiltModule> {
  const stage = join(work, STAGE);
  await mkdir(join(stage, ENTRY_PACKAGE));
  await writeFile(join(stage, ENTRY_PACKAGE, 'entry.rego'), entrypoint);
  const capabilities = (await opa.run(['capabilities', '--current'], work)).stdout;
  const build = async (without: ReadonlySet<string>, syntax: 'v1' | 'v0'): Promise<OpaResult> => {
    await writeFile(join(work, 'capabilities.json'), trimCapabilities(capabilities, without));
    return opa.run(
      [
        'build',
        ...(syntax === 'v0' ? ['--v0-compatible'] : []),
        ...['--target', 'wasm', '--entrypoint', ENTRYPOINT, '--prune-unused'],
        ...['--capabilities', 'capabilities.json', '--output', 'bundle.tar.gz', '--bundle', STAGE],
      ],
      work,
    );
  };

  const syntax = await buildEither((tried) => build(new Set(), tried));
  const built = readTarGz(await readFile(join(work, 'bundle.tar.gz')));
  const wasm = built.get('/policy.wasm');
  if (wasm === undefined) throw new PolicyRefusal('opa build made no module: there is nothing to ask');
  const data = built.get('/data.json')?.toString('utf8').trim() ?? '{}';

  const unproven = requiredBuiltins(loadModule(wasm)).filter((name) => HOST_BUILTINS[name] === undefined);
  if (unproven.length > 0) {
    // The module names the builtins, but only the compiler knows the lines. So compile again without those
    // builtins, which makes it fail at them.
    const again = await build(new Set(unproven), syntax);
    throw new PolicyRefusal(
      again.exitCode === 0
        ? `m0 can't answer ${unproven.join(', ')} exactly as opa does`
        : compilerErrors(again.stdout + again.stderr, STAGE),
    );
  }
  return { wasm, data, syntax };
}

/** Tries v1 and then v0. Returns the one that compiled; of two failures it reports the more likely one. */
async function buildEither(build: (syntax: 'v1' | 'v0') => Promise<OpaResult>): Promise<'v1' | 'v0'> {
  const v1 = await build('v1');
  if (v1.exitCode === 0) return 'v1';
  const v0 = await build('v0');
  if (v0.exitCode === 0) return 'v0';
  const [output1, output0] = [v1.stdout + v1.stderr, v0.stdout + v0.stderr];
  // If only v1 reports syntax errors, the policy is written in v0, and v0's error is the real one.
  const output = onlySyntax(output1) && !onlySyntax(output0) ? output0 : output1;
  throw new PolicyRefusal(compilerErrors(output, STAGE) || `opa build ended with ${v1.exitCode}`);
}

/** Compiles the module in V8, which rejects some modules that `opa build` produces. */
function loadModule(wasm: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(mendModule(wasm) as Uint8Array<ArrayBuffer>);
  } catch (error) {
    throw new PolicyRefusal(`the compiled module is not valid: ${errorText(error)}`);
  }
}

/**
 * Runs the policy's own tests, without network and without m0's environment, with the capabilities that
 * `buildStage` wrote to `work`. Throws a PolicyRefusal that names the failing tests.
 */
export async function runTests(
  opa: Opa,
  dir: string,
  files: PolicyFiles,
  syntax: 'v1' | 'v0',
  work: string,
): Promise<readonly TestCase[]> {
  if (files.tests.length === 0) return [];
  const stage = join(work, 'tests', STAGE);
  await copyPolicy(dir, stage, [...files.rules, ...files.tests, ...files.data]);
  const result = await opa.run(
    [
      'test',
      ...(syntax === 'v0' ? ['--v0-compatible'] : []),
      ...['--capabilities', '../capabilities.json', '--format', 'json', '--bundle', STAGE],
    ],
    join(work, 'tests'),
  );
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

/** Loads compiled files as a bundle and adds the proof to its data. Throws a PolicyRefusal. */
export function loadBundle(files: CompiledFiles): Bundle {
  const data = files.data;
  if (!data.startsWith('{')) throw new PolicyRefusal('its data is no JSON object');
  if (Object.hasOwn(JSON.parse(data) as object, PROOF_KEY)) {
    throw new PolicyRefusal(`its data has a key ${PROOF_KEY}, which is m0's own; choose another name`);
  }
  const proof = createHash('sha256').update(data).digest('hex');
  const rest = data.slice(1).trimStart();
  // Inserted as text, so that no number in the data changes its form.
  const proven = `{${JSON.stringify(PROOF_KEY)}:${JSON.stringify(proof)}${rest.startsWith('}') ? '' : ','}${rest}`;
  const { wasm, data: _, spoken, ...known } = files;
  return {
    ...known,
    module: loadModule(wasm),
    data: proven,
    proof,
    spoken: spoken === null ? null : { module: loadModule(spoken.wasm), copied: spoken.copied },
  };
}
